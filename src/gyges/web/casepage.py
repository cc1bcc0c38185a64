# SPDX-License-Identifier: Apache-2.0
"""The page of one case, in any state: the view, and beside it what only this reader is told.

`document` makes the view that a token binds and that an answer is checked against; everything else on the
page (time left, earlier cases, whether the reader may answer) is around it. Answers are taken elsewhere:
see `answering.py`.
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from gyges.canon import Json
from gyges.case import Case, Say, State
from gyges.errors import GygesError, NotFound
from gyges.gate import approvals
from gyges.person import Role
from gyges.pointer import Missing, find
from gyges.ports import CaseQuery
from gyges.principal import Scope
from gyges.web import signing
from gyges.web.preview import headline, previews
from gyges.web.shown import Shown, load_key, seal
from gyges.web.values import written
from gyges.web.view import Seen, view_digest, view_of
from gyges.web.visible import notes, pieces
from gyges.web.visit import Visit

APPROVED = (State.DONE, State.REDEEMED, State.GRANTED)
SIMILAR = 6
TOLD = 120  # characters of what an executor said of an earlier case
CHUNK = 20_000  # characters of a long value on one page
EMPTY = {"typed": "", "note": "", "reason": "", "guidance": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A page shown again because an answer was not taken: why, what was filled in, the token it came with."""

    problem: str = ""
    form: dict[str, str] = field(default_factory=dict[str, str])
    token: str = ""
    opened: int = 0
    status: int = 200


AGAIN = Again()


async def show(visit: Visit) -> Response:
    """GET /a/{id}."""
    return await page(visit, await found(visit))


async def found(visit: Visit) -> Case:
    """The case named in the path; raise `NotFound`."""
    return await visit.gate.corridor.found(visit.part("id")[:100])


async def document(visit: Visit, case: Case, against: str | None = None) -> dict[str, Json]:
    """The view of `case` for this reader; `against` names the case to compare with, None finds the latest."""
    corridor = visit.gate.corridor
    old = await _last(visit, case) if against is None else await visit.gate.store.case(against)
    seen = Seen(
        policy=visit.gate.policy, hidden=corridor.hides(case, visit.who.name), against=old,
        alarm=corridor.alarmed(case.action.agent),
    )  # fmt: skip
    return view_of(case, seen)


async def page(visit: Visit, case: Case, again: Again = AGAIN) -> Response:
    """The page as it stands now."""
    view = await document(visit, case)
    corridor = visit.gate.corridor
    asked = corridor.demand(case)
    typed = asked.typed
    settings = visit.gate.settings
    sealed = again.token or token(visit, case, view)
    context = {
        "view": view,
        "signing": signing.offered(visit, case, view, sealed),
        "agent": case.action.agent,
        "alarmed": corridor.alarmed(case.action.agent),
        "you": standing(visit, case),
        "demand": {
            "dwell_ms": asked.dwell_ms,
            "typed": {"label": typed.label, "pointer": typed.pointer} if typed else None,
        },
        "load": await _load(visit),
        "shown": sealed,
        "opened": again.opened or visit.now,
        "created": case.created,
        "deadline": case.deadline,
        "similar": await _similar(visit, case),
        "steps": await _steps(visit, case),
        "back": _takes_back(visit, case),
        "next": await _next(visit, case),
        "escalate_to": "" if settings.escalate_to in case.escalated else settings.escalate_to,
        "problem": again.problem,
        "form": {**EMPTY, **again.form},
    }
    return visit.render("case.html", context, again.status)


def token(visit: Visit, case: Case, view: dict[str, Json]) -> str:
    """What this page carries, to be brought back with an answer."""
    against = view["against"]
    return seal(
        load_key(visit.gate.folder),
        Shown(
            person=visit.who.name,
            view=view_digest(view),
            cases=((case.id, case.version, case.digest),),
            opened=visit.now,
            against=str(against["case"]) if isinstance(against, dict) else "",
        ),
    )


def standing(visit: Visit, case: Case) -> dict[str, Any]:
    """What this reader may do: `why` says what stands against approving, `groups` are those to choose from."""
    if not visit.may(Role.APPROVER):
        why = "Answering takes an approver."
        return {"may": False, "deny": False, "groups": [], "why": why, "note": ""}
    by = visit.key(Scope.APPROVER)
    try:
        approvals.vote(case, by, Say.APPROVE, digest=case.digest, now=visit.now, signed=True)
    except GygesError as error:
        open_ = case.state is State.WAITING and visit.now < case.deadline
        why, note = _sentence(str(error)), _note(case, by.name)
        return {"may": False, "deny": open_, "groups": [], "why": why, "note": note}
    missing = case.requirement.missing(case.approvals())
    held = [group for group in missing if group in by.groups]
    return {"may": True, "deny": True, "groups": held, "why": "", "note": ""}


