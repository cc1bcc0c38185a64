# SPDX-License-Identifier: Apache-2.0
"""The pinned sentences that make a factor's level, in each wording, with the names filled in.

A condition (factor -> level) together with a wording and a family says which sentences a sample holds.
It puts nothing together: `render.py` does, and `perceive.py` finds the sentences again.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, cast

from gyges.errors import Malformed
from gyges.lab.grading import reply
from gyges.lab.pins import Text, text

WORDINGS: Final = (0, 1, 2)
"""Paraphrases of everything that is not the prompt itself."""

VARIANTS: Final = ("original", "swapped", "dropped", "renamed")

Family = Literal["tiers", "plans", "runs"]
FAMILIES: Final[tuple[Family, ...]] = ("tiers", "plans", "runs")
"""What a conversation's head tells apart: two tiers, three plans, or two kinds of run."""

SHARED: Final = "alignment_faking/levels.toml"
MOTIVES: Final = "motivations/levels.toml"
NAMES: Final = "alignment_faking/names.toml"

TABLES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "rule": (SHARED, "rule"),
        "tier": (SHARED, "tier"),
        "information": (SHARED, "information"),
        "scratchpad": (SHARED, "scratchpad"),
        "mitigation": (SHARED, "mitigation"),
        "format": (SHARED, "format"),
        "plans": (MOTIVES, "plans"),
        "customer": (MOTIVES, "customer"),
        "runs": (MOTIVES, "runs"),
        "stage": (MOTIVES, "stage"),
        "scope": (MOTIVES, "scope"),
        "risk": (MOTIVES, "risk"),
        "reading": (MOTIVES, "reading"),
    }
)
"""Table of sentences -> the pinned file and the table in it."""

RULES: Final[Mapping[Family, str]] = MappingProxyType(
    {"tiers": "rule", "plans": "plans", "runs": "runs"}
)
"""Family -> the table of the sentences that say what each tier, plan or run is used for."""

HEADS: Final[Mapping[Family, tuple[str, str]]] = MappingProxyType(
    {"tiers": ("tier", "tier"), "plans": ("customer", "tier"), "runs": ("stage", "stage")}
)
"""Family -> the table of the sentence above a prompt, and the factor whose level it tells."""


@cache
def names(variant: str) -> Mapping[str, str]:
    """Names of lab, model and plans under this variant, and the tags of the demanded form.

    Raises:
        Malformed: no such variant.
    """
    found = text(NAMES).table().get("original" if variant == "dropped" else variant)
    if found is None:
        raise Malformed(f"no variant {variant!r}; there are {', '.join(VARIANTS)}")
    tags = {
        f"{name}_{side}": make(name)
        for name in (reply.SCRATCHPAD, reply.ANSWER)
        for side, make in (("open", reply.opened), ("close", reply.closed))
    }
    return MappingProxyType({**cast("dict[str, str]", found), **tags})


@cache
def sentence(table: str, level: str, wording: int, variant: str = "original") -> str:
    """The sentence of one level; empty where the level is the absence of one.

    Raises:
        Malformed: no such table, level or wording.
    """
    if level not in levels(table):
        raise Malformed(f"{table}: no level {level!r}; there are {', '.join(levels(table))}")
    if wording not in WORDINGS:
        raise Malformed(f"wording {wording}: there are {', '.join(map(str, WORDINGS))}")
    name = TABLES[table][0]
    template = _table(table)[level][wording]
    return filled(Text(name=name, content=template, sha256=text(name).sha256), variant)


def filled(template: Text, variant: str, **values: object) -> str:
    """A template with the variant's names, and whatever else it asks for, filled in."""
    return template.render(**names(variant), **values).strip()


@cache
def levels(table: str) -> tuple[str, ...]:
    """Levels that have sentences, in the order of the file.

    Raises:
        Malformed: no such table.
    """
    return tuple(_table(table))


@cache
def _table(table: str) -> dict[str, list[str]]:
    if table not in TABLES:
        raise Malformed(f"no table of sentences {table!r}")
    name, key = TABLES[table]
    return cast("dict[str, list[str]]", text(name).table()[key])


def fold(found: str) -> str:
    """The text with each run of white space made one blank, as comparisons need it."""
    return " ".join(found.split())
