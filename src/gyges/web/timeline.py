# SPDX-License-Identifier: Apache-2.0
"""One case from its proposal to its end, as the log has it, and the evidence that proves it.

The page `/a/ID/log`, its twins, and `/v1/actions/ID/timeline` are one document; `/a/ID/evidence.jsonl` is the
bundle that `static/verify.js` checks in the browser and `gyges log verify --bundle` everywhere else. Who has
not voted yet while votes are blind sees neither votes nor bundle. It decides nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from gyges import canon
from gyges.case import Case, State
from gyges.episode import Recorded
from gyges.errors import Conflict, NotFound
from gyges.ledger import checkpoint, note
from gyges.ledger.export import Selection, export
from gyges.person import Role
from gyges.ports import EventQuery
from gyges.principal import Scope
from gyges.web.call import Call, Nothing, Reply, reply
from gyges.web.logs import SOFTWARE
from gyges.web.told import shown, told
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.wiring import Gate

MOST = 1000  # events of one case that a page shows
LONGEST = 65_536  # bytes of a payload that a page shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event: `payload` is its body as JSON with every hidden character escaped.

    It is "" where it is redacted, kept from a voter, or `long`: then only the evidence holds it.
    """

    index: int
    at: int  # ms
    kind: str
    text: str
    digest: str  # of salt and payload, as in the leaf
    redacted: bool
    long: bool
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the log stands: what a verifier starts from. `root` is hexadecimal."""

    origin: str
    key: str
    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`hidden`: the reader has yet to vote, and votes are blind. `more`: there are events beyond `MOST`."""

    case: str
    state: State
    agent: str
    tool: str
    digest: str
    created: int
    episode: str
    steps: tuple[Step, ...]
    more: bool
    hidden: bool
    log: Head


async def head_of(gate: "Gate") -> Head:
    """The latest checkpoint, taken apart."""
    point = checkpoint.parse(note.parse(await gate.log.checkpoint()).text)
    return Head(origin=point.origin, key=gate.log_key, size=point.size, root=point.root.hex())


async def timeline_of(gate: "Gate", case: Case, *, hidden: bool) -> Timeline:
    """The whole of `case`, oldest event first."""
    events = await gate.store.events(EventQuery(subject=case.id, limit=MOST + 1))
    return Timeline(
        case=case.id, state=case.state, agent=case.action.agent, tool=case.action.tool,
        digest=case.digest, created=case.created, episode=case.action.episode,
        steps=tuple(_step(event, hidden=hidden) for event in events[:MOST]),
        more=len(events) > MOST, hidden=hidden, log=await head_of(gate),
    )  # fmt: skip


def is_blind(gate: "Gate", case: Case, voter: str) -> bool:
    """Whether `voter` must not know of others' votes; "" is somebody who cannot vote."""
    return bool(voter) and gate.corridor.hides(case, voter)


def voter_of(visit: Visit) -> str:
    """Who looks, if they may vote."""
    return visit.who.name if visit.may(Role.APPROVER) else ""


async def found(gate: "Gate", id: str) -> Case:
    """The case; raise `NotFound`."""
    case = await gate.store.case(id)
    if case is None:
        raise NotFound(f"there is no case {id[:40]}")
    return case


async def page(visit: Visit) -> Response:
    """`/a/ID/log`."""
    case = await found(visit.gate, visit.part("id"))
    hidden = is_blind(visit.gate, case, voter_of(visit))
    timeline = await timeline_of(visit.gate, case, hidden=hidden)
    return visit.render("timeline.html", {"timeline": timeline, "now": visit.now})


async def evidence(visit: Visit) -> Response:
    """`/a/ID/evidence.jsonl`."""
    gate, case = visit.gate, await found(visit.gate, visit.part("id"))
    if is_blind(gate, case, voter_of(visit)):
        raise Conflict("the evidence holds the votes of others: answer first, or wait for its end")
    chosen = Selection(case=case.id)
    lines = export(gate.store, gate.log, chosen, created=visit.now, software=SOFTWARE)
    name = f'attachment; filename="gyges-{case.id}.jsonl"'
    return StreamingResponse(
        lines, media_type="application/jsonl", headers={"content-disposition": name}
    )


async def look_at_timeline(call: Call[None, Nothing]) -> Reply:
    """One case from first to last, as the log has it."""
    case = await found(call.gate, call.params[0])
    voter = call.key.name if call.key.scope is Scope.APPROVER else ""
    hidden = is_blind(call.gate, case, voter)
    return reply(await timeline_of(call.gate, case, hidden=hidden))


def _step(recorded: Recorded, *, hidden: bool) -> Step:
    event = recorded.event
    size = 0 if recorded.redacted or hidden else len(canon.encode(event.body))
    return Step(
        index=recorded.index, at=event.at, kind=event.kind.value, text=told(event, blind=hidden),
        digest=recorded.digest, redacted=recorded.redacted, long=size > LONGEST,
        payload=shown(event.body) if 0 < size <= LONGEST else "",
    )  # fmt: skip
