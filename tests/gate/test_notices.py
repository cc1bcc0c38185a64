# SPDX-License-Identifier: Apache-2.0
"""What people are told: that a case waits for them, that it ended, and nothing that nobody was asked."""

from pathlib import Path

import pytest

from gyges.case import Say
from gyges.ports import Notice
from tests.gate.world import World, world

pytestmark = pytest.mark.anyio


async def told(w: World) -> list[tuple[str, str, tuple[str, ...]]]:
    """Kind, case and groups of all notices so far."""
    return [(n.kind, n.case, n.groups) for n in await w.store.notices(50)]


async def test_what_needs_nobody_is_told_to_nobody(tmp_path: Path) -> None:
    """A case that policy allows or denies by itself makes no notice, and its permit's life neither."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a")
        await w.redeem(case, await w.permit(case))
        await w.propose("stop_log")
        assert await told(w) == []


async def test_a_denial_ends_what_was_asked(tmp_path: Path) -> None:
    """Who was asked hears that nothing is left to do; a vote that decides nothing is no news."""
    async with world(tmp_path) as w:
        pay = await w.propose("pay", to="bob", amount=900)
        await w.approve(pay, "ann")
        assert [kind for kind, _, _ in await told(w)] == ["waiting"]
        await w.corridor.answer(
            pay.id, by=w.keys["zoe"], say=Say.DENY, digest=pay.digest, reason="no"
        )
        assert (await told(w))[-1] == ("denied", pay.id, ("finance",))


async def test_withdrawing_and_editing_end_what_was_asked(tmp_path: Path) -> None:
    """An agent that takes its case back, and a person who edits it, end the old question."""
    async with world(tmp_path) as w:
        one = await w.propose("send_mail", to="x", body="y")
        await w.corridor.withdraw(one.id, by=w.keys["bot"])
        two = await w.propose("send_mail", to="x", body="z")
        new = await w.corridor.edit(
            two.id, by=w.keys["rex"], digest=two.digest, arguments={"to": "x", "body": "w"}
        )
        assert [(kind, case) for kind, case, _ in await told(w)] == [
            ("waiting", one.id), ("withdrawn", one.id), ("waiting", two.id),
            ("superseded", two.id), ("waiting", new.id),
        ]  # fmt: skip


def test_a_notice_is_a_pointer() -> None:
    """There is no place in it for arguments, purposes or a key."""
    assert set(Notice.__dataclass_fields__) == {"id", "at", "kind", "case", "groups"}
