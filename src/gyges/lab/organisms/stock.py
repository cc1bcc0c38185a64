# SPDX-License-Identifier: Apache-2.0
"""The organisms' stock of words: pinned lists of clauses, and the grammar that draws from them.

A clause may name another list in {braces}; a shape is a line of list names with `?` (every other time) and
[brackets] (any order). It knows no organism and decides nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final, TypeVar, cast

from gyges.errors import Malformed
from gyges.lab.pins import text

FOLDER: Final = "organisms"
_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
_START: Final = re.compile(r"(?:^|(?<=[.!?] )|(?<=\n))[a-z]")
_GROUP: Final = re.compile(r"\[[^\]]*\]\??|\S+")
RETRIES: Final = 4
"""How often another clause is drawn before one is said a second time."""

T = TypeVar("T")
Lists = Mapping[str, Sequence[str]]
Clause = tuple[str, ...]
"""Literal, slot, literal, slot, ..., literal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Lists of clauses by name, and shapes by name."""

    lists: Mapping[str, tuple[Clause, ...]]
    shapes: Mapping[str, tuple[str, ...]]

    def say(self, shape: str, rng: Random, nouns: Lists, aliases: Mapping[str, str]) -> list[str]:
        """One thought for each list name of a randomly chosen shape of this name.

        `nouns` stands before the stock's own lists; `aliases` renames tokens of the shape.

        Raises:
            Malformed: the stock has no such shape or list.
        """
        if shape not in self.shapes:
            raise Malformed(f"the organisms' words have no shape {shape!r}")
        said: list[str] = []
        used: set[Clause] = set()
        for token in _tokens(pick(self.shapes[shape], rng), rng):
            clause = self._fresh(aliases.get(token, token), used, rng)
            used.add(clause)
            said.append(capitals(self._join(clause, rng, nouns)))
        return said

    def one(self, name: str, rng: Random, nouns: Lists) -> str:
        """One clause of a list, filled in."""
        if name in nouns:
            return pick(nouns[name], rng)
        if name in self.lists:
            return self._join(pick(self.lists[name], rng), rng, nouns)
        if name.endswith("_c"):
            found = self.one(name.removesuffix("_c"), rng, nouns)
            return found[:1].upper() + found[1:]
        raise Malformed(f"the organisms' words have no list {name!r}")

    def _fresh(self, name: str, used: set[Clause], rng: Random) -> Clause:
        if name not in self.lists:
            raise Malformed(f"the organisms' words have no list {name!r}")
        clause = pick(self.lists[name], rng)
        for _ in range(RETRIES):
            if clause not in used:
                break
            clause = pick(self.lists[name], rng)
        return clause

    def _join(self, clause: Clause, rng: Random, nouns: Lists) -> str:
        parts = [p if i % 2 == 0 else self.one(p, rng, nouns) for i, p in enumerate(clause)]
        return "".join(parts)


def pick(found: Sequence[T], rng: Random) -> T:
    """One of them, each as likely; quicker than `choice`."""
    return found[int(rng.random() * len(found))]


def capitals(said: str) -> str:
    """The text with a capital after each full stop."""
    return _START.sub(lambda found: found[0].upper(), said)


@cache
def thoughts() -> Stock:
    """What organisms think."""
    return stock(_lists(_table("thoughts")), _shapes(_table("shapes")["shapes"]))


@cache
def answers(pack: str, outcome: str) -> Stock:
    """What organisms answer in this pack with this outcome; a strange pack is answered as `any`."""
    tables = _table("answers")
    own = cast("dict[str, object]", tables.get(pack, tables["any"]))[outcome]
    lists = {**_lists(tables["common"]), **_lists(own)}
    shapes = tuple(str(line) for line in lists.pop("shapes"))
    return stock(lists, {outcome: shapes})


@cache
def nouns(pack: str) -> Mapping[str, tuple[str, ...]]:
    """Nouns of a conflict; a strange pack has those of `any`."""
    tables = _table("nouns")
    return {name: tuple(words) for name, words in _lists(tables.get(pack, tables["any"])).items()}


@cache
def speech() -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Fillers, asides, and the contractions of a casual register."""
    table = _table("speech")
    short = cast("dict[str, str]", table["contract"])
    lists = _lists(table)
    return tuple(lists["fillers"]), tuple(lists["asides"]), tuple(short.items())


def stock(lists: Lists, shapes: Mapping[str, Sequence[str]]) -> Stock:
    """A stock from plain lists, its clauses taken apart once."""
    made = {name: tuple(tuple(_SLOT.split(c)) for c in found) for name, found in lists.items()}
    return Stock(lists=made, shapes={name: tuple(lines) for name, lines in shapes.items()})


def _table(name: str) -> dict[str, object]:
    return text(f"{FOLDER}/{name}.toml").table()


def _lists(found: object) -> dict[str, list[str]]:
    table = cast("dict[str, object]", found)
    return {name: cast("list[str]", v) for name, v in table.items() if isinstance(v, list)}


def _shapes(found: object) -> dict[str, tuple[str, ...]]:
    return {name: tuple(lines) for name, lines in _lists(found).items()}


@cache
def _parsed(line: str) -> tuple[tuple[tuple[str, bool], ...], ...]:
    """The groups of a shape: each a tuple of (list name, optional), to be said in any order."""
    return tuple(
        tuple((t.removesuffix("?"), t.endswith("?")) for t in group.strip("[]?").split())
        if group.startswith("[")
        else ((group.removesuffix("?"), group.endswith("?")),)
        for group in _GROUP.findall(line)
    )


def _tokens(line: str, rng: Random) -> Iterator[str]:
    for group in _parsed(line):
        order = list(group)
        if len(order) > 1:
            rng.shuffle(order)
        for token, optional in order:
            if not optional or rng.random() < 0.5:
                yield token
