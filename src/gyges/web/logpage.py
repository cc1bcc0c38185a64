# SPDX-License-Identifier: Apache-2.0
"""The log as a page: its checkpoint and key, what this browser can verify of them, and for auditors its events.

Paging goes backwards by index, so a page neither skips nor repeats while the log grows. It computes no proof.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from gyges.episode import Kind
from gyges.errors import Malformed
from gyges.ledger.tiles import WIDTH
from gyges.person import Role
from gyges.ports import EventQuery
from gyges.web.timeline import Head, head_of, voter_of
from gyges.web.told import told
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.wiring import Gate

PAGE = 50
CASE = "c-"  # how the id of a case begins
LOOKED = 4_000  # entries that one page looks back at for those of a kind or subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event in a list. `case` is the id of the case it is about, "" for none."""

    index: int
    at: int
    kind: str
    subject: str
    case: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Newest first; `before` continues, 0 at the log's beginning."""

    items: tuple[Line, ...]
    before: int


async def lines_of(
    gate: "Gate", head: Head, *, kinds: tuple[Kind, ...], subject: str, before: int, voter: str
) -> Lines:
    """The newest events below the index `before` (0: all), filtered.

    A `voter`, who may have to answer what was planted, is not told of planting, nor of others' votes where
    these are blind; "" is somebody who cannot vote.
    """
    end = min(before, head.size) if before else head.size
    back = PAGE if not (kinds or subject) else end if subject.startswith(CASE) else LOOKED
    first = max(0, end - back)
    query = EventQuery(kinds=kinds, subject=subject, first=first, limit=min(back, LOOKED))
    found = [
        one
        for one in await gate.store.events(query)
        if one.index < end and not (voter and one.event.kind is Kind.PLANTED)
    ]
    blind = bool(voter) and gate.settings.blind_votes
    page = list(reversed(found))[:PAGE]
    return Lines(
        items=tuple(
            Line(
                index=one.index, at=one.event.at, kind=one.event.kind.value, subject=one.event.subject,
                case=one.event.subject if one.event.subject.startswith(CASE) else "",
                text=told(one.event, blind=blind),
            )
            for one in page
        ),
        before=page[-1].index if len(found) > PAGE else first,
    )  # fmt: skip


async def page(visit: Visit) -> Response:
    """`/log`."""
    gate, head = visit.gate, await head_of(visit.gate)
    kind, subject = visit.query.get("kind", ""), visit.query.get("subject", "").strip()[:300]
    lines = None
    if visit.may(Role.AUDITOR):
        lines = await lines_of(
            gate, head, kinds=_kinds(kind), subject=subject, before=_index(visit.query.get("before", "")),
            voter=voter_of(visit),
        )  # fmt: skip
    context = {
        "log": head, "tiles": head.size // WIDTH, "checkpoint": (await gate.log.checkpoint()).decode(),
        "lines": lines, "asked": {"kind": kind, "subject": subject}, "kinds": list(Kind),
        "now": visit.now,
    }  # fmt: skip
    return visit.render("log.html", context)


def _kinds(text: str) -> tuple[Kind, ...]:
    try:
        return (Kind(text),) if text else ()
    except ValueError:
        raise Malformed("kind: one of " + ", ".join(Kind)) from None


def _index(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Malformed("before: the index of an entry")
    return int(text)
