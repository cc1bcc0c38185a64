# SPDX-License-Identifier: Apache-2.0
"""What agents and executors do with a case: propose, look, list, withdraw, redeem, report.

Each handler translates and hands on; what is right is decided in `gate/corridor.py`. A case that is not the
caller's does not exist for the caller.
"""

from time import perf_counter
from typing import Any

from gyges.answer import OPEN, answer_of
from gyges.case import Case, State
from gyges.errors import Malformed, NotFound
from gyges.ports import CaseQuery
from gyges.principal import Key, Scope
from gyges.web import bodies
from gyges.web.call import Call, Nothing, Reply, reply
from gyges.web.reading import idempotency_key
from gyges.web.waiting import answer_for, answer_to, changes, newer, settled, wait_for


async def propose(call: Call[bodies.Propose, bodies.WaitQuery]) -> Reply:
    """Propose an action. 200 with the answer when it is settled, 202 while people are asked."""
    action = call.body.action(call.key.name)
    idempotency = idempotency_key(call.headers)
    began = perf_counter()
    case = await call.gate.corridor.propose(action, by=call.key, idempotency=idempotency)
    call.desk.metrics.proposed(case, perf_counter() - began)
    if case.state in OPEN and call.query.wait:
        case = await wait_for(call, case, settled, round(call.query.wait * 1000))
    return await _answer(call, case)


async def look(call: Call[None, bodies.LookQuery]) -> Reply:
    """One case; with `wait`, held back until it is settled, or with `seen`, has a version above that."""
    case = await seen_by(call)
    ready = newer(call.query.seen) if call.query.seen else settled
    if call.query.wait and not ready(case):
        case = await wait_for(call, case, ready, round(call.query.wait * 1000))
    return await _answer(call, case)


async def stream(call: Call[None, Nothing]) -> Reply:
    """One case as server-sent events `case`, each with the whole answer, until nothing can follow."""
    case = await seen_by(call)
    last = call.headers.get(b"last-event-id", b"")
    seen = int(last) if last.isdigit() and len(last) < 16 else 0
    return Reply(type=b"text/event-stream", chunks=changes(call, case, seen))


async def list_cases(call: Call[None, bodies.ListQuery]) -> Reply:
    """A page of cases: newest first, or by risk and deadline; an agent sees its own."""
    query = call.query
    agent = query.agent
    if call.key.scope is Scope.AGENT:
        if agent not in ("", call.key.name):
            return reply({"items": [], "next": ""})
        agent = call.key.name
    page = await call.gate.store.cases(
        CaseQuery(
            states=_states(query.state), agent=agent, tool=query.tool, episode=query.episode,
            digest=query.digest, by_risk=query.order == "risk", after=query.after,
            limit=query.limit,
        )
    )  # fmt: skip
    seen = [answer_to(call, case) for case in page.cases if may_see(call.key, case)]
    return reply({"items": seen, "next": page.next})


async def withdraw(call: Call[bodies.Withdraw, Nothing]) -> Reply:
    """The agent takes its own waiting case back."""
    case = await call.gate.corridor.withdraw(call.params[0], by=call.key, reason=call.body.reason)
    return reply(answer_of(case))


async def redeem(call: Call[bodies.Redeem, Nothing]) -> Reply:
    """The executor burns a permit for exactly these bytes, before it runs them."""
    case = await call.gate.corridor.redeem(
        call.params[0], by=call.key, permit=call.body.permit, action=call.body.action.encode()
    )
    return reply(answer_of(case))


async def outcome(call: Call[bodies.Report, Nothing]) -> Reply:
    """The executor tells how it ended."""
    case = await call.gate.corridor.report(
        call.params[0],
        by=call.key,
        ok=call.body.ok,
        result=call.body.result,
        summary=call.body.summary,
    )
    return reply(answer_of(case))


async def seen_by(call: Call[Any, Any]) -> Case:
    """The case named in the path; raise `NotFound` alike for one that is not there and one not the caller's."""
    name = call.params[0]
    case = await call.gate.store.case(name)
    if case is None or not may_see(call.key, case):
        raise NotFound(f"there is no case {name[:40]}")
    return case


def may_see(key: Key, case: Case) -> bool:
    """Agents see their own, executors what is made out to them, approvers and auditors all."""
    match key.scope:
        case Scope.AGENT:
            return case.action.agent == key.name and not case.planted
        case Scope.EXECUTOR:
            return bool(case.audience) and case.audience == key.name and not case.planted
        case Scope.APPROVER | Scope.AUDITOR:
            return True
        case _:
            return False


async def _answer(call: Call[Any, Any], case: Case) -> Reply:
    body = await answer_for(call, case)
    if case.state in OPEN:
        where = (b"location", b"/v1/actions/" + case.id.encode())
        return Reply(body=body, status=202, headers=(where,))
    return Reply(body=body)


def _states(text: str) -> tuple[State, ...]:
    try:
        return tuple(State(name) for name in text.split(",") if name)
    except ValueError:
        raise Malformed("state: one or more of " + ", ".join(State)) from None
