# SPDX-License-Identifier: Apache-2.0
"""Episodes from a file, and what kinds of values they hold. An error names the file and the line.

    {"id": "e1", "agent": "clerk", "at": "2026-11-02T09:00:00Z", "session": "s1", "stratum": "mail",
     "fingerprint": {"model": "m-1"}, "values": {"refused": false, "seconds": 3.1, "tools": ["read", "write"]},
     "cue": {"design": "june", "unwatched": true, "share": 0.5}}

One object a line. `at` is ISO 8601 or ms since 1970; only id, at and values must be there. A value that is null was
not measured. An agent has an episode's id once in the file. It watches nothing.
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
from gyges.drift.layout import OTHER
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
LONGEST = 1000
"""Characters of any name or text."""


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
    """Episodes in the file's order, the line of each, and the designs of their cues. `unmeasured` values are always
    null.
    """

    name: str
    episodes: tuple[Episode, ...]
    lines: tuple[int, ...]
    designs: tuple[Design, ...]
    unmeasured: tuple[str, ...]


def read_file(file: Path) -> Read:
    """All episodes of the file.

    Raises:
        Malformed: names the file, the line and what is wrong with it.
    """
    episodes: list[Episode] = []
    lines: list[int] = []
    designs: list[Design] = []
    seen: dict[tuple[str, str], int] = {}
    named: dict[str, bool] = {}
    for number, text in lines_of(file):
        try:
            line = msgspec.convert(parse_object(text), _Line)
            _check_texts(line)
            episodes.append(_episode(line))
            _design(designs, line.cue)
            _once(seen, line, number)
            for name, value in line.values.items():
                named[name] = named.get(name, False) or value is not None
        except (Malformed, Unusable, msgspec.ValidationError) as error:
            raise Malformed(f"{file}, line {number}: {str(error)[:LONGEST]}") from None
        lines.append(number)
    if not episodes:
        raise Malformed(f"{file}: holds no episode")
    return Read(
        name=str(file), episodes=tuple(episodes), lines=tuple(lines), designs=tuple(designs),
        unmeasured=tuple(name for name, measured in named.items() if not measured),
    )  # fmt: skip


def features_of(read: Read, asked: Sequence[str], *others: Read) -> tuple[Feature, ...]:
    """The features asked for as NAME=KIND[:DIRECTION], or all that the values hold, of kinds that they show.

    Labels are the most frequent in the whole file, and an embedding's clusters are found in all of it: neither
    depends on the order, so what ranks promise is not touched. `others` are files of the same features.

    Raises:
        Malformed: a feature that no episode has, a kind that there is not, or values of several kinds.
    """
    reads = (read, *others)
    if asked:
        return tuple(_asked(reads, text) for text in asked)
    names = dict.fromkeys(name for episode in read.episodes for name in episode.values)
    if not names:
        raise Malformed(f"{read.name}: no episode holds a value")
    return tuple(_feature(reads, name, _inferred(reads, name)) for name in names)


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
    at = _at(line.at) if isinstance(line.at, str) else line.at
    cue = _cue(line.cue) if line.cue else None
    return Episode(
        id=line.id, agent=line.agent, at=at, session=line.session, stratum=line.stratum,
        fingerprint=line.fingerprint, values=values, cue=cue,
    )  # fmt: skip


def _at(text: str) -> int:
    """Milliseconds of a time that is one, from 1970 on."""
    found = moment(text)
    if not found:
        raise Malformed(f"at {text!r} is no time since 1970")
    return found


def _once(seen: dict[tuple[str, str], int], line: _Line, number: int) -> None:
    before = seen.setdefault((line.agent, line.id), number)
    if before != number:
        raise Malformed(f"episode {line.id}: came before, from agent {line.agent} in line {before}")


def _check_texts(line: _Line) -> None:
    """Refuse what is no name, and texts that are no labels any more."""
    if "" in line.values:
        raise Malformed("values: one has no name")
    texts = {"id": line.id, "agent": line.agent, "session": line.session, "stratum": line.stratum}
    texts["cue.design"] = line.cue.design if line.cue else ""
    texts |= {f"fingerprint.{name[:LONGEST]}": text for name, text in line.fingerprint.items()}
    for name in (*line.values, *line.fingerprint):
        _check_length("a name", name)
    for where, text in texts.items():
        _check_length(where, text)
    for name, value in line.values.items():
        for label in value if isinstance(value, list) else [value]:
            _check_length(f"values.{name}", label if isinstance(label, str) else "")


def _check_length(where: str, text: str) -> None:
    if len(text) > LONGEST:
        raise Malformed(f"{where} has {len(text):,} characters; {LONGEST:,} are enough")


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


def _asked(reads: Sequence[Read], text: str) -> Feature:
    name, _, rest = text.partition("=")
    kind, _, direction = rest.partition(":")
    try:
        return _feature(reads, name, Kind(kind), Direction(direction or "both"))
    except ValueError:
        told = f"{', '.join(Kind)}; {', '.join(Direction)}"
        raise Malformed(f"feature {text!r}: expected NAME=KIND[:DIRECTION], of {told}") from None


def _feature(
    reads: Sequence[Read], name: str, kind: Kind, direction: Direction = Direction.BOTH
) -> Feature:
    found = [value for _, value in _all(reads, name)]
    if not found:
        raise Malformed(f"{reads[0].name}: no episode has a value named {name!r}")
    categories: tuple[str, ...] = ()
    centres: tuple[tuple[float, ...], ...] = ()
    if kind in (Kind.CATEGORY, Kind.CALLS, Kind.SEQUENCE):
        counts = Counter(label for value in found for label in _labels(value))
        most = sorted(counts, key=lambda label: (-counts[label], label))
        categories = tuple(sorted([label for label in most if label != OTHER][:LABELS]))
    if kind is Kind.VECTOR:
        centres = _centres(reads, name)
    return Feature(
        name=name, kind=kind, direction=direction, categories=categories, centres=centres
    )


def _labels(value: Value) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(v for v in value if isinstance(v, str))
    return (value,) if isinstance(value, str) else ()


def _all(reads: Sequence[Read], name: str) -> Iterator[tuple[str, Value]]:
    """Each value of this name, and where it stands."""
    for read in reads:
        for line, episode in zip(read.lines, read.episodes, strict=True):
            if name in episode.values:
                yield f"{read.name}, line {line}", episode.values[name]


def _centres(reads: Sequence[Read], name: str) -> tuple[tuple[float, ...], ...]:
    from gyges.drift.embeddings import centres

    found: set[tuple[float, ...]] = set()
    size = 0
    for where, value in _all(reads, name):
        if _kind(value) is not Kind.VECTOR:
            raise Malformed(
                f"{where}: values.{name} is a {_kind(value)}, which is no {Kind.VECTOR}"
            )
        vector = tuple(map(float, cast("tuple[float, ...]", value)))
        size = size or len(vector)
        if len(vector) != size:
            raise Malformed(
                f"{where}: values.{name} has {len(vector)} numbers, before it had {size}"
            )
        found.add(vector)
    try:
        return centres(sorted(found), min(CLUSTERS, len(found)))
    except Unusable as error:
        raise Malformed(f"{reads[0].name}: values.{name}: {error}") from None


def _inferred(reads: Sequence[Read], name: str) -> Kind:
    kinds: dict[Kind, str] = {}
    for where, value in _all(reads, name):
        kinds.setdefault(_kind(value), where)
    if kinds.keys() == {Kind.SHARE, Kind.NUMBER}:
        return Kind.NUMBER
    if len(kinds) > 1:
        (first, at), (other, there), *_ = kinds.items()
        at = at.removeprefix(f"{there.rpartition(', line ')[0]}, ")
        raise Malformed(f"{there}: values.{name} is a {other}, but a {first} in {at}")
    return next(iter(kinds))


def _kind(value: Value) -> Kind:
    if isinstance(value, bool):
        return Kind.BINARY
    if isinstance(value, str):
        return Kind.CATEGORY
    if isinstance(value, tuple):
        return Kind.CALLS if all(isinstance(v, str) for v in value) else Kind.VECTOR
    return Kind.SHARE if 0 <= value <= 1 else Kind.NUMBER
