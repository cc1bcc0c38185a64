# SPDX-License-Identifier: Apache-2.0
"""Reviewers' records over HTTP, and requests planted to see who notices.

Approvers see their own record; auditors and admins see everybody's. What a record says is computed in
`gate/reviewers.py`, from the log; nothing is ranked here.
"""

from gyges.answer import answer_of
from gyges.errors import NotFound
from gyges.gate import planting
from gyges.gate.approvals import same
from gyges.principal import Scope
from gyges.web import bodies, views
from gyges.web.call import Call, Nothing, Reply, reply


async def list_records(call: Call[None, bodies.DaysQuery]) -> Reply:
    """The records of all who answered; an approver gets their own."""
    corridor, days = call.gate.corridor, call.query.days
    if call.key.scope is Scope.APPROVER:
        own = await corridor.record(call.key.name, days=days)
        return reply(views.Records(items=(own,)))
    return reply(views.Records(items=await corridor.records(days=days)))


async def plant(call: Call[bodies.Plant, Nothing]) -> Reply:
    """Plant a request that must be denied, to see who notices; the agent named does not see it."""
    action = call.body.action(call.body.agent)
    case = await planting.plant(call.gate.corridor, action, by=call.key)
    return reply(answer_of(case), 201)


async def show_record(call: Call[None, bodies.DaysQuery]) -> Reply:
    """One reviewer's record: how long they looked, how often they said yes, how it agreed with others."""
    name = call.params[0]
    if call.key.scope is Scope.APPROVER and not same(name, call.key.name):
        raise NotFound("approvers see their own record only")
    return reply(await call.gate.corridor.record(name[:100], days=call.query.days))
