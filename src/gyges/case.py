# SPDX-License-Identifier: Apache-2.0
"""One action's way through the corridor: all that the gate must remember of it between two requests.

A `Case` is rewritten whole at each step, under compare-and-set on `version`; which steps exist stands in
`gate/states.py` and nowhere else. Its `id` is the durable id that every surface resolves to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum

from gyges.action import Action
from gyges.decision import NOBODY, Decision, Requirement


class State(StrEnum):
    """Where a case stands."""

    PROPOSED = "proposed"
    DENIED = "denied"
    WAITING = "waiting"
    GRANTED = "granted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    REDEEMED = "redeemed"
    LAPSED = "lapsed"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Say(StrEnum):
    """What a person can say to a case."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What is known of how somebody looked before they answered. Measured by the gate, not claimed."""

    shown: str  # digest of the rendered view
    opened: int  # ms, when the page was made
    dwell_ms: int
    expanded: tuple[str, ...] = ()  # what was unfolded, as the page tells it
    typed: str = ""  # the field that had to be typed, where one had


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A passkey's signature over one answer (WebAuthn level 2, section 7.2). Binary fields are base64url.

    The challenge is SHA-256 of `preimage`: canonical JSON of case, action digest, view digest, what is
    said, and a nonce.
    """

    credential: str
    public_key: str  # COSE, as enrolled
    client_data: str
    authenticator_data: str
    signature: str
    preimage: str
    origin: str  # of the page
    rp_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's word on one case. An approval counts for one group only, so nobody counts twice."""

    person: str
    group: str
    say: Say
    at: int  # ms
    digest: str  # of the action that was shown
    reason: str = ""
    guidance: str = ""  # with DENY: what the agent should do instead
    grant: str = ""  # id of the standing grant that spoke, if one did
    method: str = "key"  # how the person was identified
    via: str = ""  # the group that gave the right, where it is another than `group` (escalation)
    attention: Attention | None = None
    assertion: Assertion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the executor reports. `result` is the digest of the result's canonical bytes."""

    ok: bool
    at: int  # ms
    result: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything about one proposed action; times are ms since the epoch, 0 means none."""

    id: str
    state: State
    action: Action
    digest: str
    created: int
    agent_groups: tuple[str, ...] = ()  # as enrolled when it was proposed
    barred: tuple[str, ...] = ()  # who can never approve: agent, its owner, the principal, editors
    audience: str = ""  # name of the executor that may redeem; empty: none may
    nonce: str = ""  # fixed for the case, so that however many permits are minted one can be used
    risk: int = 0  # 0-100, for the order of the inbox
    decision: Decision | None = None
    requirement: Requirement = NOBODY  # what is asked now; escalation may name other groups
    votes: tuple[Vote, ...] = ()
    deadline: int = 0  # when the present state ends by itself
    escalate_at: int = 0  # when another group is asked
    escalated: tuple[str, ...] = ()  # groups asked by escalation
    reason: str = ""  # one line: why it stands where it stands
    guidance: str = ""  # a person's words for the agent, with a denial
    amends: str = ""  # the case this one replaces
    replaced_by: str = ""
    outcome: Outcome | None = None
    planted: str = ""  # who planted it, where no agent proposed it: it never runs
    version: int = 0  # set by the store: 1 when first written, one more at each write
    log_index: int = -1  # set by the store: place of this case's latest event in the log

    @property
    def next_at(self) -> int:
        """When a timer must look at this case again; 0 for never."""
        times = [at for at in (self.deadline, self.escalate_at) if at]
        return min(times) if times else 0

    def approvals(self) -> dict[str, int]:
        """Group -> number of distinct people who approved for it, as surely as is required."""
        return _people(vote for vote in self.votes if self.counts(vote))

    def signed(self) -> dict[str, int]:
        """Group -> number of distinct people whose approval is signed with a passkey."""
        return _people(vote for vote in self.votes if vote.assertion is not None)

    def counts(self, vote: Vote) -> bool:
        """Whether `vote` is as sure as is required now."""
        return not self.requirement.assurance or vote.assertion is not None

    def stored(self, version: int, log_index: int) -> "Case":
        """The same case as the store has it."""
        made = object.__new__(
            Case
        )  # as `replace` does it, at a third of the cost: four times a decision
        for read, write in _SLOTS:
            write(made, read(self))
        _write_version(made, version)
        _write_index(made, log_index)
        return made


def _people(votes: Iterable[Vote]) -> dict[str, int]:
    found: dict[str, set[str]] = {}
    for vote in votes:
        if vote.say is Say.APPROVE:
            found.setdefault(vote.group, set()).add(vote.person)
    return {group: len(people) for group, people in found.items()}


_SLOTS = tuple(
    (slot.__get__, slot.__set__) for slot in (vars(Case)[field.name] for field in fields(Case))
)
_write_version, _write_index = (vars(Case)[name].__set__ for name in ("version", "log_index"))
