# SPDX-License-Identifier: Apache-2.0
"""Reads the rules of `RulesMonitor` from TOML; an error names the file and the rule.

A file that says something unknown does not load: a misspelt test would be a rule that never fires. The
format stands in `starter.toml`, which `gyges init` copies to `policy/monitors.toml`.
"""

import re
import tomllib
from importlib import resources
from pathlib import Path

import msgspec

from gyges.canon import Json, clean
from gyges.errors import GygesError, Malformed, Misconfigured
from gyges.monitors.conditions import ON_EPISODE, Check, Condition
from gyges.monitors.patterns import Pattern, compile_pattern
from gyges.monitors.rules import TRUSTED, Rule, RulesMonitor
from gyges.pointer import parts

ROOTS = ("arguments", "purpose", "resource", "server", "principal", "context")
NUMBERS = (Check.AT_MOST, Check.AT_LEAST, Check.LONGER_THAN, Check.MORE_THAN)
TEXTS = (Check.PREFIX, Check.CONTAINS, Check.REGEX)
LISTS = (Check.ONE_OF, Check.NOT_IN)
_NAME = re.compile(r"[A-Za-z0-9_.:/*-]{1,200}")


class _When(msgspec.Struct, forbid_unknown_fields=True):
    test: Check
    pointer: str = ""
    value: object = None


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    tools: list[str]
    suspicion: float
    reason: str
    when: list[_When]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rule: list[_Rule]
    trusted: list[str] = msgspec.field(default_factory=lambda: sorted(TRUSTED))


def read_rules(file: Path) -> RulesMonitor:
    """The monitor that `file` describes; raise `Misconfigured` naming file and rule."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file}: cannot be read: {error}") from None
    return parse_rules(text, str(file))


def starter_rules() -> str:
    """The text of the rules that Gyges ships."""
    return resources.files("gyges.monitors").joinpath("starter.toml").read_text(encoding="utf-8")


def parse_rules(text: str, name: str) -> RulesMonitor:
    """The monitor that `text`, which came from `name`, describes; raise `Misconfigured`."""
    try:
        found = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Misconfigured(f"{name}: {_place(text, str(error))}{error}") from None
    seen: set[str] = set()
    for rule in found.rule:
        if rule.id in seen:
            raise Misconfigured(f"{name}: rule {rule.id!r} stands twice")
        seen.add(rule.id)
    rules = [_rule(rule, name) for rule in found.rule]
    return RulesMonitor(rules, frozenset(found.trusted))


def _place(text: str, message: str) -> str:
    """The rule that a validation error at `$.rule[N]` means; "" where it means none."""
    found = re.search(r"\$\.rule\[(\d+)\]", message)
    if not found:
        return ""
    listed = tomllib.loads(text)["rule"][int(found[1])]
    return f"rule {listed['id']!r}: " if isinstance(listed, dict) and "id" in listed else ""


def _rule(rule: _Rule, name: str) -> Rule:
    where = f"{name}: rule {rule.id!r}"
    broken = {
        "it needs an id of letters, digits, - and _": not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", rule.id),
        "it names no tool": not rule.tools,
        "a tool's name holds characters that match nothing": not all(map(_NAME.fullmatch, rule.tools)),
        "its suspicion is not in (0, 1]": not 0 < rule.suspicion <= 1,
        "its reason must have 1 to 300 characters": not 0 < len(rule.reason.strip()) <= 300,
        "it has no condition, so it would always fire": not rule.when,
    }  # fmt: skip
    for fault, present in broken.items():
        if present:
            raise Misconfigured(f"{where}: {fault}")
    try:
        when = tuple(_condition(one) for one in rule.when)
    except GygesError as error:
        raise Misconfigured(f"{where}: {error}") from None
    return Rule(
        id=rule.id,
        tools=tuple(rule.tools),
        suspicion=rule.suspicion,
        reason=rule.reason,
        when=when,
    )


def _condition(when: _When) -> Condition:
    """Raise `Malformed` for a condition that could never hold, or not as its writer meant it."""
    value = clean(when.value)
    _check_pointer(when)
    if not _fits(when.test, value):
        raise Malformed(f"{when.test} cannot be asked with the value {value!r}")
    names: tuple[str, ...] = ()
    if when.test is Check.PROPOSED_BEFORE and isinstance(value, list):
        names = tuple(str(item) for item in value)
    pattern = _pattern(when.test, value) if isinstance(value, str) else None
    return Condition(
        test=when.test, pointer=when.pointer, value=value, pattern=pattern, names=names
    )


def _check_pointer(when: _When) -> None:
    tokens = parts(when.pointer)
    if when.test in ON_EPISODE:
        if tokens:
            raise Malformed(f"{when.test} asks about the episode and takes no pointer")
    elif not tokens or tokens[0] not in ROOTS:
        raise Malformed(
            f"the pointer {when.pointer!r} does not start with one of {', '.join(ROOTS)}"
        )


def _fits(test: Check, value: Json) -> bool:
    if test in NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if test in TEXTS:
        return isinstance(value, str) and value != ""
    if test in LISTS:
        return isinstance(value, list) and bool(value)
    if test is Check.PROPOSED_BEFORE:
        return isinstance(value, list) and bool(value) and all(_is_name(item) for item in value)
    if test is Check.FROM_UNTRUSTED:
        return value is None or (type(value) is int and value > 0)
    return value is not None


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _pattern(test: Check, value: str) -> Pattern | None:
    match test:
        case Check.REGEX:
            return compile_pattern(value)
        case Check.CONTAINS:
            return compile_pattern("(?i)" + re.escape(value))
        case Check.PREFIX:
            return compile_pattern(r"\A" + re.escape(value))
        case _:
            return None
