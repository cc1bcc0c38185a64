# SPDX-License-Identifier: Apache-2.0
"""Reads DATA/policy/drift.toml: which features are watched, on which budget, against which baseline. Strict.

The format stands in `starter_drift.toml`, which `gyges init` copies. Without the file the usual features are
watched on the usual budget. A `Plan` is plain: the log keeps it whole, so that a replay needs no file.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Literal, cast

import msgspec

from gyges import canon
from gyges.canon import Json
from gyges.drift.words import Budget, Direction, Feature, Grain, Unusable
from gyges.drift.words import Kind as Sort
from gyges.errors import Misconfigured
from gyges.watch import features as derived

FILE = "drift.toml"
MOST_TOOLS = 20  # tools that have a stream of their own; the rest is "other"
MOST_ORDER = 6  # likewise where pairs of tools are counted
WAIT_MINUTES = 60.0
NOT_FOR_GRADERS = frozenset({Sort.VECTOR})  # their clusters are found elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One feature. `grader` names who measures it, "" for the gate itself."""

    name: str
    kind: Sort
    direction: Direction = Direction.BOTH
    grain: Grain = Grain.SESSION
    tolerance: tuple[float, float] | None = None
    categories: tuple[str, ...] = ()
    weight: float = 1.0
    grader: str = ""

    def feature(self) -> Feature:
        """As `drift` wants it."""
        return Feature(
            name=self.name, kind=self.kind, direction=self.direction, grain=self.grain,
            tolerance=self.tolerance, categories=self.categories, weight=self.weight,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """At most `alarms` false alarms are expected in `sessions` of one agent, over all features together.

    baseline   "none": each session is compared with all before; "frozen": with those that a person froze
    reference  sessions that make the first reference, which never moves
    idle_ms    a named session without a closed episode for longer than this is over
    wait_ms    how long after its close an episode waits for its graders
    strata     sessions are compared within the same task, hour (UTC), or both
    tell       groups that are told of an alarm
    alpha      the chance that a ring test ever calls out an agent wrongly
    """

    features: tuple[Watched, ...]
    alarms: float = 1.0
    sessions: int = 10_000
    baseline: Literal["none", "frozen"] = "none"
    reference: int = 500
    idle_ms: int = 1_800_000
    wait_ms: int = 0
    strata: tuple[Literal["task", "hour"], ...] = ("task",)
    tell: tuple[str, ...] = ()
    alpha: float = 0.05
    manipulation: str = ""

    @property
    def graded(self) -> Mapping[str, str]:
        """Feature -> grader, of those that the gate does not measure itself."""
        return {f.name: f.grader for f in self.features if f.grader}

    def document(self) -> dict[str, Json]:
        """What the log keeps."""
        found = canon.clean(msgspec.to_builtins(self))
        return cast("dict[str, Json]", found)


def plan_from(document: Json) -> Plan:
    """The inverse of `Plan.document`; raise `Misconfigured`."""
    try:
        return msgspec.convert(document, Plan)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"a plan of drift in the log: {error}") from None


def same(plan: Plan, document: Json) -> bool:
    """Whether the log's document says the same as `plan`."""
    return canon.digest(plan.document()) == canon.digest(document)


