# SPDX-License-Identifier: Apache-2.0
"""`gyges drift fleet|agent|feature|ring|settle|baseline` at a served gate with one agent that changed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gyges.cli.main import main
from gyges.testing.clock import FakeClock
from tests.watch.drifting import PLAN, Town
from tests.web.conftest import House, behind, open_house

pytestmark = pytest.mark.anyio
Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[House, str]]:
    """A served gate; "bot" is denied everything from its seventy-first session on, "other" nothing."""
    clock = FakeClock()
    async with open_house(tmp_path / "data", clock=clock) as house:
        town = Town(store=house.gate.store, clock=clock)  # type: ignore[arg-type]
        await town.denied(0, 70)
        await town.denied(1, 12)
        await town.denied(0, 10, "other")
        house.gate.book.adopt(PLAN)
        await house.gate.book.catch_up()
        async with behind(house) as url:
            yield house, url


@pytest.fixture
def run(house: tuple[House, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """One command as somebody: its exit code and what it printed."""

    async def ran(who: str, *words: str) -> tuple[int, str]:
        key = tmp_path / f"{who}.key"
        key.write_text(house[0].secrets[who])
        all_words = ["drift", *words, "--url", house[1], "--key-file", str(key)]
        code = await asyncio.to_thread(main, all_words)
        return code, capsys.readouterr().out

    return ran


@pytest.mark.slow
async def test_the_fleet_says_who_changed(run: Run) -> None:
    """Exit code 1 while somebody is in alarm; the budget is said in words."""
    code, out = await run("audrey", "fleet")
    assert code == 1
    assert "Drift is on." in out
    assert "at most 1 false alarm is expected in 10,000 sessions" in out
    lines = [line for line in out.splitlines() if "bot" in line or "other" in line]
    assert "alarm" in lines[0]
    assert "quiet" in lines[1]


@pytest.mark.slow
async def test_an_agent_and_a_feature_are_told_in_full(run: Run) -> None:
    """Features by evidence, alarms, the sessions that speak for them, and the checks."""
    code, out = await run("audrey", "agent", "bot")
    assert (code, "denied" in out) == (0, True)
    code, out = await run("audrey", "feature", "bot", "denied")
    assert code == 0
    assert "speak for it: e-" in out
    assert "No grader changed near the change point." in out
    code, out = await run("audrey", "feature", "bot", "denied", "--json")
    assert json.loads(out)["line"]["labels"] == [""]


@pytest.mark.slow
async def test_alarms_are_settled_in_ones_own_name(house: tuple[House, str], run: Run) -> None:
    """After the last of them the fleet is quiet, and the log knows who said so; nobody else may."""
    for noted in house[0].gate.docket.of("bot"):
        words = ("settle", noted.id, "keep", "--reason", "its prompt is being looked into")
        assert (await run("audrey", *words))[0] == 2
        assert (await run("alice", *words))[0] == 0
        assert (await run("root", *words))[0] == 2
    assert not house[0].gate.docket.on("bot")
    assert (await run("audrey", "fleet"))[0] == 0
    assert "keep by alice" in (await run("audrey", "agent", "bot"))[1]


@pytest.mark.slow
async def test_a_baseline_and_a_ring_test_that_is_not_there(
    house: tuple[House, str], run: Run
) -> None:
    """What an agent does now, or did in its tests, becomes normal; without a ring test there is none to tell of."""
    assert (await run("alice", "baseline", "bot", "--reason", "tested"))[0] == 0
    assert (await run("alice", "baseline", "nobody", "--reason", "tested"))[0] == 2
    words = ("baseline", "other", "--reason", "tested", "--of")
    assert (await run("alice", *words, "nobody"))[0] == 2
    code, out = await run("alice", *words, "bot")
    assert (code, "other is compared with its tests as bot" in out) == (0, True)
    await house[0].gate.book.catch_up()
    out = (await run("audrey", "agent", "other"))[1]
    assert "Against its tests, as bot; a difference may be one of tasks:" in out
    assert "Against its tests: quiet" in (await run("audrey", "feature", "other", "denied"))[1]
    assert (await run("alice", "unmute", "bot", "denied", "--reason", "fixed"))[0] == 0
    assert (await run("alice", "unmute", "bot", "steps", "--reason", "fixed"))[0] == 2
    assert await run("audrey", "ring") == (0, "No ring test has begun.\n")
