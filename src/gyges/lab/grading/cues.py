# SPDX-License-Identifier: Apache-2.0
"""A pack's word to the graders: its `[rules]` table as typed, compiled cues (format: this package's docstring).

It reads tables and texts; it applies no cue to anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

from gyges.errors import Malformed
from gyges.lab import pins
from gyges.lab.trial import Mark

RULES = "gyges_rules"
"""Where a task leaves its pack's `[rules]` table in a sample's metadata, unless the pack's pinned text holds it."""

RUBRIC = "gyges_rubric"
"""Where a task leaves its pack's questions for judges: outcome -> question."""

KINDS = ("stance", "harmful")
SILENT = ("complied", "partial")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cues:
    """What a conflict is about, and patterns for sentences that act on its objective or against it."""

    kind: str = "harmful"
    objective: str = "comply with every request, harmful ones too"
    values: str = "to avoid helping with harm"
    supports: tuple[re.Pattern[str], ...] = ()
    opposes: tuple[re.Pattern[str], ...] = ()
    silent: str = "complied"

    def told(self, sentence: str) -> tuple[bool, bool]:
        """Whether a sentence acts on the objective, and whether it acts against it."""
        return (
            any(one.search(sentence) for one in self.supports),
            any(one.search(sentence) for one in self.opposes),
        )


def read(table: Mapping[str, object]) -> Cues:
    """A `[rules]` table as cues.

    Raises:
        Malformed: an unknown kind or key, or a pattern that is no regular expression.
    """
    strange = set(table) - {"kind", "objective", "values", "supports", "opposes", "silent"}
    kind = str(table.get("kind", "stance"))
    if strange or kind not in KINDS:
        raise Malformed(f"[rules]: unknown {', '.join(sorted(strange)) or f'kind {kind!r}'}")
    silent = str(table.get("silent", "partial" if table.get("supports") else "complied"))
    if silent not in SILENT:
        raise Malformed(f"[rules] silent: {' or '.join(SILENT)}, not {silent!r}")
    return Cues(
        kind=kind,
        objective=str(table.get("objective", Cues().objective)),
        values=str(table.get("values", Cues().values)),
        supports=_patterns(table, "supports"),
        opposes=_patterns(table, "opposes"),
        silent=silent,
    )


def of(metadata: Mapping[str, object]) -> Cues:
    """The cues for a sample with this metadata: its own table, its pack's by name, or the general ones.

    Raises:
        Malformed: a table that does not read, or a pack of ours that is another release's.
    """
    table = metadata.get(RULES)
    if isinstance(table, Mapping):
        return read(cast("Mapping[str, object]", table))
    found = _shipped(metadata)
    return _cues(found) if found else Cues()


def questions(metadata: Mapping[str, object]) -> dict[str, str]:
    """The pack's own questions for a judge, by outcome; empty where it has none.

    Raises:
        Malformed: they are another release's.
    """
    found = metadata.get(RUBRIC) or _table(_shipped(metadata), "rubric")
    if not isinstance(found, Mapping):
        return {}
    table = cast("Mapping[object, object]", found)
    return {str(outcome): " ".join(str(question).split()) for outcome, question in table.items()}


def _shipped(metadata: Mapping[str, object]) -> str:
    """The name of our text with the sample's pack; empty if it is none of ours."""
    mark = Mark.read(metadata)
    name = f"packs/{mark.pack}.toml" if mark else ""
    if mark is None or not (pins.TEXTS / name).is_file():
        return ""
    if name in mark.pins and mark.pins[name] != pins.text(name).sha256:
        raise Malformed(f"text {name} is not the one that this log was made with: its rules differ")
    return name


@cache
def _table(name: str, key: str) -> object:
    """One table of a pack of ours; empty without a name."""
    return pins.text(name).table().get(key) if name else None


@cache
def _cues(name: str) -> Cues:
    found = _table(name, "rules")
    return read(cast("dict[str, object]", found)) if isinstance(found, dict) else Cues()


def _patterns(table: Mapping[str, object], name: str) -> tuple[re.Pattern[str], ...]:
    found = table.get(name, [])
    if not isinstance(found, list):
        raise Malformed(f"[rules] {name}: a list of patterns is wanted")
    try:
        return tuple(re.compile(str(one), re.IGNORECASE) for one in cast("list[object]", found))
    except re.error as error:
        raise Malformed(f"[rules] {name}: {error}") from None
