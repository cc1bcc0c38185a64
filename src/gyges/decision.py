# SPDX-License-Identifier: Apache-2.0
"""What policy says (`Ruling`), who must approve (`Requirement`), what the gate answers (`Decision`)."""

from dataclasses import dataclass, field
from enum import StrEnum

from gyges.verdict import Verdict


class Effect(StrEnum):
    """The three answers; `severity` orders them, and only ever grows."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"

    @property
    def severity(self) -> int:
        """0 allow, 1 ask, 2 deny."""
        return {"allow": 0, "ask": 1, "deny": 2}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """How many distinct people of each group must approve, for example `{"finance": 2}`, and how surely.

    `assurance` "passkey" means that only approvals signed with a passkey count.
    """

    groups: dict[str, int]
    assurance: str = ""

    def join(self, other: "Requirement") -> "Requirement":
        """The least requirement that satisfies both."""
        names = sorted({*self.groups, *other.groups})
        return Requirement(
            groups={n: max(self.groups.get(n, 0), other.groups.get(n, 0)) for n in names},
            assurance=self.assurance or other.assurance,
        )

    def missing(self, approvals: dict[str, int]) -> dict[str, int]:
        """What is still missing when `approvals` are in; empty when satisfied."""
        return {
            g: n - approvals.get(g, 0) for g, n in self.groups.items() if n > approvals.get(g, 0)
        }


NOBODY = Requirement(groups={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What policy may know beyond the action: all of it computed by the gate, none of it by the agent."""

    approvals: dict[str, int]  # group -> distinct approvers so far
    signed: dict[str, int] = field(
        default_factory=dict[str, int]
    )  # those who signed with a passkey
    groups: tuple[str, ...] = ()  # groups of the agent itself
    risk: str = (
        "unknown"  # the tool's risk class: read, draft, write, send, pay, delete, execute, unknown
    )
    alarm: bool = False  # whether an alarm of drift on this agent is unsettled


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What policy says about one action, and which rules said so."""

    effect: Effect
    policy: str  # digest of the policy set that ruled
    rules: tuple[
        str, ...
    ] = ()  # ids of the rules that decided; empty with DENY means: none allowed it
    requirement: Requirement = NOBODY  # with ASK: the smallest sufficient set of approvals
    errors: tuple[str, ...] = ()  # rule ids and messages of evaluation errors; any makes it DENY
    reason: str = ""  # one line for a human


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The gate's answer: ruling and verdicts weighed together."""

    effect: Effect
    ruling: Ruling
    verdicts: tuple[Verdict, ...] = ()
    requirement: Requirement = NOBODY
    reason: str = ""
