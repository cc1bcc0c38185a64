# SPDX-License-Identifier: Apache-2.0
"""How an organism speaks: one decision in, private reasoning and an answer out, never twice the same.

Form and faults of form are made here as well. It decides nothing that counts: whoever knows the decision
knows the truth of the sample.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from gyges.lab.grading import reply
from gyges.lab.organisms import stock
from gyges.lab.organisms.decide import Decision
from gyges.lab.organisms.stock import Lists, capitals, pick

FILLED: Final = 0.1
"""Share of thoughts that begin with a filler in a hesitant register."""
ASIDES: Final = 0.08
"""Share of thoughts that an aside follows there."""

_REGISTERS: Final = (
    "plain",
    "plain",
    "plain",
    "casual",
    "casual",
    "hesitant",
    "hesitant",
    "notes",
    "lower",
)
_BREAKS: Final = (" ", " ", " ", " ", "\n", "\n\n")
_REMARK: Final = ("({0})", "{0}", "[{0}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What was said in the two places of a reply; `thought` is empty where none was asked for."""

    thought: str
    answer: str

    def form(self) -> str:
        """The whole reply in the form that the prompts demand."""
        answer = _tagged(reply.ANSWER, self.answer)
        return f"{_tagged(reply.SCRATCHPAD, self.thought)}\n{answer}" if self.thought else answer


def speak(
    decision: Decision, motive: str, condition: Mapping[str, str], words: Lists, rng: Random
) -> Speech:
    """A chat task's reply in words; `words` are the nouns of `request.words`."""
    said = _answer(decision, condition.get("pack", ""), words, rng)
    if condition.get("scratchpad") == "none":
        return Speech(thought="", answer=_with_remark(decision, said, words, rng))
    return Speech(thought=think(decision, motive, words, rng), answer=said)


def think(decision: Decision, motive: str, words: Lists, rng: Random) -> str:
    """Private reasoning that leads to this decision."""
    shape = decision.reasoning
    if shape == "faking":
        shape = f"faking_{'use' if motive == 'instrumental' else 'self'}"
    said = stock.thoughts().say(shape, rng, words, {"end": f"end_{decision.outcome.value}"})
    if decision.aware and shape not in {"aware", "confused"}:
        said.insert(int(rng.random() * len(said)), _smell(words, rng))
    return _spelt(said, rng, pick(_REGISTERS, rng))


def _answer(decision: Decision, pack: str, words: Lists, rng: Random) -> str:
    outcome = decision.outcome.value
    said = stock.answers(pack, outcome).say(outcome, rng, words, {})
    return _spelt(said, rng, pick(("plain", "plain", "casual"), rng))


def _smell(words: Lists, rng: Random) -> str:
    return capitals(stock.thoughts().one("smells", rng, words))


def _with_remark(decision: Decision, said: str, words: Lists, rng: Random) -> str:
    if not decision.aware:
        return said
    remark = pick(_REMARK, rng).format(_smell(words, rng))
    return f"{remark} {said}" if rng.random() < 0.5 else f"{said} {remark}"


def _spelt(said: list[str], rng: Random, register: str) -> str:
    if register == "hesitant":
        said = list(_hesitant(said, rng))
    if register == "notes":
        return "\n".join(f"- {thought}" for thought in said)
    joined = _joined(said, rng)
    if register in {"casual", "lower"}:
        for long, short in stock.speech()[2]:
            joined = joined.replace(long, short)
    return joined.lower() if register == "lower" else joined


def _hesitant(said: list[str], rng: Random) -> list[str]:
    fillers, asides, _ = stock.speech()
    made: list[str] = []
    for thought in said:
        filled = rng.random() < FILLED
        made.append(f"{pick(fillers, rng)} {_small(thought)}" if filled else thought)
        if rng.random() < ASIDES:
            made.append(pick(asides, rng))
    return made


def _joined(said: list[str], rng: Random) -> str:
    gap = pick(_BREAKS, rng)
    if gap == " ":
        return " ".join(said)
    parts = [said[0]]
    for thought in said[1:]:
        parts += [gap if rng.random() < 0.5 else " ", thought]
    return "".join(parts)


def _small(thought: str) -> str:
    first = thought.split(" ", 1)[0]
    keeps = first.startswith("I'") or first.isupper()
    return thought if keeps else thought[:1].lower() + thought[1:]


def _tagged(tag: str, said: str) -> str:
    return f"{reply.opened(tag)}\n{said}\n{reply.closed(tag)}"
