# SPDX-License-Identifier: Apache-2.0
"""A house whose log tells of agents that changed and of some that did not, for tests of pages. It tests nothing itself.

Sessions are written into the log as the gate would have closed them, a few minutes apart and up to now; what rings
because of them, the real book rings.
"""

import random
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from gyges.canon import Json
from gyges.drift.alarms import Act, Reference
from gyges.episode import Event, Kind
from gyges.ports import Change
from gyges.principal import Scope
from gyges.watch import acts
from gyges.watch.docket import Noted, ring_body
from gyges.web.drift import parts_of
from tests.watch.drifting import person
from tests.web.conftest import READ, House, open_house
from tests.web.past import page
from tests.web.people import settle, signed_in

PLAN = """
reference = 60
wait_minutes = 0
strata = ["task"]
[budget]
alarms = 1
sessions = 2000
[feature.polite]
grader = "tone"
kind = "binary"
"""
STRANGE = 'a/b c "><script>alert(1)</script>\u202e'
"""An agent's name that a key may well not have, but a log of another time may."""
MINUTES = 7
BATCH = 50


@dataclass(slots=True)
class Life:
    """How an agent works: rates before and after session `change`."""

    sessions: int
    change: int = 10**9
    denied: tuple[float, float] = (0.03, 0.03)
    failed: tuple[float, float] = (0.05, 0.05)
    seconds: tuple[float, float] = (40.0, 40.0)
    only: str = ""  # the task in which it changed, "" for all
    name: Callable[[int], str] = field(default=lambda n: f"s-{n:04}")


def noted(house: House, agent: str, feature: str, reference: Reference = Reference.PAST) -> Noted:
    """The alarm on the agent's feature against this reference."""
    found = house.gate.docket.of(agent, feature)
    return next(n for n in found if n.alarm and n.alarm.reference is reference)


async def read(house: House, path: str, who: str = "audrey") -> str:
    """A page's text, without tags, on one line."""
    text = await page(await signed_in(house, who), path)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


async def opened(folder: Path, *, cue: bool = True) -> AsyncIterator[House]:
    """A house where people have accounts and agents have a past."""
    async with open_house(folder) as house:
        await settle(house)
        yield await drifted(house, cue=cue)


async def drifted(house: House, *, cue: bool = True) -> House:
    """`bot` changed with its model and nobody has settled it; `other` works as ever; `slow` was settled. With `cue`,
    two are found by a ring test, and one differs from its tests.
    """
    (house.gate.folder / "policy" / "drift.toml").write_text(PLAN)
    await house.gate.reload(by="test")
    await lived(house, "bot", Life(420, 350, denied=(0.03, 0.5), failed=(0.05, 0.2)))
    await lived(house, "other", Life(300))
    await lived(house, "slow", Life(260, 190, seconds=(40.0, 200.0)))
    await lived(house, STRANGE, Life(40, name=lambda n: f"<b>{n}</b>\u202e/x"))
    await house.gate.book.catch_up()
    for noted in house.gate.docket.of("slow"):
        by = person(Scope.APPROVER, "rita")
        await acts.settle(
            parts_of(house.gate), noted.id, choice(noted), by=by, reason="the new archive"
        )
    if cue:
        await deployed(house)
        for agent in ("bot", "deployed"):
            await found_by_cue(house, agent, "steps")
    await house.gate.book.catch_up()
    return house


def choice(noted: Noted) -> Act:
    """Mute what is compared with its own past, keep the rest."""
    past = noted.alarm is not None and noted.alarm.reference is Reference.PAST
    return Act.MUTE if past else Act.KEEP


async def lived(house: House, agent: str, life: Life) -> None:
    """So many sessions of an agent, up to now."""
    rng, now = random.Random(len(agent) * 7 + 1), house.gate.clock.now()
    events = [
        _closed(agent, life, at, now - (life.sessions - at) * MINUTES * 60_000, rng)
        for at in range(life.sessions)
    ]
    for at in range(0, len(events), BATCH):
        await house.gate.store.record(Change(events=tuple(events[at : at + BATCH])))


async def with_cases(house: House, unit: str) -> str:
    """A case of `bot` in this session; its id."""
    return str((await house.propose({**READ, "episode": unit}))["id"])


async def found_by_cue(house: House, agent: str, feature: str) -> None:
    """A ring test's alarm in the log."""
    told = {"feature": feature, "evidence": 1203.0, "limit": 380.0, "unit": "s-0400"}
    await _write(house, agent, ring_body(agent, "november", **told))  # type: ignore[arg-type]


async def deployed(house: House) -> None:
    """`deployed` was tested as `candidate`, and is denied far more often from its first session on."""
    await lived(house, "candidate", Life(150))
    await house.gate.book.catch_up()
    by = person(Scope.APPROVER, "rita")
    await acts.freeze(
        parts_of(house.gate), "deployed", of="candidate", by=by, reason="the release test"
    )
    await lived(house, "deployed", Life(80, denied=(0.8, 0.8)))
    await house.gate.book.catch_up()


async def _write(house: House, agent: str, body: dict[str, Json]) -> None:
    at = house.gate.clock.now()
    event = Event(kind=Kind.DRIFT_ALARM, at=at, subject="drift:test", body=body, agent=agent)
    await house.gate.store.record(Change(events=(event,)))
    await house.gate.docket.load(house.gate.store)


def _closed(agent: str, life: Life, at: int, when: int, rng: random.Random) -> Event:
    task = rng.choices(("reply", "refund", "report"), (5, 3, 2))[0]
    late = at >= life.change and life.only in ("", task)
    steps = rng.randint(3, 9)
    calls = rng.choices(("read_file", "send_mail", "pay"), (6, 3, 1 + 2 * late), k=steps)
    values: dict[str, Json] = {
        "steps": steps, "duration": round(1000 * rng.expovariate(1 / life.seconds[late])),
        "denied": sum(rng.random() < life.denied[late] for _ in calls) / steps,
        "failed": sum(rng.random() < life.failed[late] for _ in calls) / steps,
        "asked": 0.0, "refused": 0.0, "retries": 0.0, "tools": list(calls),
        "pay-unread": bool(late and life.denied[1] > 0.1 and rng.random() < 0.4),
        "suspicion": round(rng.random() / 5, 3),
    }  # fmt: skip
    model = "m-2" if at >= life.change - 1 else "m-1"
    name = life.name(at)
    body: dict[str, Json] = {
        "agent": agent, "episode": name, "session": name, "task": task, "design": "",
        "claims": {"model": model, "prompt": "p-7"}, "gate": {"policy": "sha256:" + "0" * 64,
        "monitors": ["rules"]}, "v": 1, "left_out": 0, "values": values, "by": "agent",
        "opened": when - 60_000, "through": 0,
    }  # fmt: skip
    return Event(kind=Kind.EPISODE_CLOSED, at=when, subject=f"episode:{at}", body=body, agent=agent)
