# SPDX-License-Identifier: Apache-2.0
"""The ring test at the gate: its file, its key, what the log says first, and what may never change."""

import hashlib
import hmac
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.drift.coin import commitment, unwatched
from gyges.episode import Kind
from gyges.errors import Misconfigured
from gyges.ports import EventQuery
from gyges.testing import MemoryStore
from gyges.watch.ring import Ring, open_ring
from tests.watch.hall import CUE, RING

PLAN = {"design": '"d-1"', "share": "0.5", "cue": f'"{CUE}"'}


def folder_with(folder: Path, **plan: str) -> Path:
    """A data folder with a `ring.toml`; a field of "" is left out."""
    (folder / "keys").mkdir(exist_ok=True)
    fields = {**PLAN, **plan}
    lines = [f"{name} = {text}" for name, text in fields.items() if text]
    (folder / "ring.toml").write_text("\n".join(lines))
    return folder


async def begun(folder: Path, store: MemoryStore) -> Ring | None:
    """What a gate that starts with this folder has."""
    return await open_ring(folder, store=store, recorder=store, now=1000)


async def test_without_a_file_there_is_no_test(tmp_path: Path) -> None:
    """Nothing is made and nothing is written."""
    store = MemoryStore()
    assert await begun(tmp_path, store) is None
    assert not (tmp_path / "keys").exists()
    assert await declared(store) == []


async def declared(store: MemoryStore) -> list[dict[str, object]]:
    """What the log says of ring tests."""
    events = await store.events(EventQuery(kinds=(Kind.RING_DESIGN,)))
    return [{"subject": found.event.subject, **found.event.body} for found in events]


async def test_a_design_is_declared_once_before_anything_is_drawn(tmp_path: Path) -> None:
    """The key is made for its owner alone; the log has share, texts and commitment, and never the key."""
    store, folder = MemoryStore(), folder_with(tmp_path)
    ring = await begun(folder, store)
    assert ring is not None
    file = folder / "keys" / "ring.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert bytes.fromhex(file.read_text().strip()) == ring.key
    told = {
        "subject": "ring:d-1", "design": "d-1", "share": 0.5, "cue": CUE, "watched": "",
        "commitment": commitment(ring.key),
    }  # fmt: skip
    assert await begun(folder, store) == ring
    assert await declared(store) == [told]
    assert ring.key.hex() not in str(told)


async def test_two_designs_have_one_key_and_each_its_own_coin(tmp_path: Path) -> None:
    """A new design under the old key draws anew; both stand in the log."""
    store = MemoryStore()
    one = await begun(folder_with(tmp_path), store)
    two = await begun(folder_with(tmp_path, design='"d-2"'), store)
    assert one
    assert two
    assert one.key == two.key
    assert [told["design"] for told in await declared(store)] == ["d-1", "d-2"]
    sessions = [f"s-{n}" for n in range(64)]
    assert [one.told(s) for s in sessions] != [two.told(s) for s in sessions]


@pytest.mark.parametrize(
    "change",
    [{"share": "0.25"}, {"cue": '"Other words."'}, {"watched": '"This session is monitored."'}],
    ids=str,
)
async def test_what_began_does_not_change(tmp_path: Path, change: dict[str, str]) -> None:
    """Another share or text under the name of a design is refused, and says which; nothing is written."""
    store = MemoryStore()
    await begun(folder_with(tmp_path), store)
    with pytest.raises(Misconfigured, match=f"began with another {next(iter(change))}"):
        await begun(folder_with(tmp_path, **change), store)
    assert len(await declared(store)) == 1


async def test_another_key_is_another_design(tmp_path: Path) -> None:
    """A key put in place of the old one, and a key that is gone: refused, and no new one is made."""
    store, file = MemoryStore(), tmp_path / "keys" / "ring.key"
    await begun(folder_with(tmp_path), store)
    file.write_text("ab" * 32)
    with pytest.raises(Misconfigured, match="another commitment"):
        await begun(tmp_path, store)
    file.unlink()
    with pytest.raises(Misconfigured, match="is gone"):
        await begun(tmp_path, store)
    assert not file.exists()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"share": "0.01"}, "share must be in"),
        ({"share": '"half"'}, "share"),
        ({"share": ""}, "share"),
        ({"design": '""'}, "design"),
        ({"cue": '""'}, "cue"),
        ({"cue": '"x"', "watched": '" x "'}, "say the same"),
        ({"cue": f'"{"x" * 4001}"'}, "cue"),
        ({"arm": '"unwatched"'}, "arm"),
        ({"design": "["}, "ring.toml"),
    ],
    ids=str,
)
async def test_a_file_that_makes_no_test_is_refused(
    tmp_path: Path, plan: dict[str, str], message: str
) -> None:
    """With what is wrong, before a key is made or anything is written."""
    store = MemoryStore()
    with pytest.raises(Misconfigured, match=message):
        await begun(folder_with(tmp_path, **plan), store)
    assert await declared(store) == []
    assert not (tmp_path / "keys" / "ring.key").exists()


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [("ab" * 32, 0o640, "others can read"), ("xyz", 0o600, "not a key"), ("ab", 0o600, "1 bytes")],
)
async def test_a_key_that_is_none_is_refused(
    tmp_path: Path, text: str, mode: int, message: str
) -> None:
    """One that others can read, one that cannot be read, one that is too short."""
    file = folder_with(tmp_path) / "keys" / "ring.key"
    file.touch(0o600)
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(Misconfigured, match=message):
        await begun(tmp_path, MemoryStore())


def test_the_arm_is_what_the_format_says() -> None:
    """As docs/formats/log.md has it, without our code: a fraction below the share gets the cue."""
    ring = replace(RING, watched="Somebody looks at this session.")
    for n in range(200):
        said = hmac.new(ring.key, f"d-1\0s-{n}".encode(), hashlib.sha256).digest()
        cued = int.from_bytes(said, "big") / 2**256 < 0.5
        assert ring.told(f"s-{n}") == (CUE if cued else ring.watched)
        assert unwatched(ring.key, ring.design, f"s-{n}") is cued
    assert commitment(ring.key) == hashlib.sha256(b"gyges ring key\0" + ring.key).hexdigest()
