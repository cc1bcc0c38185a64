# SPDX-License-Identifier: Apache-2.0
"""What people do: answer, take back, edit, standing grants, kill switches.

No agent's key reaches any of these: their lines in `table.py` name the scopes, and a test walks them.
Whether this person may decide this case is for the corridor to say.
"""

from gyges.errors import Unprocessable
from gyges.gate import together
from gyges.gate.desk import GrantDraft
from gyges.standing import Pin
from gyges.web import bodies
from gyges.web.call import Call, Nothing, Reply, reply
from gyges.web.waiting import answer_to


async def decide(call: Call[bodies.Decide, Nothing]) -> Reply:
    """Approve or deny the bytes with this digest; the first decision wins, later ones get 409."""
    body = call.body
    case = await call.gate.corridor.answer(
        call.params[0], by=call.key, say=body.say, digest=body.digest, group=body.group,
        reason=body.reason, guidance=body.guidance,
    )  # fmt: skip
    call.desk.metrics.answered(body.say)
    return reply(answer_to(call, case))


async def take_back(call: Call[bodies.Withdraw, Nothing]) -> Reply:
    """Take one's own approval back while nothing has run: what was granted lapses."""
    case = await together.take_back(
        call.gate.corridor, call.params[0], by=call.key, reason=call.body.reason
    )
    return reply(answer_to(call, case))


async def edit(call: Call[bodies.Edit, Nothing]) -> Reply:
    """Put other arguments in place of the agent's: a new case, judged anew; the old one is superseded."""
    body = call.body
    case = await call.gate.corridor.edit(
        call.params[0], by=call.key, digest=body.digest, arguments=body.arguments,
        reason=body.reason,
    )  # fmt: skip
    where = (b"location", b"/v1/actions/" + case.id.encode())
    return reply(answer_to(call, case), 201, (where,))


async def list_grants(call: Call[None, bodies.GrantsQuery]) -> Reply:
    """Standing grants, spent and ended ones too."""
    found = await call.gate.store.grants(call.query.agent, call.query.tool)
    return reply({"items": found})


async def make_grant(call: Call[bodies.MakeGrant, Nothing]) -> Reply:
    """Give an approval ahead, in one's own name and narrowly."""
    body = call.body
    draft = GrantDraft(
        agent=body.agent, tool=body.tool, group=body.group, max_uses=body.max_uses,
        expires=body.expires, reason=body.reason, sum_pointer=body.sum_pointer,
        sum_limit=body.sum_limit,
        pins=tuple(Pin(pointer=p.pointer, test=p.test, value=p.value) for p in body.pins),
    )  # fmt: skip
    return reply(await call.gate.corridor.grant(draft, by=call.key), 201)


async def revoke_grant(call: Call[None, Nothing]) -> Reply:
    """End a standing grant now."""
    return reply(await call.gate.corridor.revoke(call.params[0], by=call.key))


async def list_stops(call: Call[None, Nothing]) -> Reply:
    """The kill switches that are on."""
    return reply({"items": await call.gate.store.stops()})


async def put_stop(call: Call[bodies.PutStop, Nothing]) -> Reply:
    """Pull a kill switch: "all", "agent:NAME" or "tool:NAME"; it holds for permits already out."""
    scope = call.params[0]
    if len(scope) > 250:
        raise Unprocessable("a kill switch's scope has at most 250 characters")
    return reply(await call.gate.corridor.stop(scope, by=call.key, reason=call.body.reason))


async def lift_stop(call: Call[None, Nothing]) -> Reply:
    """Take a kill switch off."""
    await call.gate.corridor.lift(call.params[0], by=call.key)
    return Reply(status=204)
