# SPDX-License-Identifier: Apache-2.0
"""The contract of the lists in `ports.Store`. See `store_suite`."""

from dataclasses import replace

import pytest

from gyges.case import Case, State
from gyges.episode import Running
from gyges.errors import Malformed
from gyges.ports import CaseQuery, Change, EventQuery, Recorder, Store
from tests.ledger.store_words import (
    NOW,
    Everything,
    a_case,
    a_change,
    all_pages,
    fill,
    promised,
)

EPISODES = (("bot", "e-1", 2), ("bot", "e-2", 1), ("other", "e-1", 3))


class ListSuite:
    """Order, filters, pages, timers."""

    # --- lists ---

    async def test_timers_come_due_in_order(self, store: Everything) -> None:
        """Earliest first, the moment itself included, cases without a timer never."""
        cases = [a_case(f"c-{n}", deadline=NOW + n * 10) for n in (3, 1, 2)]
        cases.append(replace(a_case("c-e", deadline=NOW + 99), escalate_at=NOW + 5))
        await store.record(a_change(*cases, a_case("c-never")))
        assert await store.next_due() == NOW + 5
        assert [c.id for c in await store.due(NOW + 20, 10)] == ["c-e", "c-1", "c-2"]
        assert [c.id for c in await store.due(NOW + 20, 1)] == ["c-e"]
        assert await store.due(NOW + 4, 10) == []
        done = replace(cases[3], version=1, deadline=0, escalate_at=0)
        await store.record(a_change(done))
        assert await store.next_due() == NOW + 10

    async def test_running_episodes_come_due_in_order(self, store: Everything) -> None:
        """By their time, of every agent; one that is put off moves, one with 0 is gone, cases count too."""
        ones = [Running(agent=a, id=i, due=NOW + n) for a, i, n in EPISODES]
        await store.record(Change(events=(), running=tuple(ones)))
        assert await store.next_due() == NOW + 1
        assert await store.idle(NOW + 2, 10) == [ones[1], ones[0]]
        assert await store.idle(NOW + 9, 1) == [ones[1]]
        assert await store.idle(NOW, 10) == []
        moved = (replace(ones[1], due=NOW + 7), replace(ones[0], due=0), replace(ones[0], id="no"))
        await store.record(Change(events=(), running=moved))
        assert [one.due for one in await store.idle(NOW + 9, 10)] == [NOW + 2, NOW + 3, NOW + 7]
        await store.record(a_change(a_case("c-1", deadline=NOW + 1)))
        assert await store.next_due() == NOW + 1

    async def test_nothing_is_due_in_an_empty_store(self, store: Everything) -> None:
        """The empty answers: 0, none, no page, an empty log that is signed."""
        assert await store.next_due() == 0
        assert await store.due(NOW, 10) == []
        assert await store.idle(NOW, 10) == []
        assert (await store.cases(CaseQuery())).cases == ()
        assert await store.events(EventQuery()) == []
        assert (await promised(store)).size == 0
        assert await store.tile("tile/0/000") is None
        assert await store.entry(0) is None

    async def test_the_inbox_is_ordered_by_risk_then_deadline(self, store: Everything) -> None:
        """Highest risk first; at equal risk the one that runs out first; no deadline last."""
        facts = [("a", 5, 30), ("b", 9, 0), ("c", 9, 20), ("d", 5, 10), ("e", 9, 20)]
        for name, risk, deadline in facts:
            await store.record(a_change(a_case(name, risk=risk, deadline=deadline)))
        await store.record(a_change(a_case("z", state=State.DENIED, risk=100)))
        for limit in (1, 2, 50):
            query = CaseQuery(states=(State.WAITING,), by_risk=True, limit=limit)
            assert await all_pages(store, query) == ["c", "e", "b", "d", "a"]

    async def test_lists_are_newest_first_and_filtered(self, store: Everything) -> None:
        """Every filter alone and all of them together; states are alternatives."""
        states = (State.WAITING, State.DENIED, State.DONE)
        cases = [
            a_case(
                f"c-{n}",
                state=states[n % 3],
                agent=f"agent{n % 2}",
                tool=f"tool{n % 4}",
                episode="" if n % 5 else "e-1",
            )
            for n in range(24)
        ]
        await fill_cases(store, cases)
        await check_filters(store, cases)

    async def test_pages_are_stable_while_cases_come_in(self, store: Everything) -> None:
        """New cases between two pages are neither repeated nor do they push others out."""
        await fill(store, 10)
        first = await store.cases(CaseQuery(limit=4))
        await fill(store, 5, first=10)
        second = await all_pages(store, CaseQuery(limit=4, after=first.next))
        assert [c.id for c in first.cases] + second == [f"c-{n}" for n in reversed(range(10))]

    @pytest.mark.parametrize(
        "cursor",
        ["x", "!!", "LTU=", "LTU6MQ", "LTA1", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "é", "MQ\n"],
    )
    async def test_a_forged_cursor_is_refused(self, store: Everything, cursor: str) -> None:
        """A cursor is taken back only in the form and for the order in which it was given."""
        with pytest.raises(Malformed):
            await store.cases(CaseQuery(after=cursor))

    async def test_a_cursor_of_another_order_is_refused(self, store: Everything) -> None:
        """A place by age means nothing in the list by risk."""
        await fill(store, 3)
        after = (await store.cases(CaseQuery(limit=1))).next
        with pytest.raises(Malformed):
            await store.cases(CaseQuery(limit=1, after=after, by_risk=True))


async def fill_cases(store: Recorder, cases: list[Case]) -> None:
    """Record each case by a change of its own."""
    for case in cases:
        await store.record(a_change(case))


async def check_filters(store: Store, cases: list[Case]) -> None:
    """Compare the lists under many filters with the same filters in Python."""
    for states in ((), (State.DENIED,), (State.WAITING, State.DONE)):
        for agent in ("", "agent1"):
            for tool in ("", "tool2", "tool3"):
                for episode in ("", "e-1"):
                    for digest in ("", cases[5].digest):
                        query = CaseQuery(
                            states=states,
                            agent=agent,
                            tool=tool,
                            episode=episode,
                            digest=digest,
                            limit=3,
                        )
                        expected = [
                            case.id
                            for case in reversed(cases)
                            if (not states or case.state in states)
                            and agent in ("", case.action.agent)
                            and tool in ("", case.action.tool)
                            and episode in ("", case.action.episode)
                            and digest in ("", case.digest)
                        ]
                        assert await all_pages(store, query) == expected, query
