# SPDX-License-Identifier: Apache-2.0
"""The state table: no step that is not in it, and no way round it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.case import Case, State
from gyges.errors import Conflict
from gyges.gate.states import FINAL, TABLE, diagram, move, stay

ACTION = Action(agent="a", tool="t", arguments={})


def case(state: State) -> Case:
    """A case in `state`."""
    return Case(id="c-1", state=state, action=ACTION, digest=ACTION.digest, created=1, deadline=9)


@given(st.lists(st.sampled_from(State), max_size=8))
def test_no_walk_reaches_redeemed_after_denied(walk: list[State]) -> None:
    """However steps are tried, a case that was once denied is never redeemed."""
    here, past = case(State.PROPOSED), [State.PROPOSED]
    for state in walk:
        try:
            here = move(here, state)
        except Conflict:
            continue
        past.append(here.state)
    assert not (State.DENIED in past and State.REDEEMED in past)
    assert State.REDEEMED not in past or past[past.index(State.REDEEMED) - 1] is State.GRANTED


@pytest.mark.parametrize("state", State)
def test_every_state_is_in_the_table_and_final_ones_stay(state: State) -> None:
    """A final state admits no step and no change."""
    assert state in TABLE
    if state in FINAL:
        with pytest.raises(Conflict):
            stay(case(state), reason="again")
        for other in State:
            with pytest.raises(Conflict):
                move(case(state), other)


def test_a_step_turns_timers_off_unless_it_sets_them() -> None:
    """A timer of the state before never fires in the state after."""
    assert move(case(State.WAITING), State.DENIED).next_at == 0
    assert move(case(State.WAITING), State.GRANTED, deadline=77).next_at == 77


def test_the_diagram_in_the_docs_is_the_table() -> None:
    """The documentation draws the table that runs."""
    page = Path(__file__).parents[2] / "docs" / "corridor.md"
    assert diagram() in page.read_text()
