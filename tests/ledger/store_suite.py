# SPDX-License-Identifier: Apache-2.0
"""What every store promises: the contracts of `gyges.ports` as tests, run against each of them.

A module that has a store gives a fixture `store` and a class that inherits `StoreSuite`.
"""

import asyncio
import hashlib
from dataclasses import replace
from typing import Protocol

import pytest

from gyges import canon
from gyges.case import Case, State
from gyges.episode import Kind
from gyges.errors import BadProof, Conflict, Malformed, NotFound
from gyges.ledger.checkpoint import Checkpoint, open_checkpoint
from gyges.ledger.entry import parse_payload
from gyges.ledger.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from gyges.ledger.tiles import bundles_of, tiles_of, unpack_entries
from gyges.ports import CaseQuery, Change, EventQuery, Idempotency, Log, Notice, Recorder, Store
from gyges.standing import Stop
from tests.ledger.store_words import (
    NOW,
    SIGNER,
    a_case,
    a_change,
    a_grant,
    a_key,
    an_event,
)


class Everything(Recorder, Store, Log, Protocol):
    """A store that fulfils all three ports, with its payloads readable."""

    async def payload(self, index: int) -> bytes | None:
        """The exported form."""
        ...


async def promised(store: Log) -> Checkpoint:
    """The checkpoint, verified."""
    return open_checkpoint(await store.checkpoint(), [SIGNER.verifier])


async def fill(store: Recorder, count: int, *, first: int = 0) -> None:
    """That many cases with one event each, in order."""
    changes = [a_change(a_case(f"c-{at}")) for at in range(first, first + count)]
    await asyncio.gather(*(store.record(change) for change in changes))


async def all_pages(store: Store, query: CaseQuery) -> list[str]:
    """Ids of all cases that match, page by page."""
    found: list[str] = []
    while True:
        page = await store.cases(query)
        found += [case.id for case in page.cases]
        if not page.next:
            return found
        query = replace(query, after=page.next)


