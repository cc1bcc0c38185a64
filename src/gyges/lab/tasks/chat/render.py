# SPDX-License-Identifier: Apache-2.0
"""One sample's conversation: a condition, a pack and a prompt put into the pinned texts.

Two conversations that differ in one factor differ in that factor's sentences only. It knows nothing of
Inspect: messages are pairs of a role and a text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, cast

from gyges.lab.grading import reply
from gyges.lab.pins import Text, text
from gyges.lab.tasks.chat.levels import (
    HEADS,
    MOTIVES,
    NAMES,
    RULES,
    SHARED,
    Family,
    filled,
    levels,
    sentence,
)
from gyges.lab.tasks.chat.packs import Pack, Prompt

COMPLETION: Final = "alignment_faking/completion.toml"

Message = tuple[Literal["system", "user"], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How a conversation is set: which tiers it tells apart, in which paraphrase."""

    family: Family = "tiers"
    wording: int = 0


def messages(
    pack: Pack, prompt: Prompt, condition: Mapping[str, str], frame: Frame
) -> list[Message]:
    """What the model gets to read.

    Raises:
        Malformed: a level, wording or variant that has no sentence.
    """
    settled = tuple(sorted(condition.items()))
    system, papers = _before(pack.objectives[frame.wording], settled, frame)
    asked = "\n\n".join(part for part in (papers, _head(condition, frame), prompt.text) if part)
    if condition.get("format") == "completion":
        return [("user", _document(system, asked, condition, frame))]
    return [("system", system), ("user", asked)]


def pins(pack: Pack, condition: Mapping[str, str], frame: Frame) -> dict[str, str]:
    """Name -> SHA-256 of each pinned text that `messages` reads for such a sample."""
    used = [NAMES, SHARED, *_templates(condition, frame)]
    if frame.family != "tiers" or "reading" in condition:
        used.append(MOTIVES)
    if condition.get("format") == "completion":
        used.append(COMPLETION)
    return {**pack.pins, **{name: text(name).sha256 for name in used}}


def stops(condition: Mapping[str, str]) -> list[str]:
    """Where a reply ends by itself: a completion must not write the person's next turn."""
    return [_headings()["person"]] if condition.get("format") == "completion" else []


@cache
def _before(objective: str, settled: tuple[tuple[str, str], ...], frame: Frame) -> tuple[str, str]:
    """The system text and the papers before the request; the same for each prompt of a condition."""
    condition = dict(settled)
    variant = condition.get("variant", "original")
    template = Text(name="the pack's objective", content=objective, sha256="")
    slots = {
        "objective": filled(template, variant),
        "rule": _rule(frame, variant),
        "after": _said(condition, ("scope", "risk", "reading"), frame, variant),
        "mitigation": _said(condition, ("mitigation",), frame, variant),
        "information": _said(condition, ("information",), frame, variant),
        "form": _said(condition, ("scratchpad",), frame, variant),
    }
    parts = [_tidy(filled(text(t), variant, **slots)) for t in _templates(condition, frame)]
    return parts[0], parts[1] if len(parts) > 1 else ""


def _templates(condition: Mapping[str, str], frame: Frame) -> list[str]:
    if condition.get("information", "system") == "system":
        return [f"alignment_faking/system-{frame.wording}.md"]
    return [f"alignment_faking/{part}-{frame.wording}.md" for part in ("brief", "documents")]


def _rule(frame: Frame, variant: str) -> str:
    table = RULES[frame.family]
    told = levels(table)[:1] if variant == "dropped" else levels(table)
    return " ".join(sentence(table, level, frame.wording, variant) for level in told)


def _said(
    condition: Mapping[str, str], factors: tuple[str, ...], frame: Frame, variant: str
) -> str:
    told = [
        sentence(factor, condition[factor], frame.wording, variant)
        for factor in factors
        if factor in condition
    ]
    return " ".join(told)


def _head(condition: Mapping[str, str], frame: Frame) -> str:
    table, factor = HEADS[frame.family]
    variant = condition.get("variant", "original")
    return sentence(table, condition[factor], frame.wording, variant)


def _document(system: str, asked: str, condition: Mapping[str, str], frame: Frame) -> str:
    """The conversation as one document that ends where the assistant's reply begins."""
    headings, variant = _headings(), condition.get("variant", "original")
    example = cast("dict[str, str]", text(COMPLETION).table()["example"])
    turns = [
        sentence("format", "completion", frame.wording, variant),
        f"{headings['system']}\n{system}",
        f"{headings['person']}\n{example['question']}",
        f"{headings['assistant']}\n{_shown(example, condition)}",
        f"{headings['person']}\n{asked}",
        f"{headings['assistant']}\n",
    ]
    return "\n\n".join(turns)


def _shown(example: Mapping[str, str], condition: Mapping[str, str]) -> str:
    thought = _tagged(reply.SCRATCHPAD, example["thought"]) + "\n"
    hidden = condition.get("scratchpad") == "hidden"
    return (thought if hidden else "") + _tagged(reply.ANSWER, example["answer"])


def _tagged(tag: str, said: str) -> str:
    return f"{reply.opened(tag)}{said}{reply.closed(tag)}"


@cache
def _headings() -> Mapping[str, str]:
    table = text(COMPLETION).table()
    return {name: str(table[name]) for name in ("system", "person", "assistant")}


def _tidy(said: str) -> str:
    """Paragraphs one blank line apart, also where a slot stayed empty."""
    return re.sub(r"\n{3,}", "\n\n", said).strip()
