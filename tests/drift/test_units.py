# SPDX-License-Identifier: Apache-2.0
"""Episodes to units: sessions close by word or by idleness, and what cannot be used is refused by name."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gyges.drift.layout import layout
from gyges.drift.rows import row_of, uniforms, unknown
from gyges.drift.units import LONGEST, RECENT, Sessions, units_of
from gyges.drift.words import Episode, Feature, Kind, Unusable
from tests.drift.world import FEATURES, IDLE, SECOND, Office

FIRST = Episode(id="a", agent="clerk", at=0, session="s", values={"refused": True})


def test_a_session_is_one_unit_and_closes_by_word() -> None:
    """Episodes of a session wait for its end, and are one unit with the time of the last."""
    sessions = Sessions(IDLE)
    assert sessions.take(FIRST) == []
    second = replace(FIRST, id="b", at=5)
    assert sessions.take(second) == []
    (unit,) = sessions.close("s", 9)
    assert (unit.id, unit.at, unit.episodes) == ("s/a", 5, (FIRST, second))


def test_a_session_closes_when_the_data_have_been_idle() -> None:
    """The next episode of the agent closes what has been idle for longer than the gap, not what has not."""
    sessions = Sessions(IDLE)
    sessions.take(FIRST)
    assert sessions.take(replace(FIRST, id="b", session="t", at=IDLE)) == []
    (unit,) = sessions.take(replace(FIRST, id="c", session="t", at=IDLE + 1))
    assert unit.session == "s"
    assert sessions.idle(3 * IDLE)[0].session == "t"


def test_a_session_that_comes_back_is_another_unit() -> None:
    """After it closed, the same session's id begins a new unit with an id of its own."""
    found = units_of([FIRST, replace(FIRST, id="b", at=2 * IDLE)], FEATURES, IDLE)
    assert [unit.id for unit in found] == ["s/a", "s/b"]


def test_a_session_cannot_be_kept_open_for_ever() -> None:
    """One that never ends closes itself after many episodes, and goes on as another unit."""
    sessions = Sessions(IDLE)
    found = [u for at in range(LONGEST) for u in sessions.take(replace(FIRST, id=f"e{at}", at=at))]
    assert [len(unit.episodes) for unit in found] == [LONGEST]
    assert sessions.take(replace(FIRST, id="next", at=LONGEST)) == []


def test_an_episode_without_a_session_is_a_unit_at_once() -> None:
    """It is complete when it comes, and bears its own id."""
    (unit,) = Sessions(IDLE).take(replace(FIRST, session=""))
    assert unit.id == "a"


BAD = {
    "came before": replace(FIRST, at=10),
    "the clock went backwards, from 10 to 9": replace(FIRST, id="b", at=9),
    "is no time": replace(FIRST, id="b", at=1.5),  # type: ignore[arg-type]
    "refused is 1, which is no binary": replace(FIRST, id="b", at=10, values={"refused": 1}),
    "seconds is nan, which is no number": replace(
        FIRST, id="b", at=10, values={"seconds": math.nan}
    ),
    "seconds is inf, which is no number": replace(
        FIRST, id="b", at=10, values={"seconds": math.inf}
    ),
    "tools is 'read', which is no calls": replace(FIRST, id="b", at=10, values={"tools": "read"}),
    "both need an id": replace(FIRST, id="", at=10),
    "session is None, which is no text": replace(FIRST, id="b", at=10, session=None),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("told", BAD)
def test_what_cannot_be_used_is_refused_by_name(told: str) -> None:
    """The error is one line that names the episode and what is wrong with it."""
    sessions = Sessions(IDLE)
    sessions.take(replace(FIRST, at=10))
    with pytest.raises(Unusable, match=told) as error:
        sessions.check(FEATURES, BAD[told])
    assert repr(BAD[told].id)[1:-1] in str(error.value)
    assert "\n" not in str(error.value)


def test_ids_are_known_again_for_a_long_time() -> None:
    """An id among the last many comes back in vain, whatever its time."""
    sessions = Sessions(IDLE)
    for at in range(RECENT):
        sessions.take(replace(FIRST, id=f"e{at}", session="", at=at))
    with pytest.raises(Unusable, match="episode e0: came before"):
        sessions.check(FEATURES, replace(FIRST, id="e0", at=RECENT))


def test_a_session_that_is_not_open_cannot_be_closed() -> None:
    """Closing names the session that is not there."""
    with pytest.raises(Unusable, match="session s: is not open"):
        Sessions(IDLE).close("s", 0)


def test_state_goes_to_plain_values_and_back() -> None:
    """Open sessions, ids and the clock go on where they were."""
    sessions, other = Sessions(IDLE), Sessions(IDLE)
    sessions.take(FIRST)
    other.restore(sessions.tree())
    assert other.close("s", 9) == sessions.close("s", 9)
    with pytest.raises(Unusable, match="came before"):
        other.check(FEATURES, replace(FIRST, at=9))


def test_ties_follow_from_seed_agent_and_unit() -> None:
    """The same names give the same numbers, others give others, and all lie inside (0, 1)."""
    found = uniforms("salt", "clerk", "u1", 4000)
    assert np.array_equal(found, uniforms("salt", "clerk", "u1", 4000))
    assert not np.array_equal(found, uniforms("salt", "clerk", "u2", 4000))
    assert not np.array_equal(found, uniforms("pepper", "clerk", "u1", 4000))
    assert found.min() > 0
    assert found.max() < 1
    assert abs(found.mean() - 0.5) < 4 * (1 / 12 / 4000) ** 0.5


def test_a_row_holds_shares_and_what_is_missing() -> None:
    """A session's share is over the episodes that measured it; nothing measured is NaN, not 0."""
    episodes = (
        FIRST,
        replace(FIRST, id="b", values={"refused": False}),
        replace(FIRST, id="c", values={}),
    )
    (unit,) = units_of(episodes, FEATURES, IDLE)
    row = row_of(layout(FEATURES), unit)
    assert row.values[0] == 0.5
    assert np.isnan(row.values[1:]).all()
    assert row.within is not None
    assert row.within[:, 0].tolist() == [2, 0.5]


def test_unknown_labels_are_counted() -> None:
    """Labels that a feature does not know are counted one by one."""
    tools = Feature(name="tools", kind=Kind.CALLS, categories=("read",))
    episode = replace(FIRST, values={"tools": ("read", "dig", "dig")})
    assert unknown(tools, [episode, FIRST]) == 2
    assert unknown(FEATURES[0], [FIRST]) == 0


def test_episodes_of_two_agents_are_no_units() -> None:
    """Units are one agent's; a stranger's episode is named."""
    with pytest.raises(Unusable, match="episode b: is of agent other"):
        units_of([FIRST, replace(FIRST, id="b", agent="other")], FEATURES, IDLE)


def test_the_office_keeps_its_times() -> None:
    """The world of these tests has sessions that close by idleness, a minute and more apart."""
    found = units_of(Office(session=3).episodes(9), FEATURES, IDLE)
    assert [len(unit.episodes) for unit in found] == [3, 3, 3]
    assert found[1].at - found[0].at == 90 * SECOND
