# SPDX-License-Identifier: Apache-2.0
"""Bets by rank: p-values are exactly uniform on exchangeable values, and no bet expects to earn from uniform ones."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gyges.drift.conformal import (
    BINS,
    GRID,
    NUMBERS,
    RATES,
    Table,
    below,
    factors,
    mean_logs,
    quantile_edges,
    rank,
    share_bins,
    share_edges,
    steps,
)
from gyges.drift.words import Direction

EVEN = (np.arange(40_000) + 0.5) / 40_000  # through every cell


def last_p(values: NDArray[np.intp], u: NDArray[np.float64]) -> NDArray[np.float64]:
    """The p-value of the last value of each row, (rows, values); values are bins."""
    table, p = Table.of(np.zeros((len(values), 4), dtype=np.int32)), u
    for column in values.T:
        p = rank(table, column, u)
    return p


@given(st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_p_is_uniform_over_all_orders(values: list[int]) -> None:
    """Over all orders of the same values and an even U, P(p <= x) is x for every x that is a multiple of 1/n."""
    orders = np.array(list(permutations(values)))
    us = (np.arange(60) + 0.5) / 60
    found = last_p(np.repeat(orders, 60, axis=0), np.tile(us, len(orders)))
    for x in np.arange(1, len(values) + 1) / len(values):
        assert (found <= x + 1e-12).mean() == pytest.approx(x)


def test_p_is_what_its_formula_says() -> None:
    """Three above, two alike of eight, the value itself counted: (3 + U * 2) / 8."""
    found = last_p(np.array([[0, 1, 2, 0, 3, 3, 3, 2]]), np.array([0.25]))
    assert found == pytest.approx([(3 + 0.25 * 2) / 8])


def test_ranks_of_many_streams_are_those_of_each() -> None:
    """Streams side by side do not see each other."""
    rng = np.random.default_rng(3)
    values, u = rng.integers(0, 4, (5, 30)), rng.random(5)
    alone = [last_p(values[s : s + 1], u[s : s + 1])[0] for s in range(5)]
    assert last_p(values, u).tolist() == alone


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("direction", list(Direction))
def test_no_bet_earns_from_uniform_p(direction: Direction, *, spread: bool) -> None:
    """Each bet's mean over an even p is 1, to the rounding of float32, and no factor is negative."""
    made = factors(EVEN, steps(direction, spread=spread))
    assert (made >= 0).all()
    assert made.mean(axis=1, dtype=np.float64) == pytest.approx(np.ones(len(made)), abs=1e-6)


@pytest.mark.parametrize("spread", [False, True])
def test_a_bet_pays_in_its_tail(*, spread: bool) -> None:
    """At a p within the tail a factor is the ratio, elsewhere what is left, as the definition of a view says."""
    p = np.array([0.001, 0.013, 0.3, 0.501, 0.9, 0.999])
    views = (p, 1 - p, 2 * np.minimum(p, 1 - p))
    bets = steps(Direction.BOTH, spread=spread)
    for (view, tail, ratio), row in zip(bets, factors(p, bets), strict=True):
        want = np.where(views[view] < tail, ratio, (1 - ratio * tail) / (1 - tail))
        assert row.tolist() == pytest.approx(want.tolist(), rel=1e-6)


@pytest.mark.parametrize("bets", [RATES, NUMBERS])
def test_up_and_down_share_out_the_bets(bets: tuple[tuple[int, float, float], ...]) -> None:
    """Each bet on a place looks one way: up if large values come more often or small ones less; spread is for both."""
    spread = bets is NUMBERS
    up, down = steps(Direction.UP, spread=spread), steps(Direction.DOWN, spread=spread)
    places = [bet for bet in bets if bet[0] < 2]
    assert sorted([*up, *down]) == sorted(places)
    assert all((view == 0) == (ratio > 1) for view, _, ratio in up)


def test_shares_that_differ_have_bins_that_differ() -> None:
    """0 has a bin of its own, so has each of k/20, and bins are as narrow at 1 as at 0."""
    edges = share_edges()
    assert len(edges) == BINS - 1
    at = np.searchsorted(edges, np.arange(21) / 20, side="left")
    assert at[0] == 0
    assert at[-1] == BINS - 1
    assert len(set(at.tolist())) == 21
    assert edges[1:] + edges[:0:-1] == pytest.approx(np.ones(BINS - 2))


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(0, BINS - 2))
def test_a_share_finds_its_bin(values: list[float], edge: int) -> None:
    """The look-up gives what a search among the edges gives, at an edge and beside it too."""
    edges = share_edges()
    beside = [np.nextafter(edges[edge], to) for to in (0.0, 1.0)]
    x = np.array([*values, edges[edge], *beside])
    assert share_bins(x).tolist() == np.searchsorted(edges, x, side="left").tolist()


def test_numbers_find_their_bins() -> None:
    """So many edges lie below as a search finds, each stream among its own; equal ones do not, and none is too far."""
    rng = np.random.default_rng(8)
    edges = np.sort(rng.normal(size=(50, BINS - 1)).astype(np.float32), axis=1)
    for values in (rng.normal(size=50), edges[:, 5].astype(np.float64), np.full(50, 1e301)):
        want = [np.searchsorted(e, v, side="left") for e, v in zip(edges, values, strict=True)]
        assert below(values, edges).tolist() == want


@pytest.mark.parametrize("bets", [RATES, NUMBERS])
def test_no_bet_changes_within_a_cell(bets: tuple[tuple[int, float, float], ...]) -> None:
    """Every tail ends where a cell of p does: else a bet's mean over p would not be 1."""
    ends = np.array([tail / 2 if view == 2 else tail for view, tail, _ in bets]) * GRID
    assert ends == pytest.approx(np.round(ends))


def test_quantile_edges_fill_bins_evenly() -> None:
    """Of 640 values ten or so fall into each of 64 bins."""
    values = np.random.default_rng(1).normal(size=640)
    counts = np.bincount(np.searchsorted(quantile_edges(values), values), minlength=BINS)
    assert counts.min() >= 9
    assert counts.max() <= 11


@pytest.mark.slow
@given(low=st.floats(0, 0.99), wide=st.floats(1e-4, 1))
def test_the_mean_log_is_that_of_all_ranks_that_equals_could_have(low: float, wide: float) -> None:
    """As many thousand draws give it, in every bet: also in one whose tail is narrower than the draws are apart."""
    wide, p = min(wide, 1 - low), np.array([low])
    for spread in (False, True):
        bets = steps(Direction.BOTH, spread=spread)
        u = (np.arange(20_000) + 0.5) / 20_000
        drawn = np.log(factors(low + u * wide, bets).astype(np.float64)).mean(axis=1)
        assert mean_logs(p, np.array([wide]), bets)[:, 0] == pytest.approx(drawn, abs=2e-3)
