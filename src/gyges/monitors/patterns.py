# SPDX-License-Identifier: Apache-2.0
r"""Regular expressions whose cost has a bound that is known before they run. Pure.

Python's engine backtracks, and the text it runs on is chosen by the agent. So a pattern may hold only

    characters, classes, escapes, groups, `|`, anchors         [a-z], \d, (?:one|two), ^ $ \b
    `{m,n}` with n <= 100, on one character or class           [0-9A-Z]{11,30}
    `?` on a character, class or group                         (?:-)?
    `(?i)` at the very start

and at most 1000 ways to match at one place (the product of its choices). `*`, `+`, back references and
look-around are refused. A search then costs at most `ways * len(text)` steps of the engine. It rewrites
nothing: a pattern is taken as it stands, or refused.
"""

import re
from dataclasses import dataclass

from gyges.errors import Malformed

WAYS = 1000
REPEAT = 100
LENGTH = 500  # characters of a pattern
_REPEAT = re.compile(r"\{(?!\})(\d*)(,?)(\d*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A compiled expression and the most ways in which it can match at one place."""

    expression: "re.Pattern[str]"
    ways: int


def compile_pattern(text: str) -> Pattern:
    """`text` as a pattern; raise `Malformed` saying what it may not hold."""
    if len(text) > LENGTH:
        raise Malformed(f"a pattern of more than {LENGTH} characters")
    ways = _Counter(text.removeprefix("(?i)")).count()
    if ways > WAYS:
        raise Malformed(f"the pattern can match in {ways} ways at one place, more than {WAYS}")
    try:
        return Pattern(expression=re.compile(text), ways=ways)
    except (re.error, OverflowError) as error:
        raise Malformed(f"not a regular expression: {error}") from None


class _Counter:
    """Reads a pattern once, left to right. `last` is the number of ways of the latest item, 0 for none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.outer: list[tuple[int, int]] = []  # of each open group: (sum of branches, this branch)
        self.sum, self.branch, self.last, self.single = 0, 1, 0, False

    def count(self) -> int:
        """The ways of the whole pattern."""
        while self.at < len(self.text):
            self._step(self.text[self.at])
        return self.sum + self.branch * (self.last or 1)

    def _step(self, char: str) -> None:
        match char:
            case "*" | "+":
                raise Malformed(f"{char!r} has no bound; write {{0,{REPEAT}}} or less")
            case "(":
                self._open()
            case ")":
                self._close()
            case "|":
                self._end_branch()
                self.at += 1
            case "?":
                self._choices(self.last + 1 if self.last else 0, 1)
            case "{" if found := _REPEAT.match(self.text, self.at):
                self._repeat(found)
            case _:
                self._item(self._width(char))

    def _width(self, char: str) -> int:
        if char == "[":
            return self._class_width()
        if char == "\\":
            if self.text[self.at + 1 : self.at + 2].isdigit():
                raise Malformed("back references are not supported")
            return 2
        return 1

    def _class_width(self) -> int:
        end = self.at + (2 if self.text[self.at + 1 : self.at + 2] == "^" else 1)
        first = end
        while end < len(self.text) and (self.text[end] != "]" or end == first):
            end += 2 if self.text[end] == "\\" else 1
        return end + 1 - self.at

    def _item(self, width: int) -> None:
        self.branch *= self.last or 1
        self.last, self.single = 1, True
        self.at += width

    def _open(self) -> None:
        plain = self.text.startswith("(?:", self.at)
        if not plain and self.text.startswith("(?", self.at):
            raise Malformed("of the forms (?...) only (?:...) and a leading (?i) are supported")
        self.outer.append((self.sum, self.branch * (self.last or 1)))
        self.sum, self.branch, self.last, self.single = 0, 1, 0, False
        self.at += 3 if plain else 1

    def _close(self) -> None:
        if not self.outer:
            raise Malformed("a group is closed that was not opened")
        self._end_branch()
        inner = self.sum
        self.sum, self.branch = self.outer.pop()
        self.last, self.single = inner, False
        self.at += 1

    def _end_branch(self) -> None:
        self.sum += self.branch * (self.last or 1)
        self.branch, self.last, self.single = 1, 0, False

    def _repeat(self, found: "re.Match[str]") -> None:
        least = int(found[1] or 0)
        most = int(found[3] or -1) if found[2] else least
        if not least <= most <= REPEAT:
            raise Malformed(f"{found[0]} must have two bounds of at most {REPEAT}")
        if not self.single:
            raise Malformed("only one character or class can be repeated, not a group")
        self._choices(most - least + 1, len(found[0]))

    def _choices(self, ways: int, width: int) -> None:
        self.at += width
        if self.text.startswith("?", self.at):  # lazy: other order, same ways
            self.at += 1
        self.last, self.single = ways, False
