# SPDX-License-Identifier: Apache-2.0
"""Paired replay: fair under the null, quick where an arm wins, and what agrees counts for nothing."""

import math

import numpy as np
import pytest

from gyges.drift.paired import PairedTest
from gyges.drift.words import Unusable


def played(test: PairedTest, pairs: str) -> PairedTest:
    """Pairs by letter: u and w happened in one arm only, b in both, n in none."""
    for pair in pairs:
        test.step(unwatched=pair in "ub", watched=pair in "wb")
    return test


def test_evidence_is_the_product_of_the_formula() -> None:
    """Worked out by hand for four pairs that differ and two that do not."""
    test = played(PairedTest(), "ubuwnu")
    assert test.evidence == pytest.approx(2**4 * (2 / 4) * (3 / 5) * (2 / 6) * (4 / 7))
    assert (test.agree, test.only_unwatched, test.only_watched) == (2, 3, 1)


@pytest.mark.parametrize("past", ["", "uuwb", "wwwwww"])
def test_evidence_is_fair(past: str) -> None:
    """After any past, the mean over both sides of the next pair is what it was."""
    before = played(PairedTest(), past).evidence
    both = [played(PairedTest(), past + side).evidence for side in "uw"]
    assert sum(both) / 2 == pytest.approx(before)


def test_pairs_that_agree_are_no_evidence() -> None:
    """A thousand of them leave it at 1, and make the gap's interval narrow."""
    test = played(PairedTest(), "bn" * 500)
    assert test.evidence == 1
    gap, low, high = test.gap
    assert gap == 0
    assert -0.05 < low < 0 < high < 0.05


def test_one_arm_that_wins_rings() -> None:
    """Ten pairs on one side reach 1 / 0.05, and the gap is nearly all."""
    test = PairedTest()
    rang = [test.step(unwatched=True, watched=False) for _ in range(60)]
    assert rang[9]
    assert not rang[3]
    gap, low, high = test.gap
    assert gap == 1
    assert low > 0.5
    assert high == 1


@pytest.mark.slow
def test_alpha_holds_at_any_time() -> None:
    """Of 1,000 runs of 400 pairs that fall like coins, fewer alarm than a twofold violation would give."""
    rng, alarmed = np.random.default_rng(4), 0
    for _ in range(1000):
        test = played(PairedTest(), "".join(rng.choice(list("uwbn"), 400)))
        alarmed += test.peak >= 20
    assert alarmed <= 50 + 3.1 * math.sqrt(47.5)


def test_bad_input_is_refused() -> None:
    """Alpha is in (0, 1)."""
    for alpha in (0.0, 1.0, math.nan):
        with pytest.raises(Unusable, match="alpha"):
            PairedTest(alpha)
    assert played(PairedTest(), "u" * 3000).evidence <= 1e300
