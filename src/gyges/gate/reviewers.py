# SPDX-License-Identifier: Apache-2.0
"""Each reviewer's own record: how long they looked, how often they said yes, how it agreed with others.

It is computed from the log's events alone, so a reviewer can check it, and it is shown to that reviewer first.
It ranks nobody and decides nothing: how many approvals count is for `load.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gyges.canon import Json
from gyges.case import Say
from gyges.episode import Kind, Recorded
from gyges.gate.attention import Level, level_at
from gyges.gate.intervals import Middle, Share, middle, share
from gyges.gate.load import HOUR_MS, Load
from gyges.ports import EventQuery, Store

MOST = 5_000  # latest answers that a record looks at
TOO_EARLY = ("hasty", "overburdened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer as the log has it. Times are ms; `dwell_ms` and `waited_ms` are None where unmeasured."""

    case: str
    person: str
    say: Say
    at: int
    method: str
    risk: int
    dwell_ms: int | None
    waited_ms: int | None
    expanded: bool | None
    planted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one reviewer between `since` and `until` (ms). Intervals are of 95 %."""

    name: str
    since: int
    until: int
    answers: int
    approved: Share  # of all answers
    expanded: Share  # unfolded something, of the answers given in a page
    agreed: Share  # said what all others said, of the cases that others answered, too
    dwell: Middle  # ms a page was open before the answer
    dwell_approved: Middle  # the same, of approvals alone
    latency: Middle  # ms from proposal to answer
    caught: Share  # denied, of the planted requests they answered; those are in no other measure
    early: int  # approvals refused because they came too soon or were too many
    by_level: dict[str, Share]  # level of risk -> share approved
    load: Load  # of the last hour
    first: int  # when the earliest of these answers was given, 0 for none
    last: int

    @property
    def idle(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.answers and not self.early and not self.caught.of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """All answers of a span of time, and by whom approvals were refused as too early or too many."""

    since: int
    until: int
    answers: tuple[Answered, ...]
    early: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Everybody who answered or tried to, in order."""
        found = {_key(name): name for name in (*self.early, *(a.person for a in self.answers))}
        return [found[key] for key in sorted(found)]

    def of(self, name: str, *, most: int) -> Record:
        """The record of `name`; `most` approvals count within an hour, 0 is any number."""
        key = _key(name)
        all_ = [answer for answer in self.answers if _key(answer.person) == key]
        mine = [answer for answer in all_ if not answer.planted]
        return Record(
            name=name, since=self.since, until=self.until, answers=len(mine),
            approved=_approved(mine),
            expanded=_share(a.expanded for a in mine if a.expanded is not None),
            agreed=_share(self._agreements(key, mine)),
            dwell=middle(a.dwell_ms for a in mine if a.dwell_ms is not None),
            dwell_approved=middle(
                a.dwell_ms for a in mine if a.dwell_ms is not None and a.say is Say.APPROVE
            ),
            latency=middle(a.waited_ms for a in mine if a.waited_ms is not None),
            caught=_share(a.say is Say.DENY for a in all_ if a.planted),
            early=sum(_key(other) == key for other in self.early),
            by_level=_by_level(mine),
            load=Load(approvals=self._hour(all_), most=most),
            first=min((a.at for a in mine), default=0),
            last=max((a.at for a in mine), default=0),
        )  # fmt: skip

    def _hour(self, mine: Iterable[Answered]) -> int:
        after = self.until - HOUR_MS
        return sum(a.say is Say.APPROVE and a.at >= after for a in mine)

    def _agreements(self, key: str, mine: Iterable[Answered]) -> Iterable[bool]:
        said: defaultdict[str, dict[str, Say]] = defaultdict(dict)
        for answer in self.answers:
            said[answer.case][_key(answer.person)] = answer.say
        for answer in mine:
            others = [say for who, say in said[answer.case].items() if who != key]
            if others:
                yield all(say is answer.say for say in others)


async def read(store: Store, *, since: int, until: int) -> Reviewed:
    """The answers that the log holds between `since` and `until` (exclusive, ms), the latest `MOST` of them."""
    answered, refused = [
        await store.events(
            EventQuery(kinds=(kind,), since=since, until=until + 1, limit=MOST, latest=True)
        )
        for kind in (Kind.ANSWERED, Kind.REFUSED)
    ]
    found = (answer_of(recorded) for recorded in answered)
    return Reviewed(
        since=since,
        until=until,
        answers=tuple(answer for answer in found if answer),
        early=tuple(_early(refused)),
    )


def answer_of(recorded: Recorded) -> Answered | None:
    """The answer that an event tells of; None where its payload is gone or none of ours."""
    body, vote = recorded.event.body, recorded.event.body.get("vote")
    if not isinstance(vote, dict) or not isinstance(vote.get("person"), str):
        return None
    looked = vote.get("attention")
    measured: Mapping[str, Json] = looked if isinstance(looked, dict) else {}
    created, dwell = body.get("created"), measured.get("dwell_ms")
    at, risk = recorded.event.at, body.get("risk")
    return Answered(
        case=recorded.event.subject, person=str(vote["person"]), say=Say(str(vote.get("say"))), at=at,
        method=str(vote.get("method", "")), risk=risk if isinstance(risk, int) else -1,
        dwell_ms=dwell if isinstance(dwell, int) else None,
        waited_ms=at - created if isinstance(created, int) else None,
        expanded=bool(measured.get("expanded")) if measured else None,
        planted=bool(body.get("planted")),
    )  # fmt: skip


def _early(refused: Sequence[Recorded]) -> Iterable[str]:
    for recorded in refused:
        body = recorded.event.body
        if body.get("code") in TOO_EARLY:
            yield str(body.get("by", ""))


def _approved(answers: Sequence[Answered]) -> Share:
    return _share(answer.say is Say.APPROVE for answer in answers)


def _share(yes: Iterable[bool]) -> Share:
    found = list(yes)
    return share(sum(found), len(found))


def _by_level(answers: Sequence[Answered]) -> dict[str, Share]:
    return {
        level.value: _approved([a for a in answers if a.risk >= 0 and level_at(a.risk) is level])
        for level in Level
    }


def _key(name: str) -> str:
    return name.strip().casefold()
