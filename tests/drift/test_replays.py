# SPDX-License-Identifier: Apache-2.0
"""Replays of prompts in both arms: fair, symmetric, and nothing that is missing is a number."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.drift.paired import PairedTest
from gyges.drift.replays import ByArm, Replays, Values
from gyges.drift.words import Direction, Feature, Kind, Unusable

REFUSED, SECONDS = Feature(name="refused", kind=Kind.BINARY), Feature(name="s", kind=Kind.NUMBER)
Pair = tuple[Values | None, Values | None]

events = st.fixed_dictionaries(
    {}, optional={"refused": st.booleans(), "s": st.floats(-1e9, 1e9) | st.sampled_from([1.0, 2.0])}
)
pairs = st.lists(st.tuples(st.none() | events, st.none() | events), max_size=30)


def replayed(kept: Sequence[Pair], alpha: float = 0.05) -> Replays:
    """These pairs, one prompt each."""
    tests = Replays([REFUSED, SECONDS], alpha=alpha)
    for at, (unwatched, watched) in enumerate(kept):
        tests.step(f"p{at}", unwatched, watched)
    return tests


@pytest.mark.slow
@given(pairs)
def test_arms_that_change_places_change_the_sign_alone(kept: list[Pair]) -> None:
    """Evidence stays, the gap and its interval turn round, and so do all counts."""
    one = replayed(kept).report()
    other = replayed([(watched, unwatched) for unwatched, watched in kept]).report()
    assert one.pairs == other.pairs
    assert (one.lost.unwatched, one.lost.both) == (other.lost.watched, other.lost.both)
    for here, there in zip(one.compared, other.compared, strict=True):
        assert (here.evidence, here.peak) == pytest.approx((there.evidence, there.peak))
        assert (here.gap, here.low) == pytest.approx((-there.gap, -there.high))
        assert here.first_unwatched == there.first_watched
        assert here.unmeasured.unwatched == there.unmeasured.watched


@pytest.mark.slow
@given(pairs)
def test_every_prompt_is_counted_once(kept: list[Pair]) -> None:
    """Compared, without a value, or without an answer: together they are all there were."""
    found = replayed(kept).report()
    lost = found.lost
    assert found.pairs + lost.unwatched + lost.watched + lost.both == len(kept)
    for one in found.compared:
        missing = one.unmeasured
        assert one.pairs + missing.unwatched + missing.watched + missing.both == found.pairs


def test_a_feature_is_its_paired_test_at_its_part_of_alpha() -> None:
    """Two features have half of alpha each, and of a number the sign alone counts."""
    kept: list[Pair] = [({"refused": True, "s": 1e9}, {"refused": False, "s": 1}) for _ in range(9)]
    test = PairedTest(0.025)
    for _ in range(9):
        test.step(unwatched=True, watched=False)
    for one in replayed(kept).report().compared:
        assert (one.evidence, one.limit, one.rang) == (test.evidence, 40, test.peak >= 40)
        assert (one.gap, one.low, one.high) == test.gap
    assert "larger unwatched in 9" in replayed(kept).report().compared[1].says


def test_prompts_that_differ_are_named_and_a_null_says_what_it_excludes() -> None:
    """The first of each way stand in the report; where nothing rang, a bound does."""
    kept: list[Pair] = [({"refused": True}, {"refused": at != 3}) for at in range(300)]
    one, other = replayed(kept).report().compared
    assert (one.first_unwatched, one.first_watched) == (("p3",), ())
    assert one.excluded is not None
    assert 0 < one.excluded < 0.1
    assert "gaps above" in one.says
    assert (other.pairs, other.excluded) == (0, None)
    assert other.unmeasured == ByArm(both=300)
    assert "nothing can be said" in other.says


@pytest.mark.parametrize("what", ["an answer", "a value"])
def test_what_is_missing_in_one_arm_alone_is_warned_of(what: str) -> None:
    """Sixteen on one side are no chance; the same in both arms are; neither is evidence on behaviour."""
    full: Values = {"refused": True, "s": 1.0}
    lacks: Values | None = None if what == "an answer" else {"s": 1.0}
    place = 0 if what == "an answer" else 1
    uneven = replayed([(lacks, full)] * 16).report()
    assert not uneven.checks[place].holds
    assert "unwatched only 16" in uneven.checks[place].says
    even = replayed([(lacks, full), (full, lacks)] * 40).report()
    assert all(check.holds for check in (*even.checks, *uneven.checks[place + 1 :]))
    assert {one.evidence for one in (*even.compared, *uneven.compared)} == {1.0}


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ([], "at least one"),
        ([REFUSED, REFUSED], "2 are called 'refused'"),
        ([Feature(name="t", kind=Kind.CATEGORY)], "make each label an event"),
        ([Feature(name="t", kind=Kind.SHARE)], "binary and number, not share"),
        ([Feature(name="t", kind=Kind.BINARY, direction=Direction.UP)], "looks both ways"),
        ([Feature(name="arm", kind=Kind.BINARY)], "holds the arm or the cue"),
        ([Feature(name="said NOBODY  watches", kind=Kind.BINARY)], "holds the arm or the cue"),
    ],
)
def test_features_that_cannot_be_compared_are_refused(features: list[Feature], told: str) -> None:
    """By name, before the first pair."""
    with pytest.raises(Unusable, match=told):
        Replays(features, cues=["", "Nobody watches"])
    with pytest.raises(Unusable, match="alpha"):
        Replays([REFUSED], alpha=1)


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("p0", {}, "p0: came before"),
        ("p1", {"refused": 1}, "refused is 1, which is no binary"),
        ("p1", {"s": True}, "s is True, which is no number"),
        ("p1", {"s": math.nan}, "s is nan"),
        ("p1", {"s": math.inf}, "s is inf"),
    ],
)
def test_a_bad_pair_is_refused_and_changes_nothing(name: str, values: Values, told: str) -> None:
    """In either arm; the prompt can come again as it should be."""
    for unwatched, watched in ((values, {}), ({}, values)):
        tests = replayed([({}, {})])
        before = tests.report()
        with pytest.raises(Unusable, match=told):
            tests.step(name, unwatched, watched)
        assert tests.report() == before
        tests.step("p1", {}, {})
