# SPDX-License-Identifier: Apache-2.0
"""Streams without a baseline: each value is ranked among those before it in its stratum, and the rank is bet on.

Shares, and events as 0 or 1, have bins that are known beforehand. The first `WARM` values of a number, sorted, are
the edges of its bins; those values are not ranked, since edges drawn from them would know too much. It keeps no sums.
State: 64 counts for each stream and stratum, of two bytes until one of them has seen 32,767 units and of four from
then on, and for a number 63 edges as float32 (252 bytes).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift import conformal
from gyges.drift.conformal import Table
from gyges.drift.words import Direction, Unusable

Floats = NDArray[np.float64]
LARGEST = float(np.finfo(np.float32).max)


class Ranked:
    """Counts by bin, (streams, bins) for each stratum, and where the bins end."""

    def __init__(self, numbers: NDArray[np.bool_], direction: Direction = Direction.BOTH) -> None:
        """`numbers` says whether streams have no scale of their own, shape (streams,): all or none.

        Raises:
            Unusable: some are numbers and some are not; they need bets of different kinds.
        """
        self.numbers = bool(np.any(numbers))
        if self.numbers != bool(np.all(numbers)):
            raise Unusable("ranked: numbers and shares need a bank each")
        self._steps = conformal.steps(direction, spread=self.numbers)
        self.bets = len(self._steps)
        self._shares = conformal.share_edges()
        shape = (len(numbers), len(self._shares))
        self.edges: NDArray[Any] = np.broadcast_to(self._shares, shape)
        if self.numbers:
            self.edges = np.full(shape, np.nan, dtype=np.float32, order="F")
        self._tables: dict[str, Table] = {}

    def factors(self, values: Floats, u: Floats, stratum: str, /) -> NDArray[np.float32]:
        """Factors (bets, streams); NaN where a value is missing or its bins are not known yet."""
        measured, ready = ~np.isnan(values), self.ready()
        rows = np.flatnonzero(measured & ready)
        self._warm(np.flatnonzero(measured & ~ready), values)
        if len(rows) == len(values):
            return self._ranked(self._table(stratum), rows, values, u)
        made = np.full((self.bets, len(values)), np.nan, dtype=np.float32)
        if len(rows):
            table = self._table(stratum)
            own = table.rows(rows)
            made[:, rows] = self._ranked(own, rows, values[rows], u[rows])
            table.counts[rows], table.seen[rows] = own.counts, own.seen
        return made

    @property
    def counts(self) -> dict[str, conformal.Counts]:
        """Counts by bin of each stratum, (streams, bins)."""
        return {stratum: table.counts for stratum, table in self._tables.items()}

    def ready(self) -> NDArray[np.bool_]:
        """Which streams bet already."""
        found: NDArray[np.bool_] = ~np.isnan(self.edges[:, 0])
        return found

    def bins_of(self, rows: NDArray[np.intp], values: Floats) -> NDArray[np.intp]:
        """How many edges lie below each of these streams' values."""
        if not self.numbers:
            return conformal.share_bins(values)
        return conformal.below(
            values, self.edges if len(rows) == len(self.edges) else self.edges[rows]
        )

    def forget(self, rows: NDArray[np.intp]) -> None:
        """These streams know nothing any more."""
        for table in self._tables.values():
            table.counts[rows] = table.seen[rows] = 0
        if self.numbers:
            self.edges = self.edges.copy(order="F")  # who else looks at them keeps them
            self.edges[rows] = np.nan

    def state(self) -> dict[str, NDArray[np.float32] | NDArray[np.int32]]:
        """All that was learnt, as arrays by name; exact, and the same however it is held."""
        learnt = {f"counts {s}": found.astype(np.int32) for s, found in self.counts.items()}
        if self.numbers:
            return {"edges": np.asarray(self.edges, dtype=np.float32), **learnt}
        return dict(learnt)

    def restore(self, state: Mapping[str, NDArray[np.float32] | NDArray[np.int32]]) -> None:
        """Take back what `state` gave."""
        if self.numbers:
            self.edges = np.array(state["edges"], dtype=np.float32, order="F")
        self._tables = {
            name.removeprefix("counts "): Table.of(found)
            for name, found in state.items()
            if name.startswith("counts ")
        }

    def _warm(self, rows: NDArray[np.intp], values: Floats) -> None:
        """Keep values from the last edge down; the one that fills the first edge sorts them."""
        if not len(rows):
            return
        left = np.isnan(self.edges[rows]).sum(axis=1) - 1
        self.edges[rows, left] = np.clip(values[rows], -LARGEST, LARGEST)
        full = rows[left == 0]
        self.edges[full] = np.sort(self.edges[full], axis=1)

    def _ranked(
        self, table: Table, rows: NDArray[np.intp], values: Floats, u: Floats
    ) -> NDArray[np.float32]:
        """Factors of these streams' values, which are added to their counts."""
        p = conformal.rank(table, self.bins_of(rows, values), u)
        return conformal.factors(p, self._steps)

    def _table(self, stratum: str) -> Table:
        """The counts of a stratum, with room for one more unit."""
        table = self._tables.get(stratum)
        if table is None:
            table = Table.of(np.zeros((len(self.edges), conformal.BINS), dtype=np.int16))
        elif table.counts.dtype == np.int16 and table.seen.max(initial=0) >= conformal.ROOM:
            table = Table.of(table.counts)
        self._tables[stratum] = table
        return table
