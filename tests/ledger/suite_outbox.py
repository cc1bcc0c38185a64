# SPDX-License-Identifier: Apache-2.0
"""The contract of `ports` about deliveries. See `store_suite`."""

from dataclasses import replace

from gyges.ports import Change, Delivery, DeliveryQuery
from tests.ledger.store_words import NOW, Everything


def a_delivery(
    id: str = "d-1", *, channel: str = "mail", case: str = "c-1", due: int = NOW, done: int = 0,
    token: str = "",
) -> Delivery:  # fmt: skip
    """One message that `channel` owes alice."""
    return Delivery(
        id=id, notice="n-1", kind="waiting", case=case, at=NOW, channel=channel, target="alice",
        groups=("finance",), due=due, done=done, token=token,
    )  # fmt: skip


async def ids(store: Everything, query: DeliveryQuery) -> list[str]:
    """Which deliveries a query finds, in order."""
    return [found.id for found in await store.deliveries(query)]


class OutboxSuite:
    """Rows that are made once, tried often, and kept until they are forgotten."""

    async def test_a_delivery_is_made_once(self, store: Everything) -> None:
        """The same intent again changes nothing, in another change or in the same one."""
        made = a_delivery()
        await store.record(Change(events=(), deliveries=(made, replace(made, due=1))))
        tried = replace(made, due=0, done=NOW, attempts=1, ok=True, ref="m-1")
        await store.record(Change(events=(), attempts=(tried,)))
        await store.record(Change(events=(), deliveries=(made,)))
        assert await store.deliveries(DeliveryQuery()) == [tried]

    async def test_an_attempt_at_nothing_makes_nothing(self, store: Everything) -> None:
        """What was forgotten meanwhile does not come back."""
        await store.record(Change(events=(), deliveries=(a_delivery(),)))
        await store.record(Change(events=(), forgotten=("d-1", "d-none")))
        await store.record(Change(events=(), attempts=(a_delivery(),)))
        assert await store.deliveries(DeliveryQuery()) == []

    async def test_open_deliveries_come_by_their_time(self, store: Everything) -> None:
        """Earliest first, as they were made where times are equal; finished ones are not among them."""
        made = [
            a_delivery("d-1", due=NOW + 2),
            a_delivery("d-2", due=NOW),
            a_delivery("d-3", due=NOW),
            a_delivery("d-4", due=0, done=NOW),
        ]
        await store.record(Change(events=(), deliveries=tuple(made)))
        assert await ids(store, DeliveryQuery(open=True)) == ["d-2", "d-3", "d-1"]
        assert await ids(store, DeliveryQuery(due=NOW + 1)) == ["d-2", "d-3"]
        assert await ids(store, DeliveryQuery(open=True, limit=1)) == ["d-2"]
        assert await ids(store, DeliveryQuery(done=NOW)) == ["d-4"]
        assert await ids(store, DeliveryQuery(done=NOW - 1)) == []

    async def test_deliveries_are_found_by_what_they_are(self, store: Everything) -> None:
        """By id, channel, case and token; an empty token names nobody."""
        made = [
            a_delivery("d-1", token="t-1"),
            a_delivery("d-2", channel="chat"),
            a_delivery("d-3", case="c-2"),
        ]
        await store.record(Change(events=(), deliveries=tuple(made)))
        assert await ids(store, DeliveryQuery(id="d-3")) == ["d-3"]
        assert await ids(store, DeliveryQuery(channel="mail")) == ["d-1", "d-3"]
        assert await ids(store, DeliveryQuery(case="c-1", channel="chat")) == ["d-2"]
        assert await ids(store, DeliveryQuery(token="t-1")) == ["d-1"]
        assert await ids(store, DeliveryQuery(token="t-2")) == []
        moved = replace(made[0], token="t-2")
        await store.record(Change(events=(), attempts=(moved,)))
        assert await ids(store, DeliveryQuery(token="t-2")) == ["d-1"]
        assert await ids(store, DeliveryQuery(token="t-1")) == []
