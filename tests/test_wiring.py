# SPDX-License-Identifier: Apache-2.0
"""Wiring: what a data folder holds is what runs, what is written down, and what a reload replaces."""

from pathlib import Path

import pytest

from gyges import canon
from gyges.action import Action
from gyges.case import State
from gyges.episode import Kind
from gyges.errors import BadPolicy, Misconfigured, StoreDown
from gyges.ports import EventQuery
from gyges.principal import Scope
from gyges.settings import Settings
from gyges.watch.episodes import Opening
from gyges.wiring import Gate, found, open_gate
from tests.web.conftest import make_folder

pytestmark = pytest.mark.anyio
WARY = """
[[rule]]
id = "never-mind"
reason = "everything is odd today"
suspicion = 0.7
tools = ["read_file"]
when = [{ pointer = "/arguments/path", test = "longer_than", value = 0 }]
"""

MORE = '@id("more") forbid (principal, action, resource) when { context.risk == "pay" };'


async def loads(gate: Gate) -> list[dict[str, object]]:
    """What the log says of policies that were loaded."""
    events = await gate.store.events(EventQuery(kinds=(Kind.POLICY_LOADED,)))
    return [dict(found.event.body) for found in events]


async def test_a_reload_puts_rules_and_monitors_in_force_and_says_so(tmp_path: Path) -> None:
    """The next action is judged by what is on disk now; the log names policy and monitors."""
    folder = make_folder(tmp_path / "data")
    gate = await open_gate(Settings(data=str(folder)))
    try:
        bot, _ = await gate.enrol(name="bot", scope=Scope.AGENT, by="root", owner="olga")
        read = Action(agent="", tool="read_file", arguments={"path": "a"}, server="office")
        assert (await gate.corridor.propose(read, by=bot)).state is State.GRANTED
        (folder / "policy" / "monitors.toml").write_text(WARY)
        await gate.reload(by="root")
        assert (await gate.corridor.propose(read, by=bot)).state is State.WAITING
        told = await loads(gate)
        assert [load["monitors"] for load in told] == [[], ["rules"]]
        (folder / "policy" / "starter.cedar").write_text("permit (")
        with pytest.raises(BadPolicy):
            await gate.reload(by="root")
        assert (await gate.corridor.propose(read, by=bot)).state is State.WAITING
        assert len(await loads(gate)) == 2
    finally:
        await gate.close()


async def test_what_judges_now_is_what_an_episode_is_opened_under(tmp_path: Path) -> None:
    """Policy, monitors and their rules, before and after a reload; each episode keeps those of its opening."""
    folder = make_folder(tmp_path / "data")
    gate = await open_gate(Settings(data=str(folder)))
    try:
        bot, _ = await gate.enrol(name="bot", scope=Scope.AGENT, by="root", owner="olga")
        before = gate.policy.digest
        await gate.episodes.open(Opening(id="e-1"), by=bot)
        (folder / "policy" / "monitors.toml").write_text(WARY)
        (folder / "policy" / "more.cedar").write_text(MORE)
        await gate.reload(by="root")
        await gate.episodes.open(Opening(id="e-2"), by=bot)
        await gate.episodes.close("e-1", by=bot)
        kinds = (Kind.EPISODE_OPENED, Kind.EPISODE_CLOSED)
        events = await gate.store.events(EventQuery(kinds=kinds))
        first, second, closed = (found.event.body["gate"] for found in events)
    finally:
        await gate.close()
    assert first == closed == {"policy": before, "monitors": [], "rules": ""}
    rules = canon.digest_bytes(WARY.encode())
    assert second == {"policy": gate.policy.digest, "monitors": ["rules"], "rules": rules}
    assert gate.policy.digest != before


async def test_a_restart_under_the_same_policy_loads_no_new_one(tmp_path: Path) -> None:
    """The start is in the log each time, the policy when it changed."""
    folder = make_folder(tmp_path / "data")
    for _ in range(2):
        gate = await open_gate(Settings(data=str(folder)))
        starts = await gate.store.events(EventQuery(kinds=(Kind.GATE_STARTED,)))
        count = len(await loads(gate))
        await gate.close()
    assert (len(starts), count) == (2, 1)


async def test_a_folder_that_is_none_does_not_start(tmp_path: Path) -> None:
    """No keys, no policy, a second gate on the same folder: each is refused with its reason."""
    with pytest.raises(Misconfigured, match="no data folder"):
        await open_gate(Settings(data=str(tmp_path)))
    folder = make_folder(tmp_path / "data")
    with pytest.raises(Misconfigured, match="already"):
        found(folder, now=1)
    gate = await open_gate(Settings(data=str(folder)))
    with pytest.raises(StoreDown, match="another process"):
        await open_gate(Settings(data=str(folder)))
    await gate.close()
    (folder / "policy" / "starter.cedar").unlink()
    with pytest.raises(BadPolicy):
        await open_gate(Settings(data=str(folder)))
