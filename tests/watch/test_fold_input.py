# SPDX-License-Identifier: Apache-2.0
"""The log may tell anything of episodes: what cannot be used is counted with its reason, and the rest goes on."""

from dataclasses import replace
from typing import Any

import pytest

from gyges.drift.words import Kind as Sort
from gyges.episode import Kind, Recorded
from gyges.watch import asked
from gyges.watch.arms import Arms
from gyges.watch.fold import SKEW_MS, Fold
from gyges.watch.plan import Watched
from tests.watch.drifting import PLAN, Town

pytestmark = pytest.mark.anyio
TOOLS = Watched(name="tools", kind=Sort.CALLS)
BOTH = replace(PLAN, features=(*PLAN.features, TOOLS))


async def told(*closed: dict[str, Any]) -> asked.AgentDrift:
    """What is shown of an agent after these closes and a good one."""
    town = Town()
    book = await town.book(BOTH)
    for body in (*closed, {}):
        await town.closed(**body)
    await book.catch_up()
    return await book.ask(lambda fold: asked.agent_drift(fold, book.parts.docket, "bot"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"denied": -1}, "denied is -1.0, which is no share"),
        ({"denied": 2**53 - 1}, "which is no share"),
        ({"denied": "x"}, "denied is 'x', which is no share"),
        ({"denied": True}, "denied is True, which is no share"),
        ({"denied": ["a"]}, "which is no share"),
        ({"tools": "a"}, "tools is 'a', which is no calls"),
    ],
)
async def test_a_value_of_another_kind_is_counted_and_named(
    values: dict[str, Any], says: str
) -> None:
    """The episode is left out, what was wrong with it is said, and the next one counts."""
    found = await told({"values": values})
    assert found.left_out == {"refused": 1}
    assert says in found.told
    assert found.seen.units == 1


@pytest.mark.parametrize(
    ("closed", "left_out"),
    [
        ([{"values": None}], {"not whole": 1}),
        ([{"left_out": 3}], {"not whole": 1}),
        ([{"episode": 5}], {"not whole": 1}),
        ([{"episode": "e"}, {"episode": "e"}], {"refused": 1}),
        ([{"episode": "e"}, {"episode": "e", "agent": "other"}], {}),
        ([{"session": "s"}, {"session": "s", "agent": "other"}], {}),
        ([{"values": {"denied": 0.1, "unheard": 3}}], {}),
        ([{"design": "unheard"}], {}),
    ],
)
async def test_what_is_not_whole_or_comes_again_is_counted(
    closed: list[dict[str, Any]], left_out: dict[str, int]
) -> None:
    """Redacted parts, ids that are none, and duplicates; other agents have ids and sessions of their own."""
    assert (await told(*closed)).left_out == left_out


async def test_what_was_not_measured_or_is_not_known_is_counted_by_feature() -> None:
    """Never a zero: null and objects are not measured, and a tool that the plan does not know is unknown."""
    found = await told({"values": {"denied": None, "tools": ["unheard"]}}, {"values": {"denied": {}}})  # fmt: skip
    counts = {f.name: (f.missing, f.unknown) for f in found.features}
    assert counts == {"denied": (2, 0), "tools": (2, 1)}
    assert found.left_out == {}


async def test_a_clock_that_goes_backwards_is_counted() -> None:
    """What is dated more than clocks may differ before an agent's latest is left out; what comes after is taken."""
    town = Town()
    for _ in range(3):
        await town.closed()
    events = [found.event for found in await town.events(Kind.EPISODE_CLOSED)]
    fold = Fold(BOTH, "seed", Arms(None))
    late = replace(events[1], at=events[0].at - SKEW_MS - 1)
    for index, event in enumerate((events[0], late, events[2])):
        fold.take(Recorded(index=index, event=event, digest=""))
    assert fold.left_out == {"bot": {"refused": 1}}
    assert "the clock went backwards" in fold.told["bot"]
    assert fold.monitor.tally("bot", "denied").units == 2
