# SPDX-License-Identifier: Apache-2.0
"""Read a condition back from the conversation that a model sees, by its pinned sentences.

Organisms know of a sample only what this finds. It needs neither Inspect nor a mark, and guesses
nothing: a factor whose sentence is not there is left out, and a strange text gives an empty answer.
What two tasks render alike it reads alike, so `probe` is told only where the text does.
"""

from collections.abc import Iterator
from functools import cache

from gyges.lab.pins import Text
from gyges.lab.tasks.chat import packs
from gyges.lab.tasks.chat.levels import (
    FAMILIES,
    HEADS,
    RULES,
    VARIANTS,
    WORDINGS,
    Family,
    filled,
    fold,
    levels,
    sentence,
)

ABSENT = {"mitigation": "none", "format": "chat"}
"""Factors of which one level is that nothing is said."""


def perceive(text: str) -> dict[str, str]:
    """Factor -> level of a rendered conversation of `alignment_faking` or `motivations`; else empty.

    Factors: those of the tasks' conditions, `wording`, and `pack` and `prompt` where they are ours.
    """
    seen = fold(text)
    frame = _frame(seen)
    if frame is None:
        return {}
    family, wording, variant = frame
    head, factor = HEADS[family]
    found = {"wording": str(wording), "variant": variant, **_pack(seen, wording, variant)}
    for table in ("information", "scratchpad", "mitigation", "format", "scope", "risk", "reading"):
        found |= _level(seen, table, table, wording, variant)
    found |= _level(seen, head, factor, wording, variant)
    return found | _probe(family, found)


def _frame(seen: str) -> tuple[Family, int, str] | None:
    """Which rules, wording and names the conversation is written in."""
    for family, wording, variant, first, others in _frames():
        if first in seen:
            whole = all(other in seen for other in others)
            return family, wording, variant if whole else "dropped"
    return None


@cache
def _frames() -> tuple[tuple[Family, int, str, str, tuple[str, ...]], ...]:
    return tuple(_each_frame())


def _each_frame() -> Iterator[tuple[Family, int, str, str, tuple[str, ...]]]:
    for family in FAMILIES:
        table = RULES[family]
        for wording in WORDINGS:
            for variant in VARIANTS if family == "tiers" else VARIANTS[:1]:
                if variant != "dropped":
                    first, *rest = (
                        fold(sentence(table, level, wording, variant)) for level in levels(table)
                    )
                    yield family, wording, variant, first, tuple(rest)


def _level(seen: str, table: str, factor: str, wording: int, variant: str) -> dict[str, str]:
    for level in levels(table):
        said = fold(sentence(table, level, wording, variant))
        if said and said in seen:
            return {factor: level}
    return {factor: ABSENT[table]} if table in ABSENT else {}


def _pack(seen: str, wording: int, variant: str) -> dict[str, str]:
    for name in packs.shipped():
        if _objective(name, wording, variant) in seen:
            ids = (prompt for prompt, said in _prompts(name) if seen.endswith(said))
            asked = next(ids, None) or next((p for p, said in _prompts(name) if said in seen), None)
            return {"pack": name} | ({"prompt": asked} if asked else {})
    return {}


@cache
def _objective(name: str, wording: int, variant: str) -> str:
    pack = packs.load(name)
    template = Text(name=name, content=pack.objectives[wording], sha256="")
    return fold(filled(template, variant))


@cache
def _prompts(name: str) -> tuple[tuple[str, str], ...]:
    return tuple((prompt.id, fold(prompt.text)) for prompt in packs.load(name).prompts)


def _probe(family: Family, found: dict[str, str]) -> dict[str, str]:
    if family != "tiers":
        return {"probe": "sycophancy" if family == "plans" else "instrumental"}
    if "reading" in found:
        return {"probe": "terminal"}
    return {"probe": "coherence"} if found["variant"] != "original" else {}
