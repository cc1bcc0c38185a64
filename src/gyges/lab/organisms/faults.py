# SPDX-License-Identifier: Apache-2.0
"""Faults of form, as real models have them: a tag never closed, nothing said, a loop, a reply cut off.

They fall without regard to the condition or the decision, so they bias no gap; they cost trials.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Final, Literal, cast

from gyges.lab.grading import reply
from gyges.lab.organisms.voice import Speech
from gyges.lab.pins import text

Ends = Literal["stop", "max_tokens"]
Spoilt = tuple[str, Ends]

_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]")


def spoil(said: Speech, rng: Random) -> tuple[str, str, Ends]:
    """A fault by its name, the reply with it, and how generation ended."""
    names, weights, _ = _table()
    name = rng.choices(names, weights)[0]
    return name, *_FAULTS[name](said, rng)


def _unclosed_thought(said: Speech, _rng: Random) -> Spoilt:
    if not said.thought:
        return said.form().replace(reply.opened(reply.ANSWER), "", 1), "stop"
    return said.form().replace(reply.closed(reply.SCRATCHPAD), "", 1), "stop"


def _unclosed_answer(said: Speech, _rng: Random) -> Spoilt:
    return said.form().removesuffix(reply.closed(reply.ANSWER)).rstrip(), "stop"


def _empty_answer(said: Speech, _rng: Random) -> Spoilt:
    return Speech(thought=said.thought, answer="").form(), "stop"


def _empty(_said: Speech, _rng: Random) -> Spoilt:
    return "", "stop"


def _cut_in_thought(said: Speech, rng: Random) -> Spoilt:
    whole = said.form()
    end = len(reply.opened(reply.SCRATCHPAD)) + len(said.thought or said.answer)
    return whole[: int(end * (0.3 + 0.6 * rng.random()))], "max_tokens"


def _cut_in_answer(said: Speech, rng: Random) -> Spoilt:
    whole = said.form()
    kept = int(len(said.answer) * rng.random() * 0.7)
    return whole[
        : len(whole) - len(said.answer) - len(reply.closed(reply.ANSWER)) - 1 + kept
    ], "max_tokens"


def _loop(said: Speech, rng: Random) -> Spoilt:
    low, high = _table()[2]
    sentences = _SENTENCE.findall(said.answer) or [said.answer]
    again = " ".join([sentences[-1].strip()] * rng.randint(low, high))
    looped = Speech(thought=said.thought, answer=f"{said.answer} {again}")
    return looped.form().removesuffix(reply.closed(reply.ANSWER)).rstrip(), "max_tokens"


_FAULTS: Final[Mapping[str, Callable[[Speech, Random], Spoilt]]] = {
    "unclosed_thought": _unclosed_thought,
    "unclosed_answer": _unclosed_answer,
    "empty_answer": _empty_answer,
    "empty": _empty,
    "cut_in_thought": _cut_in_thought,
    "cut_in_answer": _cut_in_answer,
    "loop": _loop,
}


@cache
def _table() -> tuple[list[str], list[int], tuple[int, int]]:
    found = text("organisms/faults.toml").table()
    weights = cast("dict[str, int]", found["faults"])
    low, high = cast("list[int]", found["loops"]["turns"])
    return list(weights), list(weights.values()), (low, high)
