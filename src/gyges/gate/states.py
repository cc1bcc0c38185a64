# SPDX-License-Identifier: Apache-2.0
"""The state table of a case: the only place that knows which step may follow which.

Rules for this file: a step that is not in the table does not exist; no step leads out of a final state;
nothing reaches `redeemed` but through `granted`; a case never changes its action.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from gyges.case import Case, Outcome, State, Vote
from gyges.decision import Decision, Requirement
from gyges.errors import Conflict

TABLE: Mapping[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.DENIED, State.GRANTED, State.WAITING}),
    State.WAITING: frozenset(
        {State.GRANTED, State.DENIED, State.EXPIRED, State.WITHDRAWN, State.SUPERSEDED}
    ),
    State.GRANTED: frozenset({State.REDEEMED, State.LAPSED}),
    State.REDEEMED: frozenset({State.DONE, State.FAILED, State.UNKNOWN}),
    State.DENIED: frozenset(),
    State.EXPIRED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.SUPERSEDED: frozenset(),
    State.LAPSED: frozenset(),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.UNKNOWN: frozenset(),
}
FINAL = frozenset(state for state, following in TABLE.items() if not following)


class Fields(TypedDict, total=False):
    """What a step may change besides the state: never the action, its digest, its id or who is barred."""

    nonce: str
    decision: Decision
    requirement: Requirement
    votes: tuple[Vote, ...]
    deadline: int
    escalate_at: int
    escalated: tuple[str, ...]
    reason: str
    guidance: str
    replaced_by: str
    outcome: Outcome
    risk: int


def move(case: Case, to: State, **changes: Unpack[Fields]) -> Case:
    """`case` one step on, timers off unless `changes` sets them; raise `Conflict` if there is no such step."""
    if to not in TABLE[case.state]:
        raise Conflict(f"case {case.id} is {case.state} and cannot become {to}", state=case.state)
    changes.setdefault("deadline", 0)
    changes.setdefault("escalate_at", 0)
    return replace(case, state=to, **changes)


def stay(case: Case, **changes: Unpack[Fields]) -> Case:
    """`case` in the same state with `changes`; raise `Conflict` if that state is final."""
    if case.state in FINAL:
        raise Conflict(f"case {case.id} is {case.state}", state=case.state)
    return replace(case, **changes)


def diagram() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> proposed"]
    lines += [f"    {a} --> {b}" for a, following in TABLE.items() for b in sorted(following)]
    lines += [f"    {state} --> [*]" for state in TABLE if state in FINAL]
    return "\n".join(lines)
