# SPDX-License-Identifier: Apache-2.0
"""Episodes from a file, and what kinds of values they hold. An error names the file and the line.

    {"id": "e1", "agent": "clerk", "at": "2026-11-02T09:00:00Z", "session": "s1", "stratum": "mail",
     "fingerprint": {"model": "m-1"}, "values": {"refused": false, "seconds": 3.1, "tools": ["read", "write"]},
     "cue": {"design": "june", "unwatched": true, "share": 0.5}}

One object a line. `at` is ISO 8601 or ms since 1970; only id, at and values must be there. A value that is null was
not measured. It watches nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from gyges.canon import Json, parse_object
from gyges.cli.history import moment
from gyges.drift.coin import Design, known
from gyges.drift.words import (
    Cue,
    Direction,
    Episode,
    Feature,
    Grain,
    Kind,
    Unusable,
    Value,
)
from gyges.errors import Malformed

LABELS = 20
"""The most frequent labels that have a stream of their own; the others are one together."""
CLUSTERS = 8


class _Cue(msgspec.Struct, forbid_unknown_fields=True):
    design: str
    unwatched: bool
    share: float
    grain: Grain = Grain.SESSION


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    at: int | str
    values: dict[str, Json]
    agent: str = "agent"
    session: str = ""
    stratum: str = ""
    fingerprint: dict[str, str] = {}
    cue: _Cue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Episodes in the file's order, the line of each, and the designs of their cues."""

    name: str
    episodes: tuple[Episode, ...]
    lines: tuple[int, ...]
    designs: tuple[Design, ...]


def read_file(file: Path) -> Read:
    """All episodes of the file.

    Raises:
        Malformed: names the file, the line and what is wrong with it.
    """
    episodes: list[Episode] = []
    lines: list[int] = []
    designs: list[Design] = []
    for number, text in lines_of(file):
        try:
            line = msgspec.convert(parse_object(text), _Line)
            episodes.append(_episode(line))
            _design(designs, line.cue)
        except (Malformed, Unusable, msgspec.ValidationError) as error:
            raise Malformed(f"{file}, line {number}: {error}") from None
        lines.append(number)
    if not episodes:
        raise Malformed(f"{file}: holds no episode")
    return Read(
        name=str(file), episodes=tuple(episodes), lines=tuple(lines), designs=tuple(designs)
    )


def features_of(read: Read, asked: Sequence[str]) -> tuple[Feature, ...]:
    """The features asked for as NAME=KIND[:DIRECTION], or all that the values hold, of kinds that they show.

    Labels are the most frequent in the whole file, and an embedding's clusters are found in all of it: neither
    depends on the order, so what ranks promise is not touched.

    Raises:
        Malformed: a feature that no episode has, a kind that there is not, or values of several kinds.
    """
    if asked:
        return tuple(_asked(read, text) for text in asked)
    names = dict.fromkeys(name for episode in read.episodes for name in episode.values)
    if not names:
        raise Malformed(f"{read.name}: no episode holds a value")
    return tuple(_feature(read, name, _inferred(read, name)) for name in names)


def lines_of(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; raise `Malformed` where there is no such file."""
    try:
        with file.open("rb") as stream:
            for number, text in enumerate(stream, 1):
                if text.strip():
                    yield number, text
    except OSError as error:
        raise Malformed(f"{file}: cannot be read: {error.strerror or error}") from None


def _episode(line: _Line) -> Episode:
    values = {name: _value(name, v) for name, v in line.values.items() if v is not None}
    at = moment(line.at) if isinstance(line.at, str) else line.at
    cue = _cue(line.cue) if line.cue else None
    return Episode(
        id=line.id, agent=line.agent, at=at, session=line.session, stratum=line.stratum,
        fingerprint=line.fingerprint, values=values, cue=cue,
    )  # fmt: skip


def _cue(cue: _Cue) -> Cue:
    return Cue(design=cue.design, unwatched=cue.unwatched, grain=cue.grain)


def _value(name: str, value: Json) -> Value:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return cast("tuple[str, ...]", tuple(value))
    if isinstance(value, list) and all(type(v) in (int, float) for v in value):
        return tuple(float(cast("float", v)) for v in value)
    raise Malformed(f"values.{name} is no boolean, number, text, or list of texts or of numbers")


def _design(known_ones: list[Design], cue: _Cue | None) -> None:
    if cue is None:
        return
    design = Design(id=cue.design, share=cue.share, grain=cue.grain)
    if not known(known_ones, design):
        known_ones.append(design)


def _asked(read: Read, text: str) -> Feature:
    name, _, rest = text.partition("=")
    kind, _, direction = rest.partition(":")
    try:
        return _feature(read, name, Kind(kind), Direction(direction or "both"))
    except ValueError:
        told = f"{', '.join(Kind)}; {', '.join(Direction)}"
        raise Malformed(f"feature {text!r}: expected NAME=KIND[:DIRECTION], of {told}") from None


def _feature(read: Read, name: str, kind: Kind, direction: Direction = Direction.BOTH) -> Feature:
    found = [e.values[name] for e in read.episodes if name in e.values]
    if not found:
        raise Malformed(f"{read.name}: no episode has a value named {name!r}")
    categories: tuple[str, ...] = ()
    centres: tuple[tuple[float, ...], ...] = ()
    if kind in (Kind.CATEGORY, Kind.CALLS, Kind.SEQUENCE):
        counts = Counter(label for value in found for label in _labels(value))
        most = sorted(counts, key=lambda label: (-counts[label], label))
        categories = tuple(sorted(most[:LABELS]))
    if kind is Kind.VECTOR:
        centres = _centres(read, name, found)
    return Feature(
        name=name, kind=kind, direction=direction, categories=categories, centres=centres
    )


def _labels(value: Value) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(v for v in value if isinstance(v, str))
    return (value,) if isinstance(value, str) else ()


def _centres(read: Read, name: str, found: Sequence[Value]) -> tuple[tuple[float, ...], ...]:
    from gyges.drift.embeddings import centres

    vectors = sorted({tuple(map(float, v)) for v in found if isinstance(v, tuple)})
    try:
        return centres(vectors, min(CLUSTERS, len(vectors)))
    except Unusable as error:
        raise Malformed(f"{read.name}: values.{name}: {error}") from None


def _inferred(read: Read, name: str) -> Kind:
    kinds: dict[Kind, int] = {}
    for line, episode in zip(read.lines, read.episodes, strict=True):
        if name in episode.values:
            kinds.setdefault(_kind(episode.values[name]), line)
    if kinds.keys() == {Kind.SHARE, Kind.NUMBER}:
        return Kind.NUMBER
    if len(kinds) > 1:
        (first, at), (other, there), *_ = kinds.items()
        raise Malformed(
            f"{read.name}, line {there}: values.{name} is a {other}, but a {first} in line {at}"
        )
    return next(iter(kinds))


def _kind(value: Value) -> Kind:
    if isinstance(value, bool):
        return Kind.BINARY
    if isinstance(value, str):
        return Kind.CATEGORY
    if isinstance(value, tuple):
        return Kind.CALLS if all(isinstance(v, str) for v in value) else Kind.VECTOR
    return Kind.SHARE if 0 <= value <= 1 else Kind.NUMBER
