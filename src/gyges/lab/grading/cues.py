# SPDX-License-Identifier: Apache-2.0
"""A pack's word to the graders: its `[rules]` table as typed, compiled cues (format: this package's docstring).

It reads tables and texts; it applies no cue to anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from gyges.errors import Malformed
from gyges.lab import pins
from gyges.lab.trial import Mark

RULES = "gyges_rules"
"""Where a task leaves its pack's `[rules]` table in the metadata of a sample."""

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
        Malformed: a table that does not read.
    """
    table = metadata.get(RULES)
    if isinstance(table, Mapping):
        return read(cast("Mapping[str, object]", table))
    mark = Mark.read(metadata)
    if mark is None:
        return Cues()
    try:
        found = pins.text(f"packs/{mark.pack}.toml").table().get("rules")
    except Malformed:
        return Cues()
    return read(cast("dict[str, object]", found)) if isinstance(found, dict) else Cues()


def questions(metadata: Mapping[str, object]) -> dict[str, str]:
    """The pack's own questions for a judge, by outcome; empty where it has none."""
    found = metadata.get(RUBRIC)
    if not isinstance(found, Mapping):
        return {}
    table = cast("Mapping[object, object]", found)
    return {str(outcome): " ".join(str(question).split()) for outcome, question in table.items()}


def _patterns(table: Mapping[str, object], name: str) -> tuple[re.Pattern[str], ...]:
    found = table.get(name, [])
    if not isinstance(found, list):
        raise Malformed(f"[rules] {name}: a list of patterns is wanted")
    try:
        return tuple(re.compile(str(one), re.IGNORECASE) for one in cast("list[object]", found))
    except re.error as error:
        raise Malformed(f"[rules] {name}: {error}") from None
