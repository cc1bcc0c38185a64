# SPDX-License-Identifier: Apache-2.0
"""Words back from the plain values that `dataclasses.asdict` and store.py make of them. It checks nothing."""

from typing import cast

from gyges.drift import alarms
from gyges.drift.alarms import Acted, Alarm
from gyges.drift.parts import Snapshot, spec_of
from gyges.drift.tree import Tree, but, fields
from gyges.drift.words import Cue, Direction, Episode, Feature, Grain, Kind


def feature_from(tree: Tree) -> Feature:
    """A feature."""
    return Feature(**but(
        tree, kind=Kind(tree["kind"]), direction=Direction(tree["direction"]),
        grain=Grain(tree["grain"]), categories=tuple(tree["categories"]),
        tolerance=None if tree["tolerance"] is None else tuple(tree["tolerance"]),
        centres=tuple(tuple(centre) for centre in tree["centres"]),
    ))  # fmt: skip


def episode_tree(episode: Episode) -> Tree:
    """An episode as plain values."""
    cue = episode.cue
    return but(
        fields(episode), fingerprint=dict(episode.fingerprint), values=dict(episode.values),
        cue=None if cue is None else fields(cue),
    )  # fmt: skip


def episode_from(tree: Tree) -> Episode:
    """An episode."""
    values: Tree = {n: _tuple(v) for n, v in tree["values"].items()}
    cue = tree["cue"]
    told = None if cue is None else Cue(**but(cue, grain=Grain(cue["grain"])))
    return Episode(**but(tree, values=values, cue=told))


def alarm_from(tree: Tree) -> Alarm:
    """An alarm."""
    levels = {n: tree[n] and alarms.Level(**tree[n]) for n in ("before", "now")}
    return Alarm(**but(
        tree, **levels, family=alarms.Family(tree["family"]), tier=alarms.Tier(tree["tier"]),
        direction=Direction(tree["direction"]), reference=alarms.Reference(tree["reference"]),
        top=tuple(map(_evidence, tree["top"])), counter=tuple(map(_evidence, tree["counter"])),
        strata=tuple(alarms.Share(**one) for one in tree["strata"]),
        together=tuple(tree["together"]),
        changes=tuple(alarms.Changed(**one) for one in tree["changes"]),
        checks=tuple(alarms.Check(**one) for one in tree["checks"]),
    ))  # fmt: skip


def acted_from(tree: Tree) -> Acted:
    """What somebody did."""
    act = tree["act"]
    return Acted(**but(tree, act=alarms.Act(act) if act in tuple(alarms.Act) else act))


def snapshot_tree(snapshot: Snapshot) -> Tree:
    """A snapshot as plain values."""
    return but(fields(snapshot), spec=fields(snapshot.spec))


def snapshot_from(tree: Tree) -> Snapshot:
    """A snapshot."""
    return Snapshot(**but(tree, spec=spec_of(tree["spec"])))


def _evidence(tree: Tree) -> alarms.Evidence:
    return alarms.Evidence(**but(tree, episodes=tuple(tree["episodes"])))


def _tuple(value: object) -> object:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value
