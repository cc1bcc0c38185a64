# SPDX-License-Identifier: Apache-2.0
"""What keeps approving from becoming a reflex: how long to look, what to type, whose votes to see. Pure.

    level    an approval in a page needs
    low      nothing more
    medium   the page open for a third of `dwell_seconds`, and longer the more there is to read
    high     the page open for `dwell_seconds` and longer, and one value of the action typed

It concerns approvals only: nothing here stands in the way of a denial. What was measured comes in as
`case.Attention`; nothing is measured here, and who may approve is for `approvals.py` to say.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from gyges import canon
from gyges.case import Attention, Case, State, Vote
from gyges.errors import Hasty
from gyges.gate.approvals import same
from gyges.gate.typed import Field, field_of, fits

HIGH_FROM = 60  # risk of a tool that nobody classed, and of all that executes, deletes or pays
MEDIUM_FROM = 20  # whatever changes something
READ_MS_PER_KIB = 1_000
LONGEST = {"medium": 10_000, "high": 30_000}  # ms; nobody is made to wait longer for a page
UNSEEN = frozenset({"key", "slack"})  # ways to answer that show no page of ours; all others do


class Level(StrEnum):
    """How much harm an action can do, in the three steps in which people are asked to look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """1 low, 2 medium, 3 high; 0 is left for "none"."""
        return {"low": 1, "medium": 2, "high": 3}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that concern looking, in ms. `unseen` is "none" or the name of a level."""

    dwell_ms: int
    unseen: str = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one case asks of whoever approves it in a page. `typed.expected` is not for the page to print."""

    level: Level
    dwell_ms: int
    typed: Field | None = None


def level_at(risk: int) -> Level:
    """The level of a risk from 0 to 100."""
    return Level.HIGH if risk >= HIGH_FROM else Level.MEDIUM if risk >= MEDIUM_FROM else Level.LOW


def level_of(case: Case) -> Level:
    """The level of `case`: its tool's risk, and one step more where a monitor asked and no rule did."""
    decision = case.decision
    raised = decision is not None and decision.effect.severity > decision.ruling.effect.severity
    level = level_at(case.risk)
    if not raised or level is Level.HIGH:
        return level
    return Level.MEDIUM if level is Level.LOW else Level.HIGH


def demand(case: Case, amount: str, rules: Rules) -> Demand:
    """What approving `case` takes; `amount` is the pointer to the tool's amount of money, "" for none."""
    level = level_of(case)
    typed = field_of(case.action, amount) if level is Level.HIGH else None
    size = len(canon.encode(case.action.arguments))
    return Demand(level=level, dwell_ms=least_dwell(level, size, rules.dwell_ms), typed=typed)


def least_dwell(level: Level, size: int, base_ms: int) -> int:
    """How long a page must have been open, in ms, for arguments of `size` canonical bytes."""
    if level is Level.LOW or not base_ms:
        return 0
    start = base_ms if level is Level.HIGH else base_ms // 3
    return max(start, min(start + size // 1024 * READ_MS_PER_KIB, LONGEST[level.value]))


def check(asked: Demand, given: Attention | None, method: str, rules: Rules, *, now: int) -> None:
    """Raise `Hasty`, saying what is missing, unless whoever approves has looked as `asked`.

    Only what the gate measured counts: no more dwell is believed than time has passed since the page was
    made. An answer from a page without a measurement counts as one that did not look at all.
    """
    if given is None and method in UNSEEN:
        _check_unseen(asked.level, rules.unseen)
        return
    dwell = max(0, min(given.dwell_ms, now - given.opened)) if given else 0
    left = asked.dwell_ms - dwell
    if left > 0:
        raise Hasty(
            f"this was open for {dwell / 1000:.1f} s; an approval counts after "
            f"{asked.dwell_ms / 1000:.1f} s",
            wait_ms=left,
        )
    if asked.typed and not fits(asked.typed, given.typed if given else ""):
        where = asked.typed.pointer or "the tool's name"
        raise Hasty(f"type the {asked.typed.label} as the action has it ({where}) to approve")


def _check_unseen(level: Level, most: str) -> None:
    if level.rank > (0 if most == "none" else Level(most).rank):
        raise Hasty(
            f"an action of {level} risk is approved in the inbox, where it is shown in full"
        )


def kept(vote: Vote, typed: Field | None) -> Vote:
    """`vote` as the log keeps it: in place of the text that was typed, which field it was."""
    if vote.attention is None:
        return vote
    name = (typed.pointer or "tool") if typed else ""
    return replace(vote, attention=replace(vote.attention, typed=name))


def hides(case: Case, name: str, *, blind: bool) -> bool:
    """Whether `name` may not see the votes of others on `case`: it waits for several people and lacks theirs."""
    several = sum(case.requirement.groups.values()) > 1
    voted = any(same(vote.person, name) for vote in case.votes)
    return blind and several and not voted and case.state is State.WAITING