class _Strict(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is misspelt is refused."""


class _Feature(_Strict, frozen=True, kw_only=True):
    off: bool = False
    kind: Sort | None = None
    grader: str = ""
    direction: Direction = Direction.BOTH
    grain: Literal["session", "episode"] = "session"
    tolerance: tuple[float, float] | None = None
    categories: tuple[str, ...] | None = None
    weight: float = 1.0


class _Budget(_Strict, frozen=True, kw_only=True):
    alarms: float = 1.0
    sessions: int = 10_000


class _RingPart(_Strict, frozen=True, kw_only=True):
    alpha: float = 0.05
    manipulation: str = ""


class _File(_Strict, frozen=True, kw_only=True):
    budget: _Budget = _Budget()
    baseline: Literal["none", "frozen"] = "none"
    reference: int = 500
    idle_minutes: float = 30.0
    wait_minutes: float = WAIT_MINUTES
    strata: tuple[Literal["task", "hour"], ...] = ("task",)
    tell: tuple[str, ...] | None = None
    ring: _RingPart = _RingPart()
    feature: dict[str, dict[str, object]] = {}


def starter_drift() -> str:
    """The text of the file that `gyges init` makes: everything is commented out."""
    return resources.files("gyges.watch").joinpath("starter_drift.toml").read_text("utf-8")


def read_drift(file: Path, *, tools: Iterable[str] = (), tell: str = "reviewers") -> Plan:
    """The plan that `file` describes, the usual one if it is not there; raise `Misconfigured`.

    `tools` are the approved ones, which have streams of their own; `tell` is who is told where it names nobody.
    """
    try:
        text = file.read_text("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file}: cannot be read: {error}") from None
    return parse_drift(text, str(file), tools=tools, tell=tell)


def parse_drift(
    text: str, name: str, *, tools: Iterable[str] = (), tell: str = "reviewers"
) -> Plan:
    """The plan that `text`, which came from `name`, describes; raise `Misconfigured`."""
    try:
        found = msgspec.convert(tomllib.loads(text), _File)
        Budget(alarms=found.budget.alarms, sessions=found.budget.sessions)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, Unusable) as error:
        raise Misconfigured(f"{name}: {error}") from None
    _check(found, name)
    said = {feature: _table(table, name, feature) for feature, table in found.feature.items()}
    watched = _watched(said, name, tuple(tools))
    told = found.ring.manipulation
    if told and told not in {f.name for f in watched if f.kind is Sort.BINARY}:
        raise Misconfigured(f"{name}: ring.manipulation: {told!r} is no binary feature")
    graded = any(feature.grader for feature in watched)
    return Plan(
        features=watched, alarms=found.budget.alarms, sessions=found.budget.sessions,
        baseline=found.baseline, reference=found.reference,
        idle_ms=round(found.idle_minutes * 60_000),
        wait_ms=round(found.wait_minutes * 60_000) if graded else 0,
        strata=tuple(s for s in ("task", "hour") if s in found.strata),
        tell=(tell,) if found.tell is None else found.tell,
        alpha=found.ring.alpha, manipulation=found.ring.manipulation,
    )  # fmt: skip


def _check(found: _File, name: str) -> None:
    broken = {
        "reference must be 30 or more": found.reference < 30,
        "idle_minutes must be 0 to 10080": not 0 <= found.idle_minutes <= 10_080,
        "wait_minutes must be 0 to 43200": not 0 <= found.wait_minutes <= 43_200,
        "ring.alpha must be above 0, and at most 0.5": not 0 < found.ring.alpha <= 0.5,
    }
    for sentence, holds in broken.items():
        if holds:
            raise Misconfigured(f"{name}: {sentence}")


def _table(table: object, name: str, feature: str) -> _Feature:
    try:
        return msgspec.convert(table, _Feature)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"{name}: feature.{feature}: {error}") from None


def _watched(
    said: Mapping[str, _Feature], name: str, tools: tuple[str, ...]
) -> tuple[Watched, ...]:
    """The usual features as the file changes them, then those of graders."""
    usual = [
        _usual(feature, kind, said.get(feature, _Feature()), tools, name)
        for feature, kind in derived.SORTS.items()
    ]
    theirs = [
        _graded(feature, table, name)
        for feature, table in said.items()
        if feature not in derived.SORTS and not table.off
    ]
    watched = (*(feature for feature in usual if feature is not None), *theirs)
    if not watched:
        raise Misconfigured(f"{name}: every feature is off; there is nothing to watch")
    return watched


def _usual(
    feature: str, kind: Sort, said: _Feature, tools: tuple[str, ...], name: str
) -> Watched | None:
    if said.kind is not None or said.grader:
        raise Misconfigured(
            f"{name}: feature.{feature}: the gate measures it; kind and grader are given"
        )
    most = {Sort.CALLS: MOST_TOOLS, Sort.SEQUENCE: MOST_ORDER}.get(kind, 0)
    cells = tuple(sorted(tools)) if said.categories is None and most else said.categories or ()
    # With more tools than that the pairs would be too many to say anything; name the few that matter.
    if said.off or (kind is Sort.SEQUENCE and not 0 < len(cells) <= most):
        return None
    return _one(feature, kind, said, cells[:most] if said.categories is None else cells)


def _graded(feature: str, said: _Feature, name: str) -> Watched:
    where = f"{name}: feature.{feature}"
    if said.kind is None or not said.grader:
        raise Misconfigured(
            f"{where}: the gate does not measure it: it needs the name of a grader and a kind"
        )
    if said.kind in NOT_FOR_GRADERS:
        raise Misconfigured(f"{where}: kind {said.kind.value} is not for graders")
    return _one(feature, said.kind, said, said.categories or ())


def _one(feature: str, kind: Sort, said: _Feature, cells: tuple[str, ...]) -> Watched:
    kept = {f.name: getattr(said, f.name) for f in fields(Watched) if f.name in _SAME}
    return Watched(name=feature, kind=kind, grain=Grain(said.grain), categories=cells, **kept)


_SAME = frozenset({"direction", "tolerance", "weight", "grader"})
