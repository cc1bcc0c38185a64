# SPDX-License-Identifier: Apache-2.0
"""What the gate tells the outside about one case: the JSON of every surface, written in one place.

It holds no secret. The permit is added only for the agent whose case it is, by the surface that knows
the caller.
"""

from dataclasses import dataclass, replace

from gyges.action import Action
from gyges.case import Case, Outcome, State, Vote
from gyges.decision import Effect
from gyges.verdict import Verdict

OPEN = frozenset({State.PROPOSED, State.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One case as seen from outside. Times are ms since the epoch; `effect` is what holds now."""

    id: str
    state: State
    effect: Effect
    digest: str
    action: Action
    created: int
    version: int
    reason: str = ""
    guidance: str = ""
    rules: tuple[str, ...] = ()
    policy: str = ""
    required: dict[str, int]  # group -> people asked for
    approvals: dict[str, int]  # group -> people who approved
    missing: dict[str, int]
    votes: tuple[Vote, ...] = ()
    blind: bool = False  # others' votes are kept back from whoever asks, until they have voted
    verdicts: tuple[Verdict, ...] = ()
    risk: int = 0
    deadline: int = 0
    escalated: tuple[str, ...] = ()
    amends: str = ""
    replaced_by: str = ""
    outcome: Outcome | None = None
    log_index: int = -1
    permit: str = ""

    @property
    def settled(self) -> bool:
        """Whether no person and no policy has anything left to say."""
        return self.state not in OPEN


def answer_of(case: Case, permit: str = "", *, blind: bool = False, full: bool = False) -> Answer:
    """The outside view of `case`; `blind` leaves the votes out.

    Only with `full` does it say how people looked and what they signed with: an agent that knows how long
    its reviewers look knows when to ask them.
    """
    case = replace(case, votes=()) if blind else case
    decision = case.decision
    approvals = case.approvals()
    waiting = case.state is State.WAITING
    return Answer(
        id=case.id,
        state=case.state,
        effect=effect_of(case.state),
        digest=case.digest,
        action=case.action,
        created=case.created,
        version=case.version,
        reason=case.reason,
        guidance=case.guidance,
        rules=decision.ruling.rules if decision else (),
        policy=decision.ruling.policy if decision else "",
        required=case.requirement.groups,
        approvals=approvals,
        missing=case.requirement.missing(approvals) if waiting else {},
        votes=case.votes if full else tuple(map(_plain, case.votes)),
        blind=blind,
        verdicts=decision.verdicts if decision else (),
        risk=case.risk,
        deadline=case.deadline,
        escalated=case.escalated,
        amends=case.amends,
        replaced_by=case.replaced_by,
        outcome=case.outcome,
        log_index=case.log_index,
        permit=permit,
    )


def _plain(vote: Vote) -> Vote:
    return replace(vote, attention=None, assertion=None)


def effect_of(state: State) -> Effect:
    """Which of the three answers a state amounts to."""
    if state in OPEN:
        return Effect.ASK
    allowed = {State.GRANTED, State.REDEEMED, State.DONE, State.FAILED, State.UNKNOWN}
    return Effect.ALLOW if state in allowed else Effect.DENY
