# SPDX-License-Identifier: Apache-2.0
"""The contract of `ports.Recorder`, and of what is read by name. See `store_suite`."""

import asyncio
from dataclasses import replace

import pytest

from gyges.case import State
from gyges.episode import Kind
from gyges.errors import Conflict, Malformed
from gyges.ports import Change, EventQuery, Idempotency, Notice
from gyges.standing import Stop
from tests.ledger.store_words import (
    NOW,
    Everything,
    a_case,
    a_change,
    a_grant,
    a_key,
    an_event,
    promised,
)


class RecordSuite:
    """Writing, whole or not at all."""

    # --- record ---

    async def test_what_is_recorded_can_be_read(self, store: Everything) -> None:
        """A case comes back as it was, with the version and log place that the store gave it."""
        receipt = await store.record(a_change(case := a_case(risk=7, deadline=NOW + 5)))
        assert receipt.indices == (0,)
        assert receipt.size == 1
        assert await store.case("c-1") == case.stored(1, 0)
        assert await store.case("c-2") is None

    async def test_a_case_names_its_own_latest_event(self, store: Everything) -> None:
        """With several events and cases in a change, each case points at the last about itself."""
        change = Change(
            events=(an_event("c-1"), an_event("c-2"), an_event("c-1"), an_event("gate")),
            cases=(a_case("c-1"), a_case("c-2"), a_case("c-3")),
        )
        assert (await store.record(change)).indices == (0, 1, 2, 3)
        places = [await store.case(f"c-{n}") for n in (1, 2, 3)]
        assert [case.log_index for case in places if case] == [2, 1, 3]

    async def test_a_stale_version_is_refused_whole(self, store: Everything) -> None:
        """Compare-and-set: a change with one stale case writes nothing at all of its parts."""
        await store.record(a_change(a_case("c-1")))
        stale = a_case("c-1", state=State.DENIED)
        change = Change(
            events=(an_event("c-1"),),
            cases=(a_case("c-2"), stale),
            claims=("n-1",),
            idempotency=Idempotency(agent="demo", key="k", digest="d", case="c-2"),
            grants=(a_grant(),),
            stops=(Stop(scope="all", by="bob", at=NOW),),
            keys=(a_key(),),
            notices=(Notice(id="m-1", at=NOW, kind="waiting", case="c-2", groups=()),),
        )
        with pytest.raises(Conflict):
            await store.record(change)
        assert (await promised(store)).size == 1
        assert await store.case("c-2") is None
        assert await store.idempotency("demo", "k") is None
        assert await store.grant("g-1") is None
        assert not await store.claimed("n-1")
        assert [*await store.stops(), *await store.keys(), *await store.notices(9)] == []

    async def test_a_case_that_was_never_stored_cannot_be_updated(self, store: Everything) -> None:
        """Version 3 of nothing is a conflict, not an insertion."""
        with pytest.raises(Conflict):
            await store.record(a_change(a_case(version=3)))

    async def test_of_many_rivals_one_wins(self, store: Everything) -> None:
        """A hundred concurrent answers to one case: one is written, ninety-nine conflict."""
        await store.record(a_change(a_case()))
        seen = await store.case("c-1")
        assert seen is not None
        rivals = [
            a_change(replace(seen, reason=f"rival {n}"), kind=Kind.ANSWERED) for n in range(100)
        ]
        outcomes = await asyncio.gather(
            *(store.record(change) for change in rivals), return_exceptions=True
        )
        won = [at for at, outcome in enumerate(outcomes) if not isinstance(outcome, Exception)]
        assert won == [0], "changes are applied in the order of calling"
        assert all(isinstance(o, Conflict) for at, o in enumerate(outcomes) if at not in won)
        final = await store.case("c-1")
        assert final is not None
        assert (final.version, final.reason) == (2, "rival 0")
        assert (await promised(store)).size == 2

    async def test_changes_are_applied_in_the_order_of_calling(self, store: Everything) -> None:
        """Each step builds on the one before, though nobody waited in between."""
        steps = [replace(a_case(), version=n, reason=f"step {n}") for n in range(50)]
        receipts = await asyncio.gather(*(store.record(a_change(step)) for step in steps))
        assert [receipt.indices for receipt in receipts] == [(n,) for n in range(50)]
        final = await store.case("c-1")
        assert final is not None
        assert (final.version, final.reason, final.log_index) == (50, "step 49", 49)

    async def test_a_name_is_claimed_once_ever(self, store: Everything) -> None:
        """A nonce used by one change is refused to every other, and to one that names it twice."""
        claim = Change(events=(an_event(),), claims=("n-1", "n-2"))
        outcomes = await asyncio.gather(
            *(store.record(claim) for _ in range(20)), return_exceptions=True
        )
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19
        assert await store.claimed("n-1")
        assert not await store.claimed("n-3")
        with pytest.raises(Conflict):
            await store.record(Change(events=(an_event(),), claims=("n-3", "n-2")))
        with pytest.raises(Conflict):
            await store.record(Change(events=(an_event(),), claims=("n-4", "n-4")))
        assert not await store.claimed("n-3")

    async def test_an_idempotency_key_is_bound_once_an_agent(self, store: Everything) -> None:
        """The same key of another agent is another key; rebinding is a conflict."""
        mine = Idempotency(agent="demo", key="k", digest="d", case="c-1")
        other = replace(mine, agent="other", case="c-2")
        for pair in (mine, other):
            await store.record(Change(events=(an_event(),), idempotency=pair))
        assert await store.idempotency("demo", "k") == mine
        assert await store.idempotency("other", "k") == other
        assert await store.idempotency("demo", "else") is None
        for pair in (mine, replace(mine, case="c-3")):
            with pytest.raises(Conflict):
                await store.record(Change(events=(an_event(),), idempotency=pair))
        assert await store.idempotency("demo", "k") == mine

    async def test_one_change_cannot_write_a_thing_twice(self, store: Everything) -> None:
        """Two versions of one case in a change would leave it open which one holds."""
        for change in (
            Change(events=(), cases=(a_case(), a_case(state=State.DENIED))),
            Change(events=(), grants=(a_grant(), a_grant())),
            Change(events=(), keys=(a_key("k-1", hash="h"), a_key("k-2", hash="h"))),
        ):
            with pytest.raises(Conflict):
                await store.record(change)

    async def test_a_body_without_canonical_form_fails_alone(self, store: Everything) -> None:
        """A neighbour in the same moment is written; the malformed one leaves no trace."""
        bad = Change(events=(an_event(body={"n": float("nan")}),), cases=(a_case("c-bad"),))
        good = a_change(a_case("c-good"))
        outcomes = await asyncio.gather(
            store.record(bad), store.record(good), return_exceptions=True
        )
        assert isinstance(outcomes[0], Malformed)
        assert await store.case("c-bad") is None
        assert await store.case("c-good") is not None
        assert (await promised(store)).size == 1

    async def test_a_caller_who_leaves_does_not_halve_a_change(self, store: Everything) -> None:
        """Cancelling the wait leaves the change whole or absent, and the next one is unharmed."""
        task = asyncio.ensure_future(store.record(a_change(a_case())))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.record(a_change(a_case("c-2")))
        size = (await promised(store)).size
        assert size == (1 if await store.case("c-1") is None else 2)
        assert len(await store.events(EventQuery())) == size

    # --- grants, stops, keys, notices ---

    async def test_grants_are_compare_and_set(self, store: Everything) -> None:
        """A use counted on a stale grant is refused."""
        await store.record(Change(events=(an_event("g-1"),), grants=(a_grant(),)))
        first = await store.grant("g-1")
        assert first == a_grant(version=1)
        used = replace(a_grant(version=1), uses=1, sum_used=2.5)
        await store.record(Change(events=(), grants=(used,)))
        assert await store.grant("g-1") == replace(used, version=2)
        with pytest.raises(Conflict):
            await store.record(Change(events=(), grants=(used,)))

    async def test_grants_are_found_by_agent_and_tool(self, store: Everything) -> None:
        """Empty filters match everything, in the order of making."""
        made = (a_grant("g-1"), a_grant("g-2", tool="mail"), a_grant("g-3", agent="other"))
        await store.record(Change(events=(), grants=made))
        assert [g.id for g in await store.grants()] == ["g-1", "g-2", "g-3"]
        assert [g.id for g in await store.grants(agent="demo")] == ["g-1", "g-2"]
        assert [g.id for g in await store.grants(agent="demo", tool="mail")] == ["g-2"]
        assert [g.id for g in await store.grants(tool="pay")] == ["g-1", "g-3"]

    async def test_stops_go_on_and_off(self, store: Everything) -> None:
        """A second stop of one scope replaces the first; lifting what is not on changes nothing."""
        one = Stop(scope="agent:demo", by="bob", at=NOW)
        two = Stop(scope="all", by="bob", at=NOW, reason="fire")
        await store.record(Change(events=(), stops=(two, one)))
        assert await store.stops() == [one, two]
        again = replace(one, reason="still")
        await store.record(Change(events=(), stops=(again,), lifted=("tool:none",)))
        assert await store.stops() == [again, two]
        await store.record(Change(events=(), lifted=("all", "agent:demo")))
        assert await store.stops() == []

    async def test_keys_are_found_by_hash_and_replaced_by_id(self, store: Everything) -> None:
        """A revoked key is the same key; nobody else may have its secret."""
        await store.record(Change(events=(), keys=(a_key("k-1"), a_key("k-2", name="bob"))))
        assert await store.key_by_hash("sha256:k-2") == a_key("k-2", name="bob")
        revoked = replace(a_key("k-1"), revoked=NOW)
        await store.record(Change(events=(), keys=(revoked,)))
        assert await store.key_by_hash("sha256:k-1") == revoked
        assert [key.id for key in await store.keys()] == ["k-1", "k-2"]
        assert await store.key_by_hash("sha256:none") is None
        with pytest.raises(Conflict):
            await store.record(Change(events=(), keys=(a_key("k-3", hash="sha256:k-1"),)))

    async def test_a_key_that_is_replaced_sets_its_secret_free(self, store: Everything) -> None:
        """Within one burst: the first key takes another secret, so a second may have the former."""
        await store.record(Change(events=(), keys=(a_key("k-1", hash="h-1"),)))
        moves = [a_key("k-1", hash="h-2"), a_key("k-2", hash="h-1"), a_key("k-3", hash="h-2")]
        done = await asyncio.gather(
            *(store.record(Change(events=(), keys=(key,))) for key in moves),
            return_exceptions=True,
        )
        assert [isinstance(outcome, Conflict) for outcome in done] == [False, False, True]
        assert await store.key_by_hash("h-1") == moves[1]
        assert await store.key_by_hash("h-2") == moves[0]

    async def test_notices_wait_until_told(self, store: Everything) -> None:
        """Oldest first, each once, gone when delivered."""
        made = [
            Notice(id=f"m-{n}", at=NOW, kind="waiting", case="c", groups=("a", "b"))
            for n in range(4)
        ]
        await store.record(Change(events=(), notices=tuple(made[:3])))
        await store.record(Change(events=(), notices=(made[0], made[3])))
        assert await store.notices(10) == made
        assert await store.notices(2) == made[:2]
        await store.record(Change(events=(), told=("m-1", "m-0", "m-none")))
        assert await store.notices(10) == made[2:]
