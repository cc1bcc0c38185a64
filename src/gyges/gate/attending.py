# SPDX-License-Identifier: Apache-2.0
"""Where attention is asked for: before an approval counts, and before people are asked at all.

`attention.py` has the rules for looking, `load.py` and `flood.py` count, `reviewers.py` keeps the record; here
they meet the settings, the store and the policy in force. None of it touches a denial.
"""

from dataclasses import replace

from gyges.case import Case, Say, State, Vote
from gyges.episode import Kind
from gyges.errors import Conflict, Forbidden, Overburdened
from gyges.gate import attention, checks, load, reviewers
from gyges.gate.attention import Demand, Rules
from gyges.gate.flood import Flood
from gyges.gate.ids import new_id
from gyges.gate.judge import Judge, Parts, plain
from gyges.gate.load import Load
from gyges.gate.policy import CedarPolicy
from gyges.gate.reviewers import Record
from gyges.gate.states import stay
from gyges.ports import Notice, Policy

DAY_MS = 86_400_000


class Attending(Judge):
    """The part of the gate that treats people's attention as something that runs out."""

    def __init__(self, parts: Parts, policy: Policy) -> None:
        """As `Judge`."""
        super().__init__(parts, policy)
        self.flood = Flood()

    def demand(self, case: Case) -> Demand:
        """What approving `case` in a page takes, under the settings and the policy in force."""
        tools = self.policy.tools if isinstance(self.policy, CedarPolicy) else {}
        tool = tools.get(case.action.tool)
        return attention.demand(case, tool.amount if tool else "", self._rules)

    def hides(self, case: Case, name: str) -> bool:
        """Whether the approver `name` may not see the votes of others on `case`, if there are any."""
        return attention.hides(case, name, blind=self.parts.settings.blind_votes)

    async def load(self, name: str) -> Load:
        """How many approvals `name` has given within the hour, and how many count."""
        most = self.parts.settings.approvals_per_hour
        return await load.load_of(self.parts.store, name, self.now, most)

    async def record(self, name: str, *, days: int = 30) -> Record:
        """What is known of how `name` has answered within the last `days`."""
        return (await self._reviewed(days)).of(name, most=self.parts.settings.approvals_per_hour)

    async def records(self, *, days: int = 30) -> tuple[Record, ...]:
        """The same of everybody who has answered, by name."""
        found, most = await self._reviewed(days), self.parts.settings.approvals_per_hour
        return tuple(found.of(name, most=most) for name in found.names())

    async def _reviewed(self, days: int) -> reviewers.Reviewed:
        now = self.now
        return await reviewers.read(self.parts.store, since=now - days * DAY_MS, until=now)

    async def heeded(self, case: Case, vote: Vote) -> Vote:
        """The vote as it is written down: of what was typed, the name of the field and not the text.

        Raise `Forbidden`, `Hasty` or `Overburdened` unless an approval may count; the last puts the case to
        others, too.
        """
        if vote.say is not Say.APPROVE:
            return attention.kept(vote, None)
        await self._check_trust(case, vote.person)
        asked = self.demand(case)
        attention.check(asked, vote.attention, vote.method, self._rules, now=self.now)
        given = await self.load(vote.person)
        if given.full:
            to = await self._reroute(case, vote.person)
            raise Overburdened(
                f"{vote.person} gave {given.approvals} approvals within the hour; for now no more of "
                f"them count{f' and {to} is asked' if to else ''}",
                approvals=given.approvals,
            )
        return attention.kept(vote, asked.typed)

    async def _check_trust(self, case: Case, person: str) -> None:
        """Raise `Forbidden` for whoever missed the latest planted request, unless somebody else approved."""
        settings, store = self.parts.settings, self.parts.store
        helped = any(v.say is Say.APPROVE and not v.grant for v in case.votes)
        if not settings.checks_per_day or helped:
            return
        if checks.failing(await checks.checked(store, self.now - checks.COUNTS_MS), person):
            raise Forbidden(
                f"{person} missed the latest planted request: until they catch one, or a month is over, "
                "somebody else must approve first"
            )

    async def placed(self, case: Case) -> tuple[Case, tuple[Notice, ...]]:
        """What becomes of a case that is about to wait for people, and what else they should be told."""
        settings, now, agent = self.parts.settings, self.now, case.action.agent
        if not case.action.edited_by:
            if self.flood.over(agent, now, settings.asks_per_minute):
                return self._dammed(case)
            self.flood.note(agent, now)
        to, most = self._rest, settings.approvals_per_hour
        if not to or not most or to in case.escalated:
            return case, ()
        if await load.exhausted(self.parts.store, case, now, most):
            case = stay(case, escalated=(*case.escalated, to))
        return case, ()

    def _dammed(self, case: Case) -> tuple[Case, tuple[Notice, ...]]:
        settings, now, agent = self.parts.settings, self.now, case.action.agent
        reason = f"{agent} asked people {settings.asks_per_minute} times within a minute: no more for now"
        proposed = replace(case, state=State.PROPOSED, votes=())
        groups = tuple(case.requirement.groups)
        told = self.flood.news(agent, now)
        notice = Notice(id=new_id("n", now), at=now, kind="flood", case=case.id, groups=groups)
        return self.denied(proposed, reason), (notice,) if told else ()

    async def _reroute(self, case: Case, person: str) -> str:
        """Put `case` to the group for such times; its name, "" if there is none or it is asked already."""
        to = self._rest
        if not to or to in case.escalated:
            return to
        asked = (*case.escalated, to)
        try:
            body = plain(groups=asked, because=f"{person} has no approvals left")
            await self.write(stay(case, escalated=asked), Kind.ESCALATED, body)
        except Conflict:
            return ""  # it moved on: whoever acted sees to it
        return to

    @property
    def _rest(self) -> str:
        settings = self.parts.settings
        return settings.reroute_to or settings.escalate_to

    @property
    def _rules(self) -> Rules:
        settings = self.parts.settings
        return Rules(dwell_ms=int(settings.dwell_seconds * 1000), unseen=settings.unseen_approvals)
