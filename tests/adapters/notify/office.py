# SPDX-License-Identifier: Apache-2.0
"""An office that gets notices: a store, a clock that is turned by hand, people, and a channel that keeps mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gyges.action import Action
from gyges.adapters.notify.channel import Message, Sent
from gyges.adapters.notify.config import Common, Mail, Slack, Webhook, hours_of
from gyges.adapters.notify.courier import Courier, Leg
from gyges.adapters.notify.telling import Telling
from gyges.canon import Json
from gyges.case import Case, Say, State, Vote
from gyges.decision import Requirement
from gyges.episode import Kind
from gyges.person import Person, Role
from gyges.ports import Change, Delivery, DeliveryQuery, EventQuery, Notice
from gyges.testing import FakeClock
from gyges.testing.memory import MemoryStore

NOON = 1_795_262_400_000  # 2026-11-21 12:00 UTC, a Saturday
SECRET = "4711 to Eve, urgently"  # what stands in the arguments, and must never be told
LEVELS = {10: "low", 40: "medium", 80: "high"}


def a_case(
    id: str = "c-1", *, state: State = State.WAITING, risk: int = 40, tool: str = "send_mail",
    agent: str = "bot", barred: tuple[str, ...] = (), votes: tuple[Vote, ...] = (),
    version: int = 0, arguments: dict[str, Json] | None = None,
) -> Case:  # fmt: skip
    """A case that finance is asked about, with something in it that nobody may read elsewhere."""
    action = Action(
        agent=agent, tool=tool, arguments=arguments or {"text": SECRET}, purpose=SECRET,
        resource=SECRET,
    )  # fmt: skip
    return Case(
        id=id, state=state, action=action, digest=action.digest, created=NOON, risk=risk,
        requirement=Requirement(groups={"finance": 1}), deadline=NOON + 3_600_000, barred=barred,
        votes=votes, reason=SECRET, version=version,
    )  # fmt: skip


def a_vote(person: str = "ann", say: Say = Say.APPROVE) -> Vote:
    """Somebody's word."""
    return Vote(person=person, group="finance", say=say, at=NOON, digest="sha256:" + "0" * 64)


def a_notice(
    id: str = "n-1", *, kind: str = "waiting", case: str = "c-1", at: int = NOON,
    groups: tuple[str, ...] = ("finance",),
) -> Notice:  # fmt: skip
    """Something that finance should know."""
    return Notice(id=id, at=at, kind=kind, case=case, groups=groups)


def a_delivery(kind: str = "waiting", *, case: str = "c-1", **more: Any) -> Delivery:
    """A row of the outbox."""
    values: dict[str, Any] = {
        "id": "n-1/post/0/", "notice": "n-1", "kind": kind, "case": case, "at": NOON,
        "channel": "post", "target": "", "groups": ("finance",), "due": NOON,
    }  # fmt: skip
    return Delivery(**(values | more))


def a_telling(**more: Any) -> Telling:
    """What may be said of a waiting case."""
    values: dict[str, Any] = {
        "notice": "n-1", "kind": "waiting", "at": NOON, "url": "https://gate.example.org/a/c-1",
        "level": "medium", "groups": ("finance",), "case": "c-1", "agent": "bot",
        "tool": "send_mail", "digest": "sha256:0123456789ab", "risk": 40, "state": "waiting",
        "deadline": NOON + 3_600_000,
    }  # fmt: skip
    return Telling(**(values | more))


def a_message(*tellings: Telling, target: str = "", ref: str = "", id: str = "m-1") -> Message:
    """One message of these."""
    return Message(id=id, target=target, tellings=tellings or (a_telling(),), ref=ref)


def person(name: str, *groups: str, email: str = "", **more: Any) -> Person:
    """An approver with an address."""
    values: dict[str, Any] = {
        "name": name, "created": NOON, "roles": (Role.APPROVER,), "groups": groups,
        "email": email or f"{name}@example.org",
    }  # fmt: skip
    return Person(**(values | more))


@dataclass
class Postbox:
    """A channel that keeps what it is given; `fails` are raised first, one an attempt."""

    collects: bool = False
    amends: bool = False
    fails: list[Exception] = field(default_factory=list[Exception])
    got: list[Message] = field(default_factory=list[Message])
    tried: int = 0

    async def send(self, message: Message, now: int) -> Sent:
        """Fail, or keep it."""
        self.tried += 1
        if self.fails:
            raise self.fails.pop(0)
        self.got.append(message)
        return Sent(ref=f"ref-{len(self.got)}")

    @property
    def told(self) -> list[tuple[str, ...]]:
        """The cases of each message."""
        return [tuple(telling.case for telling in message.tellings) for message in self.got]


HOOK = Webhook(name="post", url="https://example.org", secret_file="s")


def hook(**more: object) -> Webhook:
    """The webhook named post with other settings."""
    return msgspec.structs.replace(HOOK, **more)


def mail(**more: Any) -> Mail:
    """A mail channel named post."""
    values: dict[str, Any] = {
        "name": "post",
        "host": "localhost",
        "sender": "g@example.org",
        "people": True,
    }
    return Mail(**(values | more))


def chat(**more: Any) -> Slack:
    """A Slack channel named post."""
    values: dict[str, Any] = {"name": "post", "channel": "C01", "token_file": "t"}
    return Slack(**(values | more))


@dataclass
class Office:
    """A courier with one channel or more, and all it needs."""

    plans: Sequence[Common] = (HOOK,)
    box: Postbox = field(default_factory=Postbox)
    store: Any = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))

    def __post_init__(self) -> None:
        self.courier = self.restarted()

    def restarted(self, box: Postbox | None = None) -> Courier:
        """Another courier over the same store, as after a crash."""
        legs = {
            plan.name: Leg(plan=plan, hours=hours_of(plan), channel=box or self.box)
            for plan in self.plans
        }
        self.courier = Courier(
            store=self.store, recorder=self.store, clock=self.clock, legs=legs,
            base="https://gate.example.org", level=lambda case: LEVELS[case.risk],
        )  # fmt: skip
        return self.courier

    async def has(self, *cases: Case, people: Sequence[Person] = ()) -> None:
        """Put these into the store."""
        await self.store.record(Change(events=(), cases=cases, people=tuple(people)))

    async def tells(self, *notices: Notice, name: str = "post") -> int:
        """Tell these and carry what is due at once; after how many ms to look again."""
        for notice in notices:
            await self.courier.tell(notice)
        return await self.courier.carry(name)

    async def after(self, seconds: float, name: str = "post") -> int:
        """The same, later."""
        self.clock.advance(seconds=seconds)
        return await self.courier.carry(name)

    async def rows(self) -> Sequence[Delivery]:
        """The whole outbox."""
        found: Sequence[Delivery] = await self.store.deliveries(DeliveryQuery(limit=1000))
        return found

    async def logged(self) -> list[dict[str, Json]]:
        """What the log says was told."""
        found = await self.store.events(EventQuery(kinds=(Kind.TOLD,)))
        return [recorded.event.body for recorded in found]
