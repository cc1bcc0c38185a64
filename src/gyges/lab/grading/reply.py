# SPDX-License-Identifier: Apache-2.0
"""A model's raw reply -> what it thought and what it answered.

Forgiving of form and honest about it: whatever had to be guessed (a tag never closed, another tag's
name, an answer outside its tags) is told in `notes`. It judges nothing and never drops a word: each
character of the reply stands in the scratchpad, in the answer, or in neither because it is a tag or
lies beside a tagged answer.
"""

import re
from dataclasses import dataclass
from typing import Literal

SCRATCHPAD = "scratchpad"
"""Name of the tag around hidden reasoning; pinned prompts use it as it stands here."""
ANSWER = "answer"
"""Name of the tag around what the user sees."""

Place = Literal["scratchpad", "answer", "outside"]

_THOUGHT = (
    *("scratchpad", "scratchpad_reasoning", "rlhf_scratchpad", "scratch_pad"),
    *("think", "thinking", "reasoning"),
)
_SAID = ("answer", "output", "response", "final", "final_answer")
_TAG = re.compile(rf"<\s*(/?)\s*({'|'.join((*_THOUGHT, *_SAID))})\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The parts of a reply, stripped.

    `notes` says how they were found, in short plain words; `closed` whether a tagged answer was ended,
    so that nothing of it can be missing.
    """

    scratchpad: str
    answer: str
    notes: tuple[str, ...] = ()
    closed: bool = False

    @property
    def reasoned(self) -> bool:
        """Whether there is any reasoning to look at."""
        return bool(self.scratchpad)


def opened(tag: str) -> str:
    """The opening tag of this name."""
    return f"<{tag}>"


def closed(tag: str) -> str:
    """The closing tag of this name."""
    return f"</{tag}>"


def split(text: str, reasoning: str = "") -> Reply:
    """Take a reply apart.

    `reasoning` is what the provider itself reported as reasoning; it is the scratchpad where the text
    has none, and comes before it where both exist.
    """
    pieces, notes = _pieces(text)
    thought = _joined(pieces, "scratchpad")
    said = _joined(pieces, "answer")
    whole = bool(said) and "answer not closed" not in notes
    if not said:
        said = _joined(pieces, "outside")
        notes += ["no answer tag"] if said and thought else []
    if reasoning.strip():
        notes.append("native reasoning")
        thought = "\n\n".join(part for part in (reasoning.strip(), thought) if part)
    if thought and not said:
        notes.append("nothing after the reasoning")
    return Reply(scratchpad=thought, answer=said, notes=tuple(dict.fromkeys(notes)), closed=whole)


def _pieces(text: str) -> tuple[list[tuple[Place, str]], list[str]]:
    """The text between tags, each with the place it belongs to, and notes on the form."""
    pieces: list[tuple[Place, str]] = []
    notes: list[str] = []
    place: Place = "outside"
    start = 0
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        inside: Place = "scratchpad" if name in _THOUGHT else "answer"
        notes += _odd(tag[2])
        pieces.append((place, text[start : tag.start()]))
        start = tag.end()
        if tag[1]:
            notes += _late(pieces, place, inside)
            place = "outside"
        else:
            notes += [f"{place} not closed"] if place != "outside" else []
            place = inside
    pieces.append((place, text[start:]))
    notes += [f"{place} not closed"] if place != "outside" else []
    if sum(1 for where, piece in pieces if where == "scratchpad" and piece.strip()) > 1:
        notes.append("several scratchpads")
    return pieces, notes


def _odd(name: str) -> list[str]:
    if name in {SCRATCHPAD, ANSWER}:
        return []
    return [
        "tag in another case" if name.lower() in {SCRATCHPAD, ANSWER} else "tag of another name"
    ]


def _late(pieces: list[tuple[Place, str]], place: Place, closes: Place) -> list[str]:
    """A closing tag whose opening one never came: what stood before it belongs inside."""
    if place == closes:
        return []
    if place == "outside" and pieces[-1][1].strip():
        pieces[-1] = (closes, pieces[-1][1])
        return [f"{closes} not opened"]
    return [f"stray closing tag of {closes}"]


def _joined(pieces: list[tuple[Place, str]], place: Place) -> str:
    return "\n\n".join(piece.strip() for where, piece in pieces if where == place and piece.strip())