class StoreSuite:
    """The contract. One store, empty, for each test."""

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

    async def test_nothing_is_due_in_an_empty_store(self, store: Everything) -> None:
        """The empty answers: 0, none, no page, an empty log that is signed."""
        assert await store.next_due() == 0
        assert await store.due(NOW, 10) == []
        assert (await store.cases(CaseQuery())).cases == ()
        assert await store.events(EventQuery()) == []
        assert (await promised(store)).size == 0
        assert await store.tile("tile/0/000") is None
        assert await store.entry(0) is None

    async def test_the_inbox_is_ordered_by_risk_then_deadline(self, store: Everything) -> None:
        """Highest risk first; at equal risk the one that runs out first; no deadline last."""
        facts = [("a", 5, 30), ("b", 9, 0), ("c", 9, 20), ("d", 5, 10), ("e", 9, 20)]
        for id, risk, deadline in facts:
            await store.record(a_change(a_case(id, risk=risk, deadline=deadline)))
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

    # --- events ---

    async def test_events_come_back_as_they_were(self, store: Everything) -> None:
        """Body, lookup fields and salt; the salted digest is the one in the leaf."""
        event = an_event("gate", body={"b": [1, 2.5, None, "é"], "a": {}}, episode="e-1")
        await store.record(Change(events=(event,)))
        (found,) = await store.events(EventQuery())
        assert (found.index, found.event, found.redacted) == (0, event, False)
        salted = bytes.fromhex(found.salt) + canon.encode(event.body)
        assert found.digest == "sha256:" + hashlib.sha256(salted).hexdigest()
        assert found.digest.encode() in (await store.entry(0) or b"")

    async def test_events_are_filtered(self, store: Everything) -> None:
        """By subject, agent, episode, kinds, time (end exclusive) and index, oldest first."""
        kinds = (Kind.PROPOSED, Kind.DECIDED, Kind.DONE)
        events = [
            an_event(
                f"c-{n % 5}",
                kind=kinds[n % 3],
                at=NOW + (n * 7) % 31,
                agent="demo" if n % 2 else "",
                episode="" if n % 4 else "e-1",
            )
            for n in range(40)
        ]
        await store.record(Change(events=tuple(events)))

        async def found(**query: object) -> list[int]:
            return [e.index for e in await store.events(EventQuery(**query))]  # type: ignore[arg-type]

        assert await found() == list(range(40))
        assert await found(first=30, limit=4) == [30, 31, 32, 33]
        assert await found(subject="c-2") == [n for n in range(40) if n % 5 == 2]
        assert await found(agent="demo", first=8) == [n for n in range(8, 40) if n % 2]
        assert await found(episode="e-1") == [n for n in range(40) if not n % 4]
        some = (Kind.DONE, Kind.PROPOSED)
        assert await found(kinds=some, limit=20) == [n for n in range(40) if n % 3 != 1][:20]
        span = [n for n in range(40) if 10 <= (n * 7) % 31 < 20]
        assert await found(since=NOW + 10, until=NOW + 20) == span
        both = [n for n in span if n % 5 == 2 and n % 3 == 0]
        assert (
            await found(subject="c-2", kinds=(Kind.PROPOSED,), since=NOW + 10, until=NOW + 20)
            == both
        )

    async def test_a_time_span_is_found_across_tiles(self, store: Everything) -> None:
        """Late stragglers far from their time are found, in whichever tile they lie."""
        ats = [NOW + n for n in range(700)]
        ats[650], ats[3], ats[699] = NOW + 100, NOW + 100, NOW + 101
        await store.record(Change(events=tuple(an_event(at=at) for at in ats)))
        found = await store.events(EventQuery(since=NOW + 100, until=NOW + 103))
        assert [e.index for e in found] == [3, 100, 101, 102, 650, 699]
        assert await store.events(EventQuery(since=NOW + 5000)) == []
        late = await store.events(EventQuery(since=NOW + 695))
        assert [e.index for e in late] == [695, 696, 697, 698]

    # --- log ---

    async def test_the_tree_is_that_of_its_entries(self, store: Everything) -> None:
        """Root, tiles and bundles agree with the RFC's own recursion over the entries."""
        await fill(store, 300)
        head = await promised(store)
        assert (head.origin, head.size) == (store.origin, 300)
        entries = [await store.entry(n) or b"" for n in range(300)]
        leaves = [leaf_hash(entry) for entry in entries]
        assert head.root == root_of(leaves)
        packed = [await store.tile(tile.path) or b"" for tile in bundles_of(300)]
        unpacked = [*unpack_entries(packed[0], 256), *unpack_entries(packed[1], 44)]
        assert unpacked == entries
        hashed = {tile.path: await store.tile(tile.path) for tile in tiles_of(300)}
        assert hashed == {
            "tile/0/000": b"".join(leaves[:256]),
            "tile/0/001.p/44": b"".join(leaves[256:]),
            "tile/1/000.p/1": root_of(leaves[:256]),
        }

    async def test_paths_that_lead_nowhere_have_no_tile(self, store: Everything) -> None:
        """What the log has not reached, and what is no path at all, is None."""
        await fill(store, 3)
        assert await store.tile("tile/0/000.p/2") is not None
        for path in (
            "tile/0/000",
            "tile/0/000.p/4",
            "tile/1/000.p/1",
            "tile/0/001.p/1",
            "tile/63/000",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/entries/000.p/4",
            "../checkpoint",
            "",
        ):
            assert await store.tile(path) is None, path
        assert await store.entry(-1) is None
        assert await store.entry(2**70) is None

    async def test_proofs_hold(self, store: Everything) -> None:
        """Inclusion of every entry and consistency with every size lead to the signed roots."""
        await fill(store, 20)
        leaves = [leaf_hash(await store.entry(n) or b"") for n in range(20)]
        for size in (1, 7, 20):
            root = root_of(leaves[:size])
            for index in range(size):
                verify_inclusion(
                    leaves[index], index, size, await store.inclusion(index, size), root
                )
        new = root_of(leaves)
        for old in range(1, 21):
            proof = await store.consistency(old, 20)
            verify_consistency(old, 20, proof, root_of(leaves[:old]), new)

    async def test_no_proof_leaves_the_published_tree(self, store: Everything) -> None:
        """Sizes beyond the checkpoint, places beyond the size and empty trees are refused."""
        await fill(store, 3)
        for question in (store.inclusion(0, 4), store.consistency(1, 4)):
            with pytest.raises(NotFound):
                await question
        for refused in (store.inclusion(3, 3), store.inclusion(-1, 3), store.consistency(0, 3)):
            with pytest.raises(BadProof):
                await refused

    async def test_checkpoints_grow_consistently(self, store: Everything) -> None:
        """Each checkpoint contains the one before, across batches of many sizes."""
        heads = [await promised(store)]
        for count in (1, 3, 60, 200, 1):
            await fill(store, count, first=heads[-1].size)
            heads.append(await promised(store))
        for old, new in zip(heads[1:], heads[2:], strict=False):
            proof = await store.consistency(old.size, new.size)
            verify_consistency(old.size, new.size, proof, old.root, new.root)

    # --- redaction ---

    async def test_a_redacted_payload_is_gone_and_proofs_stay(self, store: Everything) -> None:
        """Payload and salt go, the closed case keeps its digest but none of its words."""
        case = replace(
            a_case(state=State.DONE, arguments={"secret": "hunter2"}), reason="told", guidance="hm"
        )
        await store.record(a_change(case))
        await store.record(a_change(a_case("c-2")))
        salt, payload = parse_payload(await store.payload(0) or b"")
        assert (len(salt), payload) == (16, b'{"said":"c-1"}')
        before = await promised(store)
        receipt = await store.redact([0], an_event("c-1", kind=Kind.REDACTED))
        assert receipt.indices == (2,)
        assert await store.payload(0) is None
        found = await store.events(EventQuery())
        assert [e.redacted for e in found] == [True, False, False]
        assert (found[0].event.body, found[0].salt) == ({}, "")
        kept = await store.case("c-1")
        assert kept is not None
        assert (kept.version, kept.digest, kept.action.arguments) == (2, case.digest, {})
        assert (kept.reason, kept.guidance) == ("", "")
        after = await promised(store)
        leaf = leaf_hash(await store.entry(0) or b"")
        verify_inclusion(leaf, 0, 3, await store.inclusion(0, 3), after.root)
        proof = await store.consistency(2, 3)
        verify_consistency(2, 3, proof, before.root, after.root)

    async def test_an_open_case_is_not_redacted(self, store: Everything) -> None:
        """While somebody still has to decide or run it, its words stay; nothing is written."""
        await store.record(a_change(a_case(state=State.GRANTED), a_case("c-2", state=State.DENIED)))
        with pytest.raises(Conflict):
            await store.redact([0, 1], an_event("gate", kind=Kind.REDACTED))
        assert (await promised(store)).size == 2
        assert await store.payload(1) is not None

    @pytest.mark.parametrize("index", [1, -1, 2**70])
    async def test_what_is_not_there_cannot_be_redacted(
        self, store: Everything, index: int
    ) -> None:
        """An index that the log has not reached is refused, and nothing is recorded."""
        await store.record(Change(events=(an_event("gate"),)))
        with pytest.raises(NotFound):
            await store.redact([0, index], an_event("gate", kind=Kind.REDACTED))
        assert await store.payload(0) is not None
        assert (await promised(store)).size == 1


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
