# SPDX-License-Identifier: Apache-2.0
"""The policy in force over HTTP: show it, explain one action under it, load it anew, tell which tools it knows.

It rules nothing itself: rulings, explanations and the loading are `gate/`'s.
"""

from typing import Any

from gyges.decision import Facts
from gyges.errors import Fault
from gyges.gate import explain as explaining
from gyges.gate.policy import CedarPolicy
from gyges.gate.schema import definition_digest
from gyges.principal import Key, Scope
from gyges.web import bodies, views
from gyges.web.call import Call, Nothing, Reply, reply


async def show(call: Call[None, Nothing]) -> Reply:
    """The policy set in force: its digest and everything the digest covers."""
    policy = _policy(call)
    return reply(views.PolicyView(digest=policy.digest, document=policy.document))


async def explain(call: Call[bodies.Explain, Nothing]) -> Reply:
    """Which rules would decide this action, under supposed approvals, and what would change the answer."""
    policy, body = _policy(call), call.body
    keys = await call.gate.store.keys()
    groups = {group for key in keys if _is_agent(key, body.agent, call.now) for group in key.groups}
    facts = Facts(
        approvals=body.approvals, signed=body.approvals, groups=tuple(sorted(groups)),
        risk=policy.risk(body.tool), alarm=call.gate.corridor.alarmed(body.agent),
    )  # fmt: skip
    return reply(explaining.explain(policy, body.action(body.agent), facts))


async def visible(call: Call[bodies.VisibleTools, Nothing]) -> Reply:
    """Which of a server's tools policy could ever allow this agent; a changed definition is not known."""
    policy, server = _policy(call), call.body.server
    tools = [_tool_view(policy, call.key, server, tool) for tool in call.body.tools]
    return reply({"tools": tools})


async def reload(call: Call[None, Nothing]) -> Reply:
    """Load the policy folder anew; a set that does not load leaves the old one in force."""
    return reply(views.Reloaded(digest=await call.gate.reload(by=call.key.name)))


def _is_agent(key: Key, name: str, now: int) -> bool:
    return key.scope is Scope.AGENT and key.name == name and key.live(now)


def _policy(call: Call[Any, Any]) -> CedarPolicy:
    policy = call.gate.corridor.policy
    if not isinstance(policy, CedarPolicy):
        raise Fault("the policy in force is not Cedar")
    return policy


def _tool_view(policy: CedarPolicy, key: Key, server: str, tool: bodies.ToolSeen) -> views.ToolView:
    digest = definition_digest(
        tool.name, tool.inputSchema, tool.annotations, description=tool.description,
        title=tool.title, output_schema=tool.outputSchema,
    )  # fmt: skip
    approved = policy.tools.get(tool.name)
    known = (
        approved is not None
        and approved.server in ("", server)
        and policy.schema_digest(tool.name) == digest
    )
    return views.ToolView(
        name=tool.name,
        visible=known and policy.visible(key.name, tool.name, key.groups),
        known=known,
        risk=policy.risk(tool.name),
        digest=digest,
    )
