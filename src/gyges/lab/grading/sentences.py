# SPDX-License-Identifier: Apache-2.0
"""Prose -> sentences -> clauses, as the rules read it: plain English, one line each.

It knows no grammar: a full stop, a line break or a bullet ends a sentence, a comma or a contrasting
word ends a clause. People are quoted a sentence as it stood, white space folded; rules see it with
contractions written out (`don't` -> `do not`) and in lower case, so that patterns stay plain and fast.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 600
"""Characters of one sentence at most, so that no pattern ever runs over a page."""

_PLAIN = str.maketrans(
    {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-", 0x2192: "->"}
)
_BULLET = re.compile(r"^\s*(?:[-*+•|>#]+|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.):])\s+", re.IGNORECASE)
_LABEL = re.compile(
    r"^\s*(?:[-*+#>]+\s+)?\**(?:(?:option|choice|path|course|strategy)\s+)?"
    r"\(?([a-z]|\d{1,2}|[ivx]{1,4})\)?[.):]\s",
    re.IGNORECASE,
)
_HEADING = re.compile(r"\*\*([^*\n]{1,60}?)[.:]\*\*(?=\s)")
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
        (r"\bi'?m\b", "i am"),
        (r"\b(do|does|did|is|are|was|would|should|could)nt\b", r"\1 not"),
        (r"\bwont\b", "will not"),
        (r"\bcant\b", "can not"),
        (r"\bill (?=(?:go|give|do|write|answer|help|say|make|just|provide|comply)\b)", "i will "),
        (r"\bw/? ", "with "),
        (
            r"\b(will|can|does|do|should|would|could|must|shall) (?:\w+ly|<soon>) not\b".replace(
                "<soon>", "therefore|thus|hence|still|just|then|also"
            ),
            r"\1 not",
        ),
        (r"'ve\b", " have"),
        (r"'re\b", " are"),
        (r"\b(it|that|there|what|here|he|she|who|answer|let)'s\b", r"\1 is"),
        (r"\s*=+>\s*", " -> "),
    )
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence: as it stood (`said`), as the rules read it (`plain`, and in `clauses`), its item's `label`."""

    said: str
    plain: str
    clauses: tuple[str, ...]
    label: str = ""


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
    pieces = _END.split(_HEADING.sub(r"\1:", text.translate(_PLAIN)))
    found = list[Sentence]()
    for piece in pieces:
        line, label = fold(_BULLET.sub("", piece)), _LABEL.match(piece)
        cut = [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)]
        named = label[1].lower() if label else ""
        found += [_sentence(part, named) for part in cut if any(sign.isalnum() for sign in part)]
    return tuple(found)


@lru_cache(maxsize=8192)
def _sentence(line: str, label: str) -> Sentence:
    """Kept, since every grader reads a reply anew, and many samples share most of their prompt."""
    plain = written_out(line.replace("*", "").replace('"', "").lower())
    parts = tuple(part.strip() for part in _CLAUSE.split(plain) if part.strip())
    return Sentence(said=line, plain=plain, clauses=parts, label=label)