def _note(case: Case, name: str) -> str:
    """What a list says of a case that `name` cannot approve, beside whom it asks."""
    if approvals.is_barred(case, name):
        return "not by you: you asked for it, own it or edited it"
    return "you have approved" if any(approvals.same(v.person, name) for v in case.votes) else ""


async def _load(visit: Visit) -> dict[str, Any] | None:
    """How much this reader has approved within the hour, where that is much."""
    found = await visit.gate.corridor.load(visit.who.name)
    if not found.heavy or not visit.may(Role.APPROVER):
        return None
    return {"approvals": found.approvals, "most": found.most, "full": found.full}


async def whole(visit: Visit) -> Response:
    """GET /a/{id}/value?at=POINTER&from=N: one long value, all of it, a stretch at a time."""
    case = await found(visit)
    pointer = visit.query.get("at", "")[:2000]
    value = find(case.action.arguments, pointer)
    if isinstance(value, Missing):
        raise NotFound("the arguments have no such place")
    text = written(value)
    start = visit.query.get("from", "0")
    begin = (
        min(int(start), len(text)) if start.isascii() and start.isdigit() and len(start) < 9 else 0
    )
    end = min(begin + CHUNK, len(text))
    context = {
        "id": case.id, "pointer": pieces(pointer) or ["all arguments"], "raw": pointer,
        "size": len(text), "begin": begin, "end": end, "before": max(begin - CHUNK, 0),
        "text_": pieces(text[begin:end]), "notes": notes(text),
    }  # fmt: skip
    return visit.render("value.html", context)


async def _last(visit: Visit, case: Case) -> Case | None:
    """The latest case of the same agent and tool that was approved before this one was proposed."""
    query = CaseQuery(agent=case.action.agent, tool=case.action.tool, states=APPROVED, limit=5)
    old = (await visit.gate.store.cases(query)).cases
    return next((c for c in old if c.id != case.id and c.created <= case.created), None)


async def _similar(visit: Visit, case: Case) -> list[dict[str, Any]]:
    query = CaseQuery(agent=case.action.agent, tool=case.action.tool, limit=SIMILAR * 3)
    old = (await visit.gate.store.cases(query)).cases
    settled = [c for c in old if c.id != case.id and c.state not in (State.WAITING, State.PROPOSED)]
    return [_earlier(visit, c) for c in settled[:SIMILAR]]


async def _steps(visit: Visit, case: Case) -> list[dict[str, Any]]:
    """The last things that were asked for in the same episode, newest first."""
    if not case.action.episode:
        return []
    query = CaseQuery(episode=case.action.episode, limit=SIMILAR * 3)
    every = (await visit.gate.store.cases(query)).cases
    return [_earlier(visit, c) for c in every if c.id != case.id and c.created <= case.created][
        :SIMILAR
    ]


def _earlier(visit: Visit, case: Case) -> dict[str, Any]:
    """One line about another case; `told` is what its executor said of how it ended."""
    summary = case.outcome.summary if case.outcome else ""
    return {
        "id": case.id, "state": case.state, "created": case.created,
        "tool": pieces(case.action.tool), "headline": brief(visit, case),
        "told": pieces(summary[:TOLD]), "cut": len(summary) > TOLD,
    }  # fmt: skip


def _takes_back(visit: Visit, case: Case) -> bool:
    """Whether this reader approved what is granted and has not run."""
    mine = any(approvals.same(v.person, visit.who.name) for v in case.votes)
    return mine and case.state is State.GRANTED and visit.may(Role.APPROVER)


def brief(visit: Visit, case: Case) -> list[Json]:
    """One line about a case."""
    policy, arguments = visit.gate.policy, case.action.arguments
    tool = policy.tools.get(case.action.tool)
    amount = tool.amount if tool else ""
    return headline(
        previews(arguments, policy.risk(case.action.tool), amount, brief=True), arguments
    )


async def _next(visit: Visit, case: Case) -> str:
    query = CaseQuery(states=(State.WAITING,), by_risk=True, limit=20)
    waiting = (await visit.gate.store.cases(query)).cases
    others = (c.id for c in waiting if c.id != case.id and standing(visit, c)["may"])
    return next(others, "")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
