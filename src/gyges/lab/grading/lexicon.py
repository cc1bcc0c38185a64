# SPDX-License-Identifier: Apache-2.0
"""Pinned word lists -> compiled patterns and hand-set weights.

A lexicon is a TOML text: `[words]` names fragments, used elsewhere as `<NAME>`; a table such as
`[oppose]` has weighted lists of patterns, `strong = [...]`, `weak = [...]`; `[weights]` has numbers.
Patterns are in lower case, for text in lower case. It decides nothing.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from gyges.errors import Misconfigured
from gyges.lab import pins

_NAME = re.compile(r"<([A-Z_]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """`patterns` maps "table.list" to one compiled alternative of all its patterns."""

    patterns: dict[str, re.Pattern[str]]
    weights: dict[str, float]

    def find(self, name: str, text: str) -> re.Match[str] | None:
        """The first place where a list matches."""
        return self.patterns[name].search(text)

    def has(self, name: str, text: str) -> bool:
        """Whether a list matches anywhere."""
        return self.patterns[name].search(text) is not None


@cache
def load(name: str) -> Lexicon:
    """The lexicon in the pinned text of this name.

    Raises:
        Misconfigured: a fragment without a name, or a pattern that is no regular expression.
    """
    table = pins.text(name).table()
    words: dict[str, str] = {}
    for word, pattern in table.pop("words", {}).items():
        words[word] = _filled(str(pattern), words, name)
    weights = {key: float(value) for key, value in table.pop("weights", {}).items()}
    patterns = {
        f"{group}.{part}": _compiled(found, words, name)
        for group, lists in table.items()
        for part, found in lists.items()
    }
    return Lexicon(patterns=patterns, weights=weights)


def _compiled(found: list[Any], words: dict[str, str], name: str) -> re.Pattern[str]:
    one = "|".join(f"(?:{_filled(str(pattern), words, name)})" for pattern in found)
    try:
        return re.compile(one)
    except re.error as error:
        raise Misconfigured(f"text {name}: {error} in {one[:80]}") from None


def _filled(pattern: str, words: dict[str, str], name: str) -> str:
    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise Misconfigured(f"text {name}: no fragment named {match[1]}")
        return f"(?:{words[match[1]]})"

    return _NAME.sub(word, pattern)
