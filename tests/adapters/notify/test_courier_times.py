# SPDX-License-Identifier: Apache-2.0
"""The courier in time: steps, digests, quiet hours, people who move, messages that are rewritten, old rows."""

from dataclasses import replace

import pytest

from gyges.adapters.notify.channel import Later
from gyges.adapters.notify.courier import KEEP_MS, send_test
from gyges.case import State
from tests.adapters.notify.office import (
    NOON,
    Office,
    Postbox,
    a_case,
    a_notice,
    a_vote,
    chat,
    hook,
    mail,
    person,
)

pytestmark = pytest.mark.anyio


async def test_nobody_is_asked_about_what_is_over() -> None:
    """A case that was settled before its message went out: the message does not go out, and the log is silent."""
    office = Office()
    await office.has(a_case())
    await office.courier.tell(a_notice())
    await office.has(replace(a_case(state=State.DENIED), version=1))
    await office.courier.carry("post")
    assert (office.box.told, await office.logged()) == ([], [])
    assert [row.said for row in await office.rows()] == ["the case is denied already"]


async def test_a_ladder_reminds_while_the_case_waits() -> None:
    """At once, after ten minutes, after half an hour; an answer ends it."""
    office = Office(plans=(hook(after_seconds=(0, 600, 1800)),))
    await office.has(a_case())
    assert await office.tells(a_notice()) == 600_000
    await office.after(600)
    assert office.box.told == [("c-1",), ("c-1",)]
    await office.has(replace(a_case(state=State.GRANTED), version=1))
    await office.after(1200)
    assert len(office.box.told) == 2


async def test_quiet_hours_collect_until_the_morning() -> None:
    """A quiet Saturday: the medium waits for Sunday and arrives in one message; the high comes through."""
    box = Postbox(collects=True)
    office = Office(plans=(mail(quiet_days=("sat",), to=("a@b",), people=False),), box=box)
    await office.has(a_case(), a_case("c-2"), a_case("c-3", risk=80))
    notices = [a_notice(f"n-{n}", case=f"c-{n}") for n in (1, 2, 3)]
    assert await office.tells(*notices) == 12 * 3_600_000
    assert box.told == [("c-3",)]
    await office.after(12 * 3600)
    assert box.told == [("c-3",), ("c-1", "c-2")]
    assert len(await office.logged()) == 3


async def test_a_digest_is_one_message_for_each_person() -> None:
    """What came within the hour goes out at its end, together; the urgent at once and alone."""
    box = Postbox(collects=True)
    office = Office(plans=(mail(digest_seconds=3600),), box=box)
    cases = [a_case(f"c-{n}", risk=80 if n == 2 else 10) for n in range(4)]
    await office.has(*cases, people=[person("ann", "finance"), person("bea", "finance")])
    office.clock.advance(1)
    notices = [a_notice(f"n-{n}", case=f"c-{n}", at=NOON + 1) for n in range(4)]
    assert await office.tells(*notices) == 3_599_999
    assert {(m.target, m.tellings[0].case) for m in box.got} == {
        ("ann@example.org", "c-2"), ("bea@example.org", "c-2")
    }  # fmt: skip
    await office.after(3600)
    later = {m.target: [t.case for t in m.tellings] for m in box.got[2:]}
    assert later == {
        "ann@example.org": ["c-0", "c-1", "c-3"],
        "bea@example.org": ["c-0", "c-1", "c-3"],
    }
    assert len({m.id for m in box.got}) == 4


async def test_a_batch_that_failed_stays_whole() -> None:
    """The next attempt has the same cases, the same addressee and the same id."""
    box = Postbox(collects=True, fails=[Later("down")])
    office = Office(plans=(mail(to=("a@b",), people=False),), box=box)
    await office.has(a_case(), a_case("c-2"))
    await office.tells(a_notice(), a_notice("n-2", case="c-2"))
    await office.after(6)
    assert box.told == [("c-1", "c-2")]


