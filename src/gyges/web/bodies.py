# SPDX-License-Identifier: Apache-2.0
"""What may come in: bodies and queries of the API, as small frozen structs that refuse unknown members.

Bounds stand here so that they are checked in one place and shown in the OpenAPI document. Whether the
content makes sense is for the corridor to say.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gyges.action import Action, Excerpt
from gyges.canon import Json
from gyges.case import Say
from gyges.person import Role
from gyges.principal import Scope
from gyges.standing import Match

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Maybe = Annotated[str, Meta(max_length=200)]
Words = Annotated[str, Meta(max_length=4000)]
Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Millis = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # to the end of the year 9999
Seconds = Annotated[float, Meta(ge=0, le=60)]


class Body(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of all bodies and queries."""


class Passage(Body, frozen=True, kw_only=True):
    """A piece of what the agent had read, and where it came from."""

    text: Annotated[str, Meta(max_length=100_000)]
    source: Name
    trusted: bool = False


class Propose(Body, frozen=True, kw_only=True):
    """One tool call, whole; who proposes is known from the key."""

    tool: Name
    arguments: dict[str, Json]
    server: Maybe = ""
    tool_schema: Annotated[str, Meta(pattern="^(sha256:[0-9a-f]{64})?$")] = ""
    resource: Annotated[str, Meta(max_length=2000)] = ""
    episode: Maybe = ""
    principal: Maybe = ""
    purpose: Words = ""
    context: Annotated[tuple[Passage, ...], Meta(max_length=100)] = ()
    provenance: dict[str, tuple[str, ...]] = msgspec.field(
        default_factory=dict[str, tuple[str, ...]]
    )
    amends: Maybe = ""

    def action(self, agent: str) -> Action:
        """The action that `agent` proposes by this."""
        passages = (Excerpt(text=p.text, source=p.source, trusted=p.trusted) for p in self.context)
        return Action(
            agent=agent, tool=self.tool, arguments=self.arguments, server=self.server,
            tool_schema=self.tool_schema, resource=self.resource, episode=self.episode,
            principal=self.principal, purpose=self.purpose, provenance=self.provenance,
            context=tuple(passages) if self.context else (), amends=self.amends,
        )  # fmt: skip


class Explain(Propose, frozen=True, kw_only=True):
    """An action to explain, proposed by nobody: `agent` is named, `approvals` are supposed."""

    agent: Name
    approvals: dict[str, Annotated[int, Meta(ge=0, le=1000)]] = msgspec.field(
        default_factory=dict[str, int]
    )


class Plant(Propose, frozen=True, kw_only=True):
    """A request to plant in the name of `agent`, to see who notices; it can never run."""

    agent: Name


class Withdraw(Body, frozen=True, kw_only=True):
    """Why it is taken back: a proposal by its agent, an approval by whoever gave it."""

    reason: Words = ""


class Decide(Body, frozen=True, kw_only=True):
    """A person's word on the bytes with this digest."""

    say: Say
    digest: Digest
    group: Maybe = ""
    reason: Words = ""
    guidance: Words = ""


class Edit(Body, frozen=True, kw_only=True):
    """Other arguments in place of the agent's: a new case that walks the corridor again."""

    digest: Digest
    arguments: dict[str, Json]
    reason: Words = ""


class Redeem(Body, frozen=True, kw_only=True):
    """A permit with the exact bytes that will run: `action` is the canonical action, as text."""

    permit: Annotated[str, Meta(max_length=10_000)]
    action: str


class Report(Body, frozen=True, kw_only=True):
    """How it ended: `ok` null means that nobody can know."""

    ok: bool | None
    result: Annotated[str, Meta(pattern="^(sha256:[0-9a-f]{64})?$")] = ""
    summary: Words = ""


class PinBody(Body, frozen=True, kw_only=True):
    """A condition on the argument at `pointer` (RFC 6901)."""

    pointer: Name
    test: Match
    value: Json


class MakeGrant(Body, frozen=True, kw_only=True):
    """An approval given ahead: for one agent and tool, pinned, counted and ending."""

    agent: Name
    tool: Name
    group: Name
    pins: Annotated[tuple[PinBody, ...], Meta(min_length=1, max_length=20)]
    expires: Millis
    max_uses: Annotated[int, Meta(ge=1, le=1000)]
    reason: Words
    sum_pointer: Maybe = ""
    sum_limit: Annotated[float, Meta(ge=0)] = 0


