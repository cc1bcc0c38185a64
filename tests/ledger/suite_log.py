# SPDX-License-Identifier: Apache-2.0
"""The contract of events, of `ports.Log` and of redaction. See `store_suite`."""

import hashlib
from dataclasses import replace
from itertools import pairwise

import pytest

from gyges import canon
from gyges.case import State
from gyges.episode import Kind
from gyges.errors import BadProof, Conflict, NotFound
from gyges.ledger.entry import parse_payload
from gyges.ledger.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from gyges.ledger.tiles import bundles_of, tiles_of, unpack_entries
from gyges.ports import Change, EventQuery
from tests.ledger.store_words import (
    NOW,
    Everything,
    a_case,
    a_change,
    an_event,
    fill,
    promised,
)


class LogSuite:
    """Events, tree, proofs, redaction."""

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
        assert await found(limit=4, latest=True) == [36, 37, 38, 39]
        assert await found(subject="c-2") == [n for n in range(40) if n % 5 == 2]
        assert await found(agent="demo", first=8) == [n for n in range(8, 40) if n % 2]
        assert await found(episode="e-1") == [n for n in range(40) if not n % 4]
        some = (Kind.DONE, Kind.PROPOSED)
        assert await found(kinds=some, limit=20) == [n for n in range(40) if n % 3 != 1][:20]
        assert await found(kinds=some, limit=5, latest=True) == [33, 35, 36, 38, 39]
        assert await found(subject="c-2", limit=2, latest=True) == [32, 37]
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
        for old, new in pairwise(heads[1:]):
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