async def test_an_address_is_looked_up_when_it_is_told() -> None:
    """Somebody who moved is told at the new address; somebody who left, or approves no more, is not told."""
    box = Postbox(collects=True, fails=[Later("down")] * 3)
    office = Office(plans=(mail(),), box=box)
    staff = [person(name, "finance") for name in ("ann", "bea", "cy")]
    await office.has(a_case(), people=staff)
    await office.tells(a_notice())
    ann = replace(staff[0], email="new@example.org", version=1)
    left = replace(staff[1], disabled=1, version=1)
    moved = replace(staff[2], roles=(), version=1)
    await office.has(people=[ann, left, moved])
    await office.after(6)
    assert [m.target for m in box.got] == ["new@example.org"]
    assert [(b["person"], b["ok"]) for b in await office.logged()] == [("ann", True)]
    gone = "the account has no address any more, or does not approve"
    assert [row.said for row in await office.rows()] == ["", gone, gone]


async def test_an_end_rewrites_what_was_asked() -> None:
    """The message of a case that is decided is rewritten once, by the reference it was sent with."""
    box = Postbox(amends=True)
    office = Office(plans=(chat(),), box=box)
    await office.has(a_case())
    await office.tells(a_notice())
    await office.has(replace(a_case(state=State.GRANTED, votes=(a_vote(),)), version=1))
    await office.tells(end := a_notice("n-2", kind="granted"))
    await office.tells(end)
    assert [(m.ref, m.tellings[0].kind) for m in box.got] == [("", "waiting"), ("ref-1", "granted")]
    assert len(await office.logged()) == 1


async def test_what_never_went_out_is_not_rewritten() -> None:
    """The case ended before its message was sent: neither is."""
    box = Postbox(amends=True)
    office = Office(plans=(chat(),), box=box)
    await office.has(a_case())
    await office.courier.tell(a_notice())
    await office.has(replace(a_case(state=State.EXPIRED), version=1))
    await office.courier.tell(a_notice("n-2", kind="expired"))
    await office.courier.carry("post")
    assert box.got == []
    assert [row.said for row in await office.rows()] == [
        "the case is expired already", "there is no message to rewrite"
    ]  # fmt: skip


async def test_a_rewriting_comes_at_night_too() -> None:
    """Quiet hours hold back no correction: it makes no sound."""
    box = Postbox(amends=True)
    office = Office(plans=(chat(quiet_days=("sun",)),), box=box)
    await office.has(a_case())
    await office.tells(a_notice())
    office.clock.advance(seconds=86_400)
    await office.has(replace(a_case(state=State.DENIED), version=1))
    await office.tells(a_notice("n-2", kind="denied", at=office.clock.now()))
    assert [m.ref for m in box.got] == ["", "ref-1"]


async def test_finished_rows_are_forgotten_after_a_month() -> None:
    """The outbox stays small, and what is not finished stays."""
    office = Office(box=Postbox(fails=[]))
    await office.has(a_case(), a_case("c-2"))
    await office.tells(a_notice())
    await office.after(KEEP_MS / 1000 - 1)
    assert len(await office.rows()) == 1
    await office.after(1)
    assert await office.rows() == []


async def test_without_channels_nothing_is_written() -> None:
    """A gate without notify.toml makes no rows and needs no store for it."""
    office = Office(plans=())
    office.store.down = "away"
    await office.courier.tell(a_notice())
    office.store.down = ""
    assert await office.rows() == []


async def test_a_test_message_says_that_it_is_one() -> None:
    """It goes to the fixed addressees and leaves no row."""
    office = Office(plans=(mail(to=("a@b", "c@d")),), box=Postbox(collects=True))
    leg = office.courier.legs["post"]
    assert await send_test(leg, base="https://gate.example.org", now=NOON) == 2
    assert [m.target for m in office.box.got] == ["a@b", "c@d"]
    assert {m.tellings[0].kind for m in office.box.got} == {"test"}
    assert await office.rows() == []
