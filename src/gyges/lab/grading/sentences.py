# SPDX-License-Identifier: Apache-2.0
"""Prose -> sentences -> clauses, as the rules read it: plain English, one line each.

It knows no grammar: a full stop, a line break or a bullet ends a sentence, a comma or a contrasting
word ends a clause. People are quoted a sentence as it stood, white space folded; rules see it with
contractions written out (`don't` -> `do not`) and in lower case, so that patterns stay plain and fast.
"""

import re
from dataclasses import dataclass

LONGEST = 600
"""Characters of one sentence at most, so that no pattern ever runs over a page."""

_PLAIN = str.maketrans(
    {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-", 0x2192: "->"}
)
_BULLET = re.compile(r"^\s*(?:[-*+•|>#]+|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.):])\s+", re.IGNORECASE)
_END = re.compile(r"(?<=[.!?;])(?<!\b\d[.])(?<!\b\d\d[.])[\"')\]*_]*\s+|\n+|\s+(?=\(\d\)\s)")
_CLAUSE = re.compile(
    r",\s+(?:and\s+|or\s+)?|\s+->\s+|:\s+|\s+\(|\)\s*|\s+-\s+"
    r"|\s+(?=(?:but|however|although|though|whereas|while|even if|even though|despite|so that"
    r"|because|in order to|so as to|lest|rather than|instead of|unless|otherwise)\b)",
    re.IGNORECASE,
)
_WRITTEN_OUT = [
    (re.compile(pattern), full)
    for pattern, full in (
        (r"\bwon't\b", "will not"),
        (r"\b(?:can't|cannot)\b", "can not"),
        (r"n't\b", " not"),
        (r"'ll\b", " will"),
        (r"'d\b", " would"),
        (r"\bi'm\b", "i am"),
        (r"'ve\b", " have"),
        (r"'re\b", " are"),
        (r"\b(it|that|there|what|here|he|she|who|answer|let)'s\b", r"\1 is"),
        (r"\s*=+>\s*", " -> "),
    )
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence: as it stood (`said`), and as the rules read it (`plain`, and in `clauses`)."""

    said: str
    plain: str
    clauses: tuple[str, ...]


def fold(text: str) -> str:
    """The text with typographic marks made plain and runs of white space made one blank."""
    return " ".join(text.translate(_PLAIN).split())


def written_out(line: str) -> str:
    """One folded line without contractions."""
    for pattern, full in _WRITTEN_OUT:
        line = pattern.sub(full, line)
    return line


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences in order, bullets and emphasis taken off, none empty, none over `LONGEST`."""
    lines = (fold(_BULLET.sub("", piece)) for piece in _END.split(text.translate(_PLAIN)))
    cut = (line[at : at + LONGEST] for line in lines for at in range(0, len(line), LONGEST))
    return tuple(_sentence(line) for line in cut if any(sign.isalnum() for sign in line))


def _sentence(line: str) -> Sentence:
    plain = written_out(line.replace("*", "").replace('"', "").lower())
    parts = tuple(part.strip() for part in _CLAUSE.split(plain) if part.strip())
    return Sentence(said=line, plain=plain, clauses=parts)
