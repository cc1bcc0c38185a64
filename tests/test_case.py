# SPDX-License-Identifier: Apache-2.0
"""A case as the store gives it back: the same, but for its version and its place in the log."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.case import Case, Outcome, Say, State, Vote
from gyges.decision import Requirement

words = st.text(max_size=8)
vote = Vote(person="ann", group="finance", say=Say.APPROVE, at=5, digest="sha256:00")
cases = st.builds(
    Case,
    id=words,
    state=st.sampled_from(State),
    action=st.builds(Action, agent=words, tool=words, arguments=st.dictionaries(words, words)),
    digest=words,
    created=st.integers(0, 9),
    barred=st.tuples(words),
    requirement=st.builds(Requirement, groups=st.dictionaries(words, st.integers(0, 3))),
    votes=st.sampled_from([(), (vote,)]),
    outcome=st.none() | st.builds(Outcome, ok=st.booleans(), at=st.integers(0, 9)),
    version=st.integers(0, 9),
    log_index=st.integers(-1, 9),
)


@pytest.mark.slow
@given(cases, st.integers(1, 99), st.integers(0, 99))
def test_a_stored_case_is_the_same_case(case: Case, version: int, index: int) -> None:
    """Every field is kept but the two that the store sets, and the case before stays as it was."""
    before = replace(case)
    assert case.stored(version, index) == replace(case, version=version, log_index=index)
    assert case == before
    assert all(hasattr(case.stored(version, index), field.name) for field in fields(Case))
