# SPDX-License-Identifier: Apache-2.0
"""What is kept of a feature of an agent: its units over time, and what it could not use. It changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.drift.alarms import Alarm, Changed, Family, Reference
from gyges.drift.rows import Row, columns
from gyges.drift.streams import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A feature's units as far as they are kept: `values` is (units, labels), `evidence` (units,).

    `evidence` is the largest of the references', as a share of its own threshold; `tests` is that against its tests,
    NaN for units before there were any, and of no units where there are none.
    """

    at: tuple[int, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    values: NDArray[np.float64]
    evidence: NDArray[np.float32]
    tests: NDArray[np.float32]
    changes: tuple[Changed, ...]
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one feature of an agent could not use: units without a value, labels it did not know, units that a
    frozen baseline says nothing about, and units pooled since there were too many strata. `muted` are references
    that do not bet on it.
    """

    units: int
    missing: int
    unknown: int
    unbet: int
    crowded: int = 0
    muted: tuple[Reference, ...] = ()


def timeline(line: Line, at: int, alarms: Sequence[Alarm]) -> Timeline:
    """The units of the feature in place `at` of its line, with its alarms."""
    where, rows = columns(line.plan.layout, at), list(line.rows)
    labels = line.plan.layout.labels[where]
    return Timeline(
        at=tuple(row.at for row in rows), units=tuple(row.id for row in rows), labels=labels,
        values=np.array([row.values[where] for row in rows]).reshape(len(rows), len(labels)),
        evidence=np.array([r.evidence[at] for r in rows if r.evidence is not None], np.float32),
        tests=_of_tests(rows, at), changes=tuple(change for _, change in line.changes),
        alarms=tuple(alarms),
    )  # fmt: skip


def tally(line: Line, at: int, family: Family) -> Tally:
    """What the feature in place `at` could not use; its frozen baseline is that of `family`."""
    frozen = [
        p for p in line.parts
        if (p.spec.reference, p.spec.family) == (Reference.FROZEN, family) and at in p.spec.features
    ]  # fmt: skip
    unbet = [p.unbet[p.spec.features.index(at)] for p in frozen]
    return Tally(
        units=line.units, missing=int(line.missing[at]), unknown=int(line.unknown[at]),
        unbet=int(max(unbet, default=0)), crowded=line.crowded, muted=line.muted(at, family),
    )  # fmt: skip


def _of_tests(rows: Sequence[Row], at: int) -> NDArray[np.float32]:
    """One feature's evidence against its tests; of no units where there are none."""
    none = np.float32(np.nan)
    found = [none if row.tests is None else row.tests[at] for row in rows]
    return np.array(found if any(r.tests is not None for r in rows) else [], dtype=np.float32)
