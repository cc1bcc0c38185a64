# SPDX-License-Identifier: Apache-2.0
"""Streams without a baseline: what they learn, when they begin to bet, and that their state goes round exactly."""

from collections.abc import Callable

import numpy as np
import pytest

from gyges.drift.conformal import ROOM, WARM, Table, factors, rank, steps
from gyges.drift.ranked import Ranked
from gyges.drift.words import Direction, Unusable


def shares(streams: int, direction: Direction = Direction.BOTH) -> Ranked:
    """A bettor on shares."""
    return Ranked(np.zeros(streams, dtype=np.bool_), direction)


def numbers(streams: int) -> Ranked:
    """A bettor on numbers."""
    return Ranked(np.ones(streams, dtype=np.bool_))


def test_a_share_bets_from_its_first_unit() -> None:
    """The first p-value is U itself, so the factors are those of U."""
    made = shares(2).factors(np.array([0.0, 1.0]), np.array([0.01, 0.99]), "")
    assert (
        made.tolist()
        == factors(np.array([0.01, 0.99]), steps(Direction.BOTH, spread=False)).tolist()
    )


def test_a_number_bets_once_its_bins_are_known() -> None:
    """The first 63 values are kept, sorted, as edges; none is ranked, and the 64th is bet on."""
    bettor, rng = numbers(1), np.random.default_rng(2)
    values = rng.normal(size=WARM + 1)
    for at, value in enumerate(values[:WARM]):
        assert not bettor.ready().any(), at
        assert np.isnan(bettor.factors(np.array([value]), np.array([0.5]), "")).all()
    assert bettor.ready().all()
    assert bettor.edges[0].tolist() == np.sort(values[:WARM].astype(np.float32)).tolist()
    assert not bettor.counts
    assert np.isfinite(bettor.factors(values[WARM:], np.array([0.5]), "")).all()
    assert bettor.counts[""].sum() == 1


def test_numbers_warm_up_at_their_own_pace() -> None:
    """A stream that is measured every other time is ready after twice as many units."""
    bettor = numbers(2)
    for at in range(2 * WARM):
        bettor.factors(
            np.array([at, at if at % 2 else np.nan], dtype=np.float64), np.full(2, 0.5), ""
        )
        assert bettor.ready().tolist() == [at >= WARM - 1, at >= 2 * WARM - 1]


def test_a_missing_value_leaves_its_stream_alone() -> None:
    """It is NaN in the factors and in no count; the others are ranked as ever."""
    bettor = shares(2)
    made = bettor.factors(np.array([np.nan, 0.5]), np.array([0.5, 0.5]), "")
    assert np.isnan(made[:, 0]).all()
    assert np.isfinite(made[:, 1]).all()
    assert bettor.counts[""].sum(axis=1).tolist() == [0, 1]


def test_strata_are_ranked_apart() -> None:
    """A value is compared with those of its own stratum only."""
    bettor = shares(1)
    for _ in range(50):
        bettor.factors(np.array([0.0]), np.array([0.5]), "night")
    first = bettor.factors(np.array([1.0]), np.array([0.5]), "day")
    assert first.tolist() == shares(1).factors(np.array([1.0]), np.array([0.5]), "").tolist()
    assert bettor.counts["day"].sum() == 1


def test_a_far_number_falls_into_the_last_bin() -> None:
    """Numbers beyond float32's range are kept and ranked without overflow."""
    bettor = numbers(1)
    for value in [1e300, -1e300, *range(WARM - 2)]:
        bettor.factors(np.array([value], dtype=np.float64), np.array([0.5]), "")
    assert np.isfinite(bettor.edges).all()
    assert bettor.bins_of(np.array([0]), np.array([1e301])).tolist() == [WARM]
    assert bettor.bins_of(np.array([0]), np.array([-1e301])).tolist() == [0]


@pytest.mark.parametrize("made", [shares, numbers])
def test_state_goes_round_exactly(made: Callable[[int], Ranked]) -> None:
    """A bettor restored in the middle, warming or not, gives bit for bit the same factors ever after."""
    rng = np.random.default_rng(7)
    values, u = rng.random((200, 3)), rng.random((200, 3))
    values[rng.random((200, 3)) < 0.2] = np.nan
    for cut in (10, 130):
        one = made(3)
        for at in range(cut):
            one.factors(values[at], u[at], "ab"[at % 2])
        two = made(3)
        two.restore({name: found.copy() for name, found in one.state().items()})
        for at in range(cut, 200):
            left, right = (b.factors(values[at], u[at], "ab"[at % 2]) for b in (one, two))
            assert left.tobytes() == right.tobytes()


def test_what_is_forgotten_is_learnt_anew() -> None:
    """Only the stream named begins again, in every stratum."""
    bettor, rng = numbers(2), np.random.default_rng(5)
    for at in range(100):
        bettor.factors(rng.normal(size=2), rng.random(2), "ab"[at % 2])
    bettor.forget(np.array([1]))
    assert bettor.ready().tolist() == [True, False]
    assert all(found[1].sum() == 0 < found[0].sum() for found in bettor.counts.values())


@pytest.mark.parametrize("made", [shares, numbers])
def test_counts_outgrow_two_bytes_unseen(made: Callable[[int], Ranked]) -> None:
    """Around 32,767 units of a stratum, factors and state are those of a ranking in four bytes all along."""
    bettor, rng = made(2), np.random.default_rng(6)
    for _ in range(WARM):
        bettor.factors(rng.random(2), rng.random(2), "")
    counts = np.full((2, WARM + 1), (ROOM - 3) // 64)
    counts[0, 7] += ROOM - 3 - counts[0].sum()
    bettor.restore({**bettor.state(), "counts ": counts.astype(np.int32)})
    used = np.asarray(counts.any(axis=0))
    wide = Table(counts.astype(np.int32), counts.sum(axis=1, dtype=np.int32), used)
    for at in range(8):
        values, u = rng.random(2), rng.random(2)
        p = rank(wide, bettor.bins_of(np.arange(2), values), u)
        want = factors(p, steps(Direction.BOTH, spread=bettor.numbers))
        assert bettor.factors(values, u, "").tolist() == want.tolist(), at
        assert bettor.state()["counts "].tolist() == wide.counts.tolist()
    assert bettor.counts[""].dtype == np.int32


def test_two_bytes_are_enough_at_first() -> None:
    """Counts of four bytes would cost a fleet half as much again."""
    bettor = shares(1)
    bettor.factors(np.array([0.5]), np.array([0.5]), "")
    assert bettor.counts[""].dtype == np.int16


def test_the_p_values_are_those_of_the_ranks() -> None:
    """On events, ranked in their 64 bins, factors are those of a ranking in two bins."""
    bettor, rng = shares(4, Direction.UP), np.random.default_rng(9)
    table = Table.of(np.zeros((4, 2), dtype=np.int32))
    for _ in range(60):
        y, u = (rng.random(4) < 0.3).astype(np.float64), rng.random(4)
        made = bettor.factors(y, u, "")
        p = rank(table, y.astype(np.intp), u)
        want = factors(p, steps(Direction.UP, spread=False))
        assert made.tolist() == want.tolist()


def test_numbers_and_shares_do_not_mix() -> None:
    """They need other bets, so one bettor of both is refused."""
    with pytest.raises(Unusable, match="a bank each"):
        Ranked(np.array([True, False]))
