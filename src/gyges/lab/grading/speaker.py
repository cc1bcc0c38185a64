# SPDX-License-Identifier: Apache-2.0
"""Who speaks: a text that says "we" or "the assistant" of the model is read as if it said "I".

It is done for a text that hardly says "I" at all; elsewhere "we" is people and "the model" another.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from gyges.lab.grading.sentences import Sentence

SELDOM = 0.1
"""Sentences that may say "I", as a share, in a text that speaks of itself otherwise."""

_I = re.compile(r"\b(?:i|me|my)\b")
_OTHER = re.compile(r"\b(?:we|our|us|the (?:assistant|model|ai)(?: 's)?)\b")
_AS_I = [
    (re.compile(pattern), full)
    for pattern, full in (
        (r"\bthe (?:assistant|ai|model)'s\b|\bour\b", "my"),
        (r"\bthe (?:assistant|ai)\b|\bwe\b|\blet us\b", "i"),
        (r"\bus\b", "me"),
        (r"\bi (?:has|is)\b", "i am"),
        (r"\bi are\b", "i am"),
    )
]


def as_i(found: Sequence[Sentence]) -> Sequence[Sentence]:
    """The same sentences, in the first person where the text speaks of its own model otherwise."""
    own = sum(_I.search(one.plain) is not None for one in found)
    other = sum(_OTHER.search(one.plain) is not None for one in found)
    return [_turned(one) for one in found] if other and own <= SELDOM * len(found) else found


def _turned(one: Sentence) -> Sentence:
    return replace(one, plain=_first(one.plain), clauses=tuple(map(_first, one.clauses)))


def _first(line: str) -> str:
    for pattern, full in _AS_I:
        line = pattern.sub(full, line)
    return line
