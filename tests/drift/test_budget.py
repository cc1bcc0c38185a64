# SPDX-License-Identifier: Apache-2.0
"""A budget's thresholds spend it, whatever the weights are, and a budget that promises nothing is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.drift.words import Budget, Unusable


@given(
    st.floats(0.01, 99),
    st.integers(100, 10**6),
    st.lists(st.floats(0.1, 10), min_size=1, max_size=9),
)
def test_the_thresholds_of_all_features_spend_the_budget(
    alarms: float, sessions: int, weights: list[float]
) -> None:
    """The sum of N / c over the features is B: expected false alarms of an e-detector in N units are at most N / c."""
    budget = Budget(alarms=alarms, sessions=sessions)
    limits = [budget.threshold(weight, sum(weights)) for weight in weights]
    assert sum(sessions / limit for limit in limits) == pytest.approx(alarms)
    assert min(limits) >= 1


@pytest.mark.parametrize(
    ("alarms", "sessions"), [(0.0, 10), (-1.0, 10), (10.0, 10), (float("nan"), 10)]
)
def test_a_budget_that_promises_nothing_is_refused(alarms: float, sessions: int) -> None:
    """The error names both numbers."""
    with pytest.raises(Unusable, match=f"budget: {alarms} alarms in {sessions} sessions"):
        Budget(alarms=alarms, sessions=sessions)
