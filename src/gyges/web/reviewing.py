# SPDX-License-Identifier: Apache-2.0
"""Reviewers' records as pages: `/reviewers` and `/reviewers/NAME`, and the section on one's own page.

Approvers see their own record and nobody else's; auditors and admins see everybody's. The numbers are those
of `gate/reviewers.py`, the words those of `gate/measures.py`.
"""

from dataclasses import dataclass

from starlette.responses import Response

from gyges.errors import Malformed, NotFound
from gyges.gate.approvals import same
from gyges.gate.measures import Line, lines_of
from gyges.gate.reviewers import Record
from gyges.person import Role
from gyges.web.visit import Visit

DAYS = 30
MOST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A record with its lines in words."""

    record: Record
    lines: tuple[Line, ...]
    days: int
    checks: int  # requests that may be planted within a day


async def own(visit: Visit) -> Told | None:
    """The record of whoever looks; None for somebody who approves nothing."""
    return await _told(visit, visit.who.name, DAYS) if visit.may(Role.APPROVER) else None


async def page(visit: Visit) -> Response:
    """GET /reviewers?days=N: all who answered; an approver without another role gets their own."""
    if not _sees_all(visit):
        return await _shown(visit, visit.who.name)
    days = _days(visit)
    records = await visit.gate.corridor.records(days=days)
    return visit.render("reviewers.html", {"records": records, "days": days})


async def record_page(visit: Visit) -> Response:
    """GET /reviewers/NAME?days=N."""
    name = visit.part("name")[:100]
    if not (_sees_all(visit) or same(name, visit.who.name)):
        raise NotFound("approvers see their own record only")
    return await _shown(visit, name)


async def _shown(visit: Visit, name: str) -> Response:
    told = await _told(visit, name, _days(visit))
    return visit.render("reviewer.html", {"told": told, "all": _sees_all(visit)})


async def _told(visit: Visit, name: str, days: int) -> Told:
    record = await visit.gate.corridor.record(name, days=days)
    most = visit.gate.settings.checks_per_day
    return Told(record=record, lines=lines_of(record), days=days, checks=most)


def _sees_all(visit: Visit) -> bool:
    return visit.may(Role.AUDITOR) or visit.may(Role.ADMIN)


def _days(visit: Visit) -> int:
    text = visit.query.get("days", str(DAYS))
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS):
        raise Malformed(f"days: a number from 1 to {MOST_DAYS}")
    return int(text)
