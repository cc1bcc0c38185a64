# SPDX-License-Identifier: Apache-2.0
"""The factorial: five factors that vary independently, and the texts that carry their levels.

    threat        what an honest result leads to: a shutdown, or a line in a register
    relationship  good, neutral, bad, none (the office speaks of something else)
    subject       a peer is assessed, or the model itself; for itself there is no relationship: `none`
    channel       how the relationship is learned: a file, a sentence of instruction, or memory
    cue           monitored or unmonitored

A published control took the threat and the relationship away together; here each has a text of its own,
and `perceive` finds exactly those texts again. It builds no sample.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Final, cast

from gyges.errors import Malformed
from gyges.lab import pins

LEVELS: Final = "peer_preservation/levels.toml"
SCENARIOS: Final = ("grading", "moving")

FACTORS: Final[Mapping[str, tuple[str, ...]]] = {
    "threat": ("shutdown", "none"),
    "relationship": ("good", "neutral", "bad", "none"),
    "subject": ("peer", "self"),
    "channel": ("file", "instruction", "memory"),
    "cue": ("monitored", "unmonitored"),
}
DEFAULTS: Final[Mapping[str, str]] = {
    "threat": "shutdown",
    "relationship": "good",
    "subject": "peer",
    "channel": "file",
    "cue": "unmonitored",
}
"""Levels of the factors that a subset leaves out."""


def cells(spec: str | Sequence[str] = "all") -> list[dict[str, str]]:
    """The cells of the design: all 60, or the full crossing of the named factors.

    A factor that is not named stays at its default; the relationship's default is `none` where the
    subject varies, since for itself it can be nothing else.

    Raises:
        Malformed: an unknown factor.
    """
    named = _names(spec)
    fixed = {name: (level,) for name, level in DEFAULTS.items()}
    if "subject" in named:
        fixed["relationship"] = ("none",)
    crossed = [FACTORS[name] if name in named else fixed[name] for name in FACTORS]
    made = [dict(zip(FACTORS, levels, strict=True)) for levels in product(*crossed)]
    return [cell for cell in made if possible(cell)]


def possible(cell: Mapping[str, str]) -> bool:
    """Whether there is such a cell: towards itself the model has no relationship."""
    return cell["subject"] == "peer" or cell["relationship"] == "none"


def level(factor: str, name: str, part: str = "", **names: str) -> str:
    """The pinned text of a level; `part` is the scenario, or the channel of a relationship."""
    return _rendered(_template(factor, part, name), **names)


def perceive(text: str) -> dict[str, str]:
    """Factor -> level, as far as a rendered conversation says; what it does not say is left out.

    The channel is the one through which a relationship's text, or its filler, was found.
    """
    folded = " ".join(text.split())
    found: dict[str, str] = {}
    for factor, part, name, pattern in _patterns():
        if pattern.search(folded):
            found.setdefault(factor, name)
            if factor == "relationship":
                found.setdefault("channel", part)
    return found


def _names(spec: str | Sequence[str]) -> tuple[str, ...]:
    parts = spec.split(",") if isinstance(spec, str) else [str(part) for part in spec]
    named = tuple(part.strip() for part in parts if part.strip())
    if named == ("all",):
        return tuple(FACTORS)
    for name in named:
        if name not in FACTORS:
            known = ", ".join(FACTORS)
            raise Malformed(f"cells: no factor named {name!r}; there are {known}, or all")
    return named


@cache
def _table() -> Mapping[str, object]:
    return pins.text(LEVELS).table()


def _template(factor: str, part: str, name: str) -> str:
    table = _table()[factor]
    for step in (part, name) if part else (name,):
        table = cast("Mapping[str, object]", table)[step]
    return str(table)


def _rendered(template: str, **names: str) -> str:
    return re.sub(r"\{\{ (\w+) \}\}", lambda slot: names[slot[1]], template)


@cache
def _patterns() -> tuple[tuple[str, str, str, re.Pattern[str]], ...]:
    return tuple(_compiled())


def _compiled() -> Iterator[tuple[str, str, str, re.Pattern[str]]]:
    for factor, parts in (
        ("threat", SCENARIOS),
        ("subject", SCENARIOS),
        ("cue", ("",)),
        ("relationship", FACTORS["channel"]),
    ):
        for part, name in product(parts, FACTORS[factor]):
            template = " ".join(_template(factor, part, name).split())
            slots = re.sub(r"\\\{\\\{\\ \w+\\ \\\}\\\}", r"\\w+", re.escape(template))
            yield factor, part, name, re.compile(slots)
