# SPDX-License-Identifier: Apache-2.0
"""How the gate stands, for people who keep it: ready or not, what is open, what is owed, what signs, what stops.

The page `/health`, its twin and `/v1/health` are one document. Programs that only need a yes or a no ask
`/readyz`; numbers over time are `/metrics`. It repairs nothing.
"""

import asyncio
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from gyges import __version__
from gyges.case import State
from gyges.episode import Kind
from gyges.gate.load import Queue, queues
from gyges.ports import CaseQuery, DeliveryQuery, EventQuery
from gyges.standing import Stop
from gyges.web.call import Call, Desk, Nothing, Reply, reply
from gyges.web.timeline import Head, head_of
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.wiring import Gate

QUEUED = 200  # waiting cases that are looked at for the queues
MOST = 1_000  # rows are counted up to here
OPEN = (State.PROPOSED, State.WAITING, State.GRANTED, State.REDEEMED)
FILE = "gyges.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`wrong` is the code of what keeps the gate from deciding, "" for nothing. Times are ms, sizes bytes.

    Counts stop at `MOST`. `late` is how far the oldest timer that was due is behind.
    """

    ready: bool
    wrong: str
    version: str
    started: int
    now: int
    policy: str
    permit_keys: tuple[str, ...]  # the first signs, all verify
    monitors: tuple[str, ...]
    drift: str  # "on", or what is wrong
    open: dict[str, int]
    queues: tuple[Queue, ...]  # of the first `QUEUED` waiting cases, those of highest risk
    late: int
    notices: int  # not yet taken up by any channel
    deliveries: int  # on their way
    stops: tuple[Stop, ...]
    log: Head
    file_bytes: int
    free_bytes: int


async def standing_of(desk: Desk, now: int) -> Standing:
    """How it stands; the readiness is tried out by writing."""
    gate, store = desk.gate, desk.gate.store
    wrong = "closing" if desk.closing.is_set() else await desk.readiness.problem(gate, now)
    started = await store.events(EventQuery(kinds=(Kind.GATE_STARTED,), limit=1, latest=True))
    file_bytes, free = await asyncio.to_thread(_sizes, gate)
    due = await store.next_due()
    return Standing(
        ready=not wrong, wrong=wrong, version=__version__, now=now, policy=gate.policy.digest,
        started=started[-1].event.at if started else 0,
        permit_keys=_permit_keys(gate), monitors=tuple(m.name for m in gate.monitors),
        drift=gate.book.standing,
        open={state.value: await _count(gate, state) for state in OPEN},
        queues=await _queues(gate, now),
        late=max(0, now - due) if due else 0,
        notices=len(await store.notices(MOST)),
        deliveries=len(await store.deliveries(DeliveryQuery(open=True, limit=MOST))),
        stops=tuple(await store.stops()), log=await head_of(gate),
        file_bytes=file_bytes, free_bytes=free,
    )  # fmt: skip


async def _queues(gate: "Gate", now: int) -> tuple[Queue, ...]:
    query = CaseQuery(states=(State.WAITING,), by_risk=True, limit=QUEUED)
    waiting = (await gate.store.cases(query)).cases
    return await queues(gate.store, waiting, now, gate.settings.approvals_per_hour)


async def page(visit: Visit) -> Response:
    """`/health`; 503 when the gate could not decide now."""
    found = await standing_of(visit.front.desk, visit.now)
    context = {"health": found, "most": MOST, "now": visit.now}
    return visit.render("health.html", context, 200 if found.ready else 503)


async def show_health(call: Call[None, Nothing]) -> Reply:
    """How the gate stands, in full."""
    return reply(await standing_of(call.desk, call.now))


async def _count(gate: "Gate", state: State) -> int:
    return len((await gate.store.cases(CaseQuery(states=(state,), limit=MOST))).cases)


def _permit_keys(gate: "Gate") -> tuple[str, ...]:
    signer = gate.corridor.parts.signer
    return (signer.kid, *sorted((kid for kid in signer.keys if kid != signer.kid), reverse=True))


def _sizes(gate: "Gate") -> tuple[int, int]:
    """Bytes of the database with its write-ahead log, and bytes left on its disk."""
    files = [gate.folder / name for name in (FILE, f"{FILE}-wal")]
    used = sum(file.stat().st_size for file in files if file.exists())
    return used, shutil.disk_usage(gate.folder).free
