# SPDX-License-Identifier: Apache-2.0
"""The courier: intent exactly once, delivery at least once, through failures, crashes and restarts."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.adapters.notify import courier as couriers
from gyges.adapters.notify.channel import Later, Message, Never, Sent
from gyges.adapters.notify.courier import LONGEST_MS
from gyges.adapters.notify.plan import BACKOFF_S
from gyges.case import Case
from gyges.errors import StoreDown
from gyges.ledger.note import Signer
from gyges.ledger.sqlite import SqliteStore
from tests import patience
from tests.adapters.notify.office import (
    NOON,
    SECRET,
    Office,
    Postbox,
    a_case,
    a_notice,
    hook,
)

pytestmark = pytest.mark.anyio


async def test_a_notice_is_told_once() -> None:
    """However often it is handed over, before and after it went out, there is one message."""
    office = Office()
    await office.has(a_case())
    await office.courier.tell(a_notice())
    assert await office.tells(a_notice()) == LONGEST_MS
    await office.tells(a_notice())
    assert office.box.told == [("c-1",)]
    (row,) = await office.rows()
    assert (row.ok, row.due, row.done, row.attempts, row.ref) == (True, 0, NOON, 1, "ref-1")
    assert await office.logged() == [
        {
            "notice": "n-1", "kind": "waiting", "channel": "post", "person": "", "ok": True,
            "attempts": 1, "said": "",
        }
    ]  # fmt: skip


async def test_what_is_told_is_a_pointer() -> None:
    """Nothing that the agent wrote is in the message, in the outbox or in the log of it."""
    office = Office()
    await office.has(a_case())
    await office.tells(a_notice())
    assert SECRET not in repr((office.box.got, await office.rows(), await office.logged()))
    (telling,) = office.box.got[0].tellings
    assert telling.url == "https://gate.example.org/a/c-1"


async def test_a_failure_is_tried_again_under_the_same_id() -> None:
    """The wait grows; the message's id stays; the log hears of it once, at the end."""
    box = Postbox(fails=[Later("down"), ConnectionError("gone")])
    office = Office(box=box)
    await office.has(a_case())
    assert 5000 <= await office.tells(a_notice()) <= 6000
    assert await office.after(4) > 0
    assert box.tried == 1
    await office.after(2)
    (row,) = await office.rows()
    assert (box.tried, row.attempts, row.said) == (2, 2, "gone")
    await office.after(36)
    assert (box.tried, box.told) == (3, [("c-1",)])
    assert [body["attempts"] for body in await office.logged()] == [3]


async def test_patience_ends_and_the_log_says_so() -> None:
    """After the last attempt it is given up, with the reason, and never tried again."""
    box = Postbox(fails=[Later("no route\nto host")] * 20)
    office = Office(box=box)
    await office.has(replace(a_case(), deadline=0))
    await office.tells(a_notice())
    for seconds in BACKOFF_S:
        await office.after(seconds * 1.2)
    assert box.tried == len(BACKOFF_S) + 1
    assert await office.after(10**6) == LONGEST_MS
    assert box.tried == len(BACKOFF_S) + 1
    (body,) = await office.logged()
    assert (body["ok"], body["said"]) == (False, "no route")


async def test_never_is_never() -> None:
    """What the other side will not take is not tried twice."""
    office = Office(box=Postbox(fails=[Never("410")]))
    await office.has(a_case())
    assert await office.tells(a_notice()) == LONGEST_MS
    (body,) = await office.logged()
    assert (body["ok"], body["attempts"], body["said"]) == (False, 1, "410")


async def test_a_channel_that_asks_for_rest_gets_it() -> None:
    """After "in 90 seconds" nothing goes out on it, not for other cases either, until then."""
    box = Postbox(fails=[Later("busy", 90)])
    office = Office(box=box)
    await office.has(a_case(), a_case("c-2"))
    assert await office.tells(a_notice(), a_notice("n-2", case="c-2")) == 90_000
    assert await office.after(89) == 1000
    assert box.tried == 1
    await office.after(1)
    assert sorted(box.told) == [("c-1",), ("c-2",)]


async def test_a_crash_between_sending_and_writing_sends_again() -> None:
    """The store dies while the message is out: after a restart it goes out again, with the same id."""
    office = Office()

    class Dying(Postbox):
        async def send(self, message: Message, now: int) -> Sent:
            office.store.down = "power cut"
            return await super().send(message, now)

    await office.has(a_case())
    await office.courier.tell(a_notice())
    office.restarted(dying := Dying())
    with pytest.raises(StoreDown):
        await office.courier.carry("post")
    office.store.down = ""
    office.restarted(box := Postbox())
    await office.courier.carry("post")
    assert [m.id for m in dying.got] == [m.id for m in box.got]
    await office.courier.carry("post")
    assert len(box.got) == 1