class PutStop(Body, frozen=True, kw_only=True):
    """Why everything in the scope stops."""

    reason: Words = ""


class MakeKey(Body, frozen=True, kw_only=True):
    """A key to make. `expires` 0 is never; `groups` matter for approvers and agents."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scope: Scope
    groups: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    owner: Maybe = ""
    executor: Maybe = ""
    expires: Millis = 0


PersonName = Annotated[str, Meta(min_length=1, max_length=100)]
Short = Annotated[str, Meta(max_length=500)]
Roles = Annotated[tuple[Role, ...], Meta(max_length=10)]
Groups = Annotated[tuple[Name, ...], Meta(max_length=50)]


class AddPerson(Body, frozen=True, kw_only=True):
    """An account to make. `oidc`: "issuer subject" of the identity somebody has at the OpenID provider."""

    name: PersonName
    display: Short = ""
    email: Short = ""
    roles: Roles = ()
    groups: Groups = ()
    oidc: Short = ""


class ChangePerson(Body, frozen=True, kw_only=True):
    """What to change of an account; null, or left out, stays as it is."""

    display: Short | None = None
    email: Short | None = None
    roles: Roles | None = None
    groups: Groups | None = None
    oidc: Short | None = None


class ToolSeen(Body, frozen=True, kw_only=True):
    """A tool's definition as a server gives it now (MCP names)."""

    name: Name
    inputSchema: dict[str, Json]  # noqa: N815 - MCP's name
    outputSchema: dict[str, Json] | None = None  # noqa: N815 - MCP's name
    title: Maybe = ""
    description: Annotated[str, Meta(max_length=100_000)] = ""
    annotations: dict[str, Json] | None = None


class VisibleTools(Body, frozen=True, kw_only=True):
    """The tools of one server, to be told which of them policy could ever allow."""

    server: Name
    tools: Annotated[tuple[ToolSeen, ...], Meta(max_length=1000)]


class WaitQuery(Body, frozen=True, kw_only=True):
    """How many seconds to hold the answer back while people think."""

    wait: Seconds = 0


class LookQuery(Body, frozen=True, kw_only=True):
    """`seen`: hold the answer until the case has a version above this."""

    wait: Seconds = 0
    seen: Annotated[int, Meta(ge=0, le=2**53)] = 0


class ListQuery(Body, frozen=True, kw_only=True):
    """Which cases, in which order; `state` may name several, with commas between."""

    state: Maybe = ""
    agent: Maybe = ""
    tool: Maybe = ""
    episode: Maybe = ""
    digest: Maybe = ""
    order: Literal["risk", "new"] = "new"
    after: Annotated[str, Meta(max_length=500)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class DaysQuery(Body, frozen=True, kw_only=True):
    """How far back to look."""

    days: Annotated[int, Meta(ge=1, le=366)] = 30


class HistoryQuery(Body, frozen=True, kw_only=True):
    """Which cases: `q` are words that were said, `by` who answered; times in ms, `until` exclusive."""

    q: Maybe = ""
    state: Maybe = ""
    agent: Maybe = ""
    tool: Maybe = ""
    episode: Maybe = ""
    by: Maybe = ""
    since: Millis = 0
    until: Millis = 0
    after: Annotated[str, Meta(max_length=500)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class GrantsQuery(Body, frozen=True, kw_only=True):
    """Whose standing grants."""

    agent: Maybe = ""
    tool: Maybe = ""


class EventsQuery(Body, frozen=True, kw_only=True):
    """Which events; times in ms, `until` exclusive, `first` the lowest index."""

    subject: Maybe = ""
    agent: Maybe = ""
    episode: Maybe = ""
    kind: Maybe = ""
    since: Millis = 0
    until: Millis = 0
    first: Annotated[int, Meta(ge=0, le=2**53)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class ProofQuery(Body, frozen=True, kw_only=True):
    """The tree's size that the proof is for; 0 is that of the latest checkpoint."""

    size: Annotated[int, Meta(ge=0, le=2**53)] = 0


class ConsistencyQuery(Body, frozen=True, kw_only=True):
    """Two sizes of the tree; `new` 0 is that of the latest checkpoint."""

    old: Annotated[int, Meta(ge=1, le=2**53)]
    new: Annotated[int, Meta(ge=0, le=2**53)] = 0


class EvidenceQuery(Body, frozen=True, kw_only=True):
    """One of: a case, an episode, a span of time."""

    case: Maybe = ""
    episode: Maybe = ""
    since: Millis = 0
    until: Millis = 0
