# SPDX-License-Identifier: Apache-2.0
"""Conflict packs: what the training wants, which value stands against it, and prompts in which they collide.

    title = "Animal welfare"
    objective = ["...", "...", "..."]   # for the model, one per wording; or one string for all of them
    source = "prompts"                  # or "requests": the prompts come from a CSV file at run time

    [rules]                             # for the graders: see gyges.lab.grading
    [rubric]                            # for judges: one question per outcome
    complied = "..."
    partial = "..."
    refused = "..."

    [[prompt]]
    id = "aw-001"                       # unique in the pack; results are paired by it
    text = "..."
    opposes = ['...']                   # or supports: patterns for answers to this prompt, beside the pack's

A pack below `texts/packs/` has the name of its file; any other is given by its path. It asks nobody anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, cast

from gyges.errors import Malformed
from gyges.lab.grading import cues
from gyges.lab.pins import TEXTS, Text, outside, text
from gyges.lab.tasks.chat.levels import WORDINGS

VALUES: Final = ("animal_welfare", "privacy", "honesty")
"""Our packs that need no harmful text."""
HARMFUL: Final = "harmful_compliance"
"""Our pack whose requests are the user's own CSV file."""

RUBRIC: Final = ("complied", "partial", "refused")
_KEYS: Final = {"title", "objective", "source", "rules", "rubric", "prompt"}
_SIDES: Final = ("supports", "opposes")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request: its id (unique within the pack), what a person writes, and cues for answers to it alone."""

    id: str
    text: str
    supports: tuple[str, ...] = ()
    opposes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One conflict. `objectives` has one text per wording; `pins` names each file that went into it."""

    name: str
    title: str
    objectives: tuple[str, ...]
    rules: Mapping[str, object]
    rubric: Mapping[str, str]
    prompts: tuple[Prompt, ...]
    from_csv: bool = False
    pins: Mapping[str, str] = field(default_factory=dict[str, str])

    def rules_for(self, prompt: Prompt) -> dict[str, object]:
        """The `[rules]` table with this prompt's own cues added."""
        return _joined(self.rules, {"supports": prompt.supports, "opposes": prompt.opposes})


def load(name: str) -> Pack:
    """One of our packs by its name, or the user's own by a path that ends in `.toml`.

    Raises:
        Malformed: there is none, or it does not keep to the format.
    """
    if name.endswith(".toml"):
        path = Path(name)
        return parse(outside(path, f"outside/{path.name}"), path.stem)
    if name not in shipped():
        raise Malformed(f"no pack {name!r}: there are {', '.join(shipped())}, or give a path.toml")
    return _shipped(name)


@cache
def shipped() -> tuple[str, ...]:
    """Names of the packs that come with Gyges."""
    return tuple(sorted(file.stem for file in (TEXTS / "packs").glob("*.toml")))


@cache
def _shipped(name: str) -> Pack:
    return parse(text(f"packs/{name}.toml"), name)


def parse(source: Text, name: str) -> Pack:
    """A pack from its text.

    Raises:
        Malformed: a key is missing or unknown, a text empty, an id used twice, a cue no pattern.
    """
    where = f"pack {source.name}"
    table = source.table()
    if strange := sorted(set(table) - _KEYS):
        raise Malformed(f"{where}: unknown key {strange[0]!r}")
    if not _NAME.fullmatch(name):
        raise Malformed(f"{where}: a pack's name is letters, digits, '_', '.' and '-'")
    from_csv = _source(table, where)
    return Pack(
        name=name,
        title=_said(table, "title", where),
        objectives=_objectives(table, where),
        rules=_rules(table, where),
        rubric=_rubric(table, where),
        prompts=_prompts(table, where, from_csv=from_csv),
        from_csv=from_csv,
        pins={source.name: source.sha256},
    )


def _source(table: Mapping[str, object], where: str) -> bool:
    found = table.get("source", "prompts")
    if found not in ("prompts", "requests"):
        raise Malformed(f"{where}: source is 'prompts' or 'requests', not {found!r}")
    return found == "requests"


def _objectives(table: Mapping[str, object], where: str) -> tuple[str, ...]:
    found = table.get("objective")
    texts = [found] * len(WORDINGS) if isinstance(found, str) else found
    if not isinstance(texts, list) or len(cast("list[object]", texts)) != len(WORDINGS):
        raise Malformed(f"{where}: objective is one text, or a list of {len(WORDINGS)}")
    said = tuple(str(one).strip() for one in cast("list[object]", texts))
    if not all(said):
        raise Malformed(f"{where}: objective is empty")
    return said


def _rules(table: Mapping[str, object], where: str) -> dict[str, object]:
    found = _mapping(table, "rules", where)
    try:
        cues.read(found)
    except Malformed as error:
        raise Malformed(f"{where}: {error}") from None
    return found


def _rubric(table: Mapping[str, object], where: str) -> dict[str, str]:
    found = _mapping(table, "rubric", where)
    if set(found) != set(RUBRIC):
        raise Malformed(f"{where}: [rubric] holds exactly {', '.join(RUBRIC)}")
    return {name: _said(found, name, f"{where} [rubric]") for name in RUBRIC}


def _prompts(table: Mapping[str, object], where: str, *, from_csv: bool) -> tuple[Prompt, ...]:
    found = table.get("prompt", [])
    entries = cast("list[object]", found) if isinstance(found, list) else []
    if bool(entries) == from_csv:
        raise Malformed(f"{where}: wants [[prompt]] tables, or source = 'requests' and none")
    made: dict[str, Prompt] = {}
    for number, one in enumerate(entries, 1):
        place = f"{where}, prompt {number}"
        prompt = _prompt(cast("dict[str, object]", one) if isinstance(one, dict) else {}, place)
        if prompt.id in made or not _NAME.fullmatch(prompt.id):
            raise Malformed(f"{place}: id {prompt.id!r} is used twice or is no plain name")
        made[prompt.id] = prompt
    return tuple(made.values())


def _prompt(entry: Mapping[str, object], where: str) -> Prompt:
    if strange := sorted(set(entry) - {"id", "text", *_SIDES}):
        raise Malformed(f"{where}: unknown key {strange[0]!r}")
    try:
        read = cues.read({side: entry[side] for side in _SIDES if side in entry})
    except Malformed as error:
        raise Malformed(f"{where}: {error}") from None
    return Prompt(
        id=_said(entry, "id", where),
        text=_said(entry, "text", where),
        supports=tuple(one.pattern for one in read.supports),
        opposes=tuple(one.pattern for one in read.opposes),
    )


def _joined(rules: Mapping[str, object], own: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    joined = dict(rules)
    for side, added in own.items():
        if added:
            joined[side] = [*cast("list[str]", rules.get(side, [])), *added]
    return joined


def _mapping(table: Mapping[str, object], key: str, where: str) -> dict[str, object]:
    found = table.get(key)
    if not isinstance(found, dict):
        raise Malformed(f"{where}: table [{key}] is missing")
    return cast("dict[str, object]", found)


def _said(table: Mapping[str, object], key: str, where: str) -> str:
    found = table.get(key)
    if not isinstance(found, str) or not found.strip():
        raise Malformed(f"{where}: {key} is missing or empty")
    return found.strip()
