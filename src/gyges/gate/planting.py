# SPDX-License-Identifier: Apache-2.0
"""Plants a request: a case that nobody proposed and nobody can run, in the name of an agent there is.

It walks the same steps as a real one, so that nothing on its page tells it apart: it is judged by the policy
in force and looked at by the monitors. Only what would be put to people can be planted, by an admin, and no
more than `checks_per_day`. The agent itself does not see it.
"""

from dataclasses import replace

from gyges.action import Action
from gyges.case import Case, State
from gyges.episode import Event, Kind
from gyges.errors import Forbidden, Overburdened, Unprocessable
from gyges.gate import checks
from gyges.gate.corridor import standing_of
from gyges.gate.desk import Desk, proposed
from gyges.gate.judge import plain
from gyges.ports import Change
from gyges.principal import Key, Scope


async def plant(desk: Desk, action: Action, *, by: Key) -> Case:
    """Put `action` among the cases that wait, in the name of `action.agent`; return the case.

    Raise `Forbidden` for anybody but an admin, `Overburdened` when the day's number is planted,
    `Unprocessable` for an agent without a live key or an action that people would not be asked about.
    """
    if by.scope is not Scope.ADMIN:
        raise Forbidden("only an admin plants requests")
    await _room(desk)
    agent = await _agent(desk, action.agent)
    schema = action.tool_schema or desk.policy.schema_digest(action.tool)
    action = replace(action, agent=agent.name, tool_schema=schema, edited_by="", amends="")
    case = replace(desk.opened(action, **standing_of(agent, action)), planted=by.name)
    verdicts = await desk.looked(action)
    foreseen = desk.follow(case, verdicts)
    if foreseen.state is not State.WAITING:
        raise Unprocessable(f"people would not be asked: {foreseen.reason}")
    body = plain(case=case.id, by=by.name)
    told = Event(kind=Kind.PLANTED, at=desk.now, subject="gate", body=body)
    begun = desk.event(Kind.PROPOSED, case, proposed(case))
    receipt = await desk.parts.recorder.record(Change(events=(told, begun), cases=(case,)))
    case = case.stored(1, receipt.indices[-1])
    after = desk.follow(case, verdicts)
    return await desk.write(after, Kind.DECIDED, desk.decided(after))


async def _room(desk: Desk) -> None:
    most = desk.parts.settings.checks_per_day
    if not most:
        raise Unprocessable("nothing is planted at this gate: checks_per_day is 0")
    if len(await checks.planted(desk.parts.store, desk.now - checks.DAY_MS)) >= most:
        raise Overburdened(
            f"{most} requests were planted within a day; more would only tire people"
        )


async def _agent(desk: Desk, name: str) -> Key:
    for key in await desk.parts.store.keys():
        if key.scope is Scope.AGENT and key.name == name and key.live(desk.now):
            return key
    raise Unprocessable(f"{name} is no agent with a live key")
