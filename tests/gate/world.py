# SPDX-License-Identifier: Apache-2.0
"""A small world for corridor tests: a real store, the real starter policy, a clock that is set by hand."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path

from gyges.action import Action
from gyges.canon import Json
from gyges.case import Case, Say
from gyges.episode import Recorded
from gyges.gate.corridor import Corridor
from gyges.gate.judge import Parts
from gyges.gate.keys import new_key
from gyges.gate.permits import load_signer, rotate
from gyges.gate.policy import CedarPolicy, load
from gyges.gate.schema import ToolDefinition
from gyges.ledger.note import Signer
from gyges.ledger.sqlite import SqliteStore
from gyges.monitors import panel
from gyges.ports import Change, EventQuery, Monitor
from gyges.principal import Key, Scope
from gyges.settings import Settings
from gyges.testing.clock import FakeClock

STARTER = (resources.files("gyges.gate") / "starter.cedar").read_text()
GROUPS = {"reviewers": 0, "finance": 0}


def tool(name: str, risk: str, **properties: str) -> ToolDefinition:
    """A definition whose arguments are all required; `amount` is money where there is one."""
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }
    money = "/amount" if "amount" in properties else ""
    return ToolDefinition(name=name, server="office", risk=risk, input_schema=schema, amount=money)


TOOLS = (
    tool("read_file", "read", path="string"),
    tool("send_mail", "send", to="string", body="string"),
    tool("pay", "pay", to="string", amount="integer"),
    tool("set_audit_log", "oversee", on="boolean"),
)


def policy(extra: str = "", tools: Sequence[ToolDefinition] = TOOLS) -> CedarPolicy:
    """The starter policy, with `extra` rules."""
    return load({"starter.cedar": STARTER, "extra.cedar": extra}, tools, GROUPS)


@dataclass(slots=True, kw_only=True)
class World:
    """A corridor, and the keys of those who use it."""

    corridor: Corridor
    store: SqliteStore
    clock: FakeClock
    keys: dict[str, Key] = field(default_factory=dict[str, Key])

    async def propose(self, name: str, by: str = "bot", key: str = "", **arguments: Json) -> Case:
        """The bot proposes a tool call."""
        action = Action(agent="", tool=name, arguments=arguments, server="office", episode="e-1")
        return await self.corridor.propose(action, by=self.keys[by], idempotency=key)

    async def approve(self, case: Case, *people: str) -> Case:
        """Each of `people` approves."""
        for person in people:
            case = await self.corridor.answer(
                case.id, by=self.keys[person], say=Say.APPROVE, digest=case.digest
            )
        return case

    async def permit(self, case: Case) -> str:
        """The permit that the bot gets for a case."""
        return await self.corridor.permit(case, by=self.keys["bot"])

    async def redeem(self, case: Case, permit: str, action: Action | None = None) -> Case:
        """The executor brings a permit and bytes."""
        data = (action or case.action).canonical()
        return await self.corridor.redeem(
            case.id, by=self.keys["office"], permit=permit, action=data
        )

    async def events(self, subject: str = "") -> list[Recorded]:
        """What the log holds about a subject."""
        return list(await self.store.events(EventQuery(subject=subject)))

    async def kinds(self, case: Case) -> list[str]:
        """The kinds of events of a case, in order."""
        return [str(found.event.kind) for found in await self.events(case.id)]


PEOPLE: dict[str, tuple[Scope, tuple[str, ...]]] = {
    "ann": (Scope.APPROVER, ("finance",)),
    "bea": (Scope.APPROVER, ("finance",)),
    "cy": (Scope.APPROVER, ("finance", "reviewers")),
    "rex": (Scope.APPROVER, ("reviewers",)),
    "olga": (Scope.APPROVER, ("finance", "reviewers")),
    "zoe": (Scope.APPROVER, ("board",)),
    "office": (Scope.EXECUTOR, ()),
    "bank": (Scope.EXECUTOR, ()),
    "root": (Scope.ADMIN, ()),
    "auditor": (Scope.AUDITOR, ()),
}


def _sign(folder: Path, now: int) -> None:
    if not list(folder.glob("permit-*")):
        rotate(folder, now)


@asynccontextmanager
async def world(
    folder: Path,
    *,
    monitors: Sequence[Monitor] = (),
    settings: Settings | None = None,
    step: Callable[[int], None] = lambda _: None,
    alarmed: Callable[[str], bool] = lambda _: False,
) -> AsyncIterator[World]:
    """A fresh world in `folder`; olga owns the bot."""
    settings = settings or Settings(wait_seconds=100, grant_seconds=50, outcome_seconds=30)
    clock = FakeClock(1_700_000_000_000)
    _sign(folder, clock.now())
    signer = Signer.from_seed("test.example/log", b"\x07" * 32)
    store = await SqliteStore.open(
        folder / "gyges.db", origin="test.example/log", signer=signer, step=step
    )
    try:
        parts = Parts(
            recorder=store, store=store, signer=load_signer(folder), clock=clock, settings=settings,
            look=partial(panel.look, monitors, budget_s=settings.monitor_seconds),
            origin="test.example/log", step=step, alarmed=alarmed,
        )  # fmt: skip
        made = World(corridor=Corridor(parts, policy()), store=store, clock=clock)
        now = clock.now()
        for name, (scope, groups) in PEOPLE.items():
            made.keys[name] = new_key(name, scope, now=now, groups=groups)[0]
        made.keys["bot"] = new_key("bot", Scope.AGENT, now=now, owner="olga")[0]
        made.keys["other"] = new_key("other", Scope.AGENT, now=now, owner="olga")[0]
        await store.record(Change(events=(), keys=tuple(made.keys.values())))
        yield made
    finally:
        await store.close()