async def test_being_cancelled_while_sending_loses_nothing() -> None:
    """A gate that is stopped in the middle of a message sends it after its next start."""
    office = Office()
    sending = asyncio.Event()

    class Slow(Postbox):
        async def send(self, message: Message, now: int) -> Sent:
            sending.set()
            await asyncio.Event().wait()
            raise AssertionError("nobody ends this wait")

    await office.has(a_case())
    await office.courier.tell(a_notice())
    task = asyncio.create_task(office.restarted(Slow()).run("post"))
    await sending.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    office.restarted(box := Postbox())
    await office.courier.carry("post")
    assert box.told == [("c-1",)]


async def test_a_message_that_hangs_is_given_up_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that never answers counts as failed after its time, and is tried again later."""
    monkeypatch.setattr(couriers, "LIMIT_S", 0)

    class Hung(Postbox):
        async def send(self, message: Message, now: int) -> Sent:
            await asyncio.Event().wait()
            raise AssertionError("nobody ends this wait")

    office = Office(box=Hung())
    await office.has(a_case())
    assert await office.tells(a_notice()) >= 5000
    (row,) = await office.rows()
    assert (row.attempts, row.said, row.done) == (1, "TimeoutError", 0)


async def test_the_outbox_survives_a_restart_of_the_store(tmp_path: Path) -> None:
    """Rows on disk: a store that is closed and opened again still owes the message, and owes it once."""

    async def opened() -> SqliteStore:
        signer = Signer.from_seed("test.example/log", b"\x07" * 32)
        return await SqliteStore.open(tmp_path / "db", origin="test.example/log", signer=signer)

    office = Office(store=await opened())
    await office.has(a_case())
    await office.courier.tell(a_notice())
    await office.store.close()
    office.store = await opened()
    office.restarted()
    await office.tells(a_notice())
    await office.store.close()
    office.store = await opened()
    office.restarted()
    await office.tells(a_notice())
    assert office.box.told == [("c-1",)]
    assert [body["ok"] for body in await office.logged()] == [True]
    await office.store.close()


async def test_no_channel_waits_for_another() -> None:
    """One channel hangs; the other tells."""
    office = Office(plans=(hook(name="slow"), hook(name="quick")))
    hung = asyncio.Event()
    told = asyncio.Event()

    class Hung(Postbox):
        async def send(self, message: Message, now: int) -> Sent:
            hung.set()
            await asyncio.Event().wait()
            raise AssertionError("nobody ends this wait")

    class Quick(Postbox):
        async def send(self, message: Message, now: int) -> Sent:
            told.set()
            return await super().send(message, now)

    await office.has(a_case())
    legs = dict(office.courier.legs)
    legs["slow"] = replace(legs["slow"], channel=Hung())
    legs["quick"] = replace(legs["quick"], channel=Quick())
    office.courier.legs = legs
    tasks = [asyncio.create_task(office.courier.run(name)) for name in legs]
    try:
        async with asyncio.timeout(patience.S):
            await office.courier.tell(a_notice())
            await hung.wait()
            await told.wait()
            while not await office.logged():  # noqa: ASYNC110 - the log tells nobody
                await asyncio.sleep(0)
        assert [(body["channel"], body["ok"]) for body in await office.logged()] == [
            ("quick", True)
        ]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_loop_outlives_a_store_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tries again, and tells when the store is back."""
    monkeypatch.setattr(couriers, "RETRY_MS", 1)
    office = Office()
    told = asyncio.Event()

    class Box(Postbox):
        async def send(self, message: Message, now: int) -> Sent:
            told.set()
            return await super().send(message, now)

    await office.has(a_case())
    await office.courier.tell(a_notice())
    office.store.down = "away"
    task = asyncio.create_task(office.restarted(Box()).run("post"))
    try:
        for _ in range(20):
            await asyncio.sleep(0)
        office.store.down = ""
        async with asyncio.timeout(patience.S):
            await told.wait()
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_clock_that_stands_still_ends_a_round() -> None:
    """What fails is not due again within the same round, so a round ends."""
    office = Office(box=Postbox(fails=[Later("x")] * 3))
    await office.has(*(a_case(f"c-{n}") for n in range(3)))
    await office.tells(*(a_notice(f"n-{n}", case=f"c-{n}") for n in range(3)))
    assert office.box.tried == 3


async def test_a_fault_of_ours_does_not_end_the_loop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody expected is logged with its place, and the channel goes on: the gate must not end for it."""
    monkeypatch.setattr(couriers, "LONGEST_MS", 1)
    office = Office()
    told = asyncio.Event()
    levels = [KeyError("no such level")]

    class Box(Postbox):
        async def send(self, message: Message, now: int) -> Sent:
            told.set()
            return await super().send(message, now)

    def level(_: Case) -> str:
        if levels:
            raise levels.pop()
        return "low"

    await office.has(a_case())
    await office.courier.tell(a_notice())
    courier = office.restarted(Box())
    courier._case_level = level
    task = asyncio.create_task(courier.run("post"))
    try:
        async with asyncio.timeout(patience.S):
            await told.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "no such level" in caplog.text
