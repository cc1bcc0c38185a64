# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the gate at every numbered step, under load: nothing promised is lost, nothing runs twice.

Agents, approvers and a real executor work on a gate in another process, which is killed at one step of
the corridor (1-9) or of the store (101-104). Then a new gate opens the same folder, and everything that
anybody was told is held against it.
"""

import asyncio
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from gyges.action import Action
from gyges.adapters.claims import Claims
from gyges.adapters.client import Gate as Client
from gyges.adapters.executor import Executor
from gyges.answer import Answer
from gyges.canon import Json
from gyges.case import Say, State
from gyges.errors import GygesError
from gyges.gate.permits import read_seed
from gyges.ledger import log
from gyges.ledger.note import Signer
from gyges.ledger.verify import verify_log
from gyges.ports import EventQuery
from gyges.settings import Settings
from gyges.testing.clock import FakeClock
from gyges.wiring import Gate, SystemClock, open_gate
from tests.web.conftest import enrol_all, make_folder

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SCRIPT = Path(__file__).with_name("crashing_gate.py")
STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 101, 102, 103, 104)
ENDS = {State.DENIED, State.EXPIRED, State.LAPSED, State.DONE, State.FAILED, State.UNKNOWN}


@dataclass(slots=True)
class Told:
    """What the world was told before the crash, and what it did."""

    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    ran: Counter[str] = field(default_factory=Counter[str])  # by path: one proposal each
    reported: set[str] = field(default_factory=set[str])

    def hear(self, answer: Answer) -> Answer:
        """Remember the latest word on a case."""
        self.answers[answer.id] = answer
        return answer


@asynccontextmanager
async def crashing(
    folder: Path, step: int
) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A gate in another process that will die at `step`, and its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        str(folder),
        str(step),
        "80" if step > 100 else "25",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip(), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def reader(name: str, bot: Client, executor: Executor, told: Told) -> None:
    """Read files for as long as the gate lives."""
    for number in range(400):
        path = f"{name}/{number}"
        answer = told.hear(await bot.propose("read_file", {"path": path}, idempotency=path))

        async def work(action: Action) -> str:
            told.ran[str(action.arguments["path"])] += 1
            return "read"

        await executor.run(answer.permit, answer.action.canonical(), work)
        told.reported.add(answer.id)


async def payer(name: str, bot: Client, people: list[Client], told: Told) -> None:
    """Propose payments; every second one gets one of its two approvals, every third a denial."""
    for number in range(400):
        arguments: dict[str, Json] = {"to": name, "amount": 4000 + number}
        answer = told.hear(await bot.propose("pay", arguments))
        if number % 2:
            say = Say.DENY if number % 3 == 0 else Say.APPROVE
            person = people[number % len(people)]
            told.hear(await person.decide(answer.id, say, digest=answer.digest, reason="r"))


async def load(url: str, secrets: dict[str, str], claims: Path, told: Told) -> None:
    """Everybody at work until the gate is gone."""
    bot = Client(url, secrets["bot"])
    people = [bot.speaking_for(secrets[name]) for name in ("alice", "bob")]
    with closing(Claims(claims)) as memory:
        executor = Executor(bot.speaking_for(secrets["office"]), name="office", claims=memory)
        jobs = [reader(f"r{i}", bot, executor, told) for i in range(4)]
        jobs += [payer(f"p{i}", bot, people, told) for i in range(3)]
        ends = await asyncio.gather(*jobs, return_exceptions=True)
        await executor.__aexit__(None, None, None)
    await bot.close()
    assert all(isinstance(end, GygesError) for end in ends), ends


@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_at_any_step_loses_nothing_and_runs_nothing_twice(
    tmp_path: Path, step: int
) -> None:
    """What was acknowledged is there, the log verifies, pending cases pend, unknown outcomes are unknown."""
    folder, told = make_folder(tmp_path / "data"), Told()
    gate = await open_gate(Settings(data=str(folder)))
    secrets = await enrol_all(gate)
    await gate.close()
    async with crashing(folder, step) as (url, process):
        await load(url, secrets, tmp_path / "claims.db", told)
        assert await process.wait() == -9
    assert len(told.answers) > 5  # the load was real; how far it came before the kill varies

    clock = FakeClock(SystemClock().now())
    gate = await open_gate(Settings(data=str(folder)), clock=clock)
    try:
        await nothing_lost(gate, told)
        await log_holds(gate)
        await nothing_runs_twice(gate, told, clock)
    finally:
        await gate.close()


async def nothing_lost(gate: Gate, told: Told) -> None:
    """Every case that anybody was told of is there, at least as far as they were told, with its event."""
    for name, answer in told.answers.items():
        case = await gate.store.case(name)
        assert case is not None
        assert case.digest == answer.digest
        assert {v.person for v in answer.votes} <= {v.person for v in case.votes}
        if answer.state is State.DENIED:
            assert case.state is State.DENIED
        elif answer.state is State.WAITING:
            assert case.state in (State.WAITING, State.DENIED)
        elif name in told.reported:
            assert case.state in (State.REDEEMED, State.DONE)  # the report may still be on its way
        found = await gate.store.events(EventQuery(first=answer.log_index, limit=1))
        assert (found[0].index, found[0].event.subject) == (answer.log_index, name)


async def log_holds(gate: Gate) -> None:
    """The whole log verifies, without a gap, and no case was redeemed twice."""
    seed = read_seed(gate.folder / "keys" / "log.key").private_bytes_raw()
    verifier = Signer.from_seed(gate.settings.origin, seed).verifier
    with closing(sqlite3.connect(gate.folder / "gyges.db")) as conn:
        report = verify_log(partial(log.read, conn), [verifier])
    assert report.held, report.findings[:3]
    events = await gate.store.events(EventQuery(limit=100_000))
    assert [e.index for e in events] == list(range(report.size))
    redeemed = Counter(e.event.subject for e in events if e.event.kind == "redeemed")
    assert all(count == 1 for count in redeemed.values())


async def nothing_runs_twice(gate: Gate, told: Told, clock: FakeClock) -> None:
    """Permits from before the crash open nothing that was redeemed; in the end nothing is left open."""
    assert all(count == 1 for count in told.ran.values())
    office = next(key for key in await gate.store.keys() if key.name == "office")
    for answer in told.answers.values():
        case = await gate.corridor.found(answer.id)
        if answer.permit and case.state is not State.GRANTED:
            with pytest.raises(GygesError):
                await gate.corridor.redeem(
                    case.id, by=office, permit=answer.permit, action=case.action.canonical()
                )
    clock.advance(seconds=3 * 3600)
    await gate.corridor.tick()
    await gate.corridor.tick()
    for name in told.answers:
        case = await gate.corridor.found(name)
        ran = case.action.arguments.get("path") in told.ran
        assert case.state in ENDS
        assert case.state in (State.DONE, State.UNKNOWN) if ran else case.state is not State.DONE
