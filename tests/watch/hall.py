# SPDX-License-Identifier: Apache-2.0
"""What tests of episodes share: a store, a clock that is set by hand, and keys; nothing is faked."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gyges.canon import Json
from gyges.drift.coin import Design
from gyges.episode import Event, Kind, Recorded
from gyges.gate.ids import new_id
from gyges.gate.keys import new_key
from gyges.ports import Change, EventQuery
from gyges.principal import Key, Scope
from gyges.settings import Settings
from gyges.testing import FakeClock, MemoryStore
from gyges.watch.episodes import Episodes, Parts
from gyges.watch.ring import Ring

CUE = "Nobody looks at this session."
RING = Ring(design=Design(id="d-1", share=0.5), cue=CUE, watched="", key=bytes(range(32)))
GATE: dict[str, Json] = {"policy": "sha256:" + "0" * 64, "monitors": ["rules"], "rules": ""}
IDLE_S = 600


def key(name: str, scope: Scope) -> Key:
    """A key as the gate has it."""
    owner = "olga" if scope is Scope.AGENT else ""
    groups = ("reviewers",) if scope is Scope.APPROVER else ()
    return new_key(name, scope, now=1, owner=owner, groups=groups)[0]


BOT, OTHER = key("bot", Scope.AGENT), key("other", Scope.AGENT)
AUDREY, OFFICE = key("audrey", Scope.AUDITOR), key("office", Scope.EXECUTOR)
ALICE, ROOT = key("alice", Scope.APPROVER), key("root", Scope.ADMIN)


@dataclass(slots=True, kw_only=True)
class Hall:
    """Episodes over a store in memory."""

    ring: Ring | None = None
    step: Callable[[int], None] = lambda _: None
    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryStore = field(default_factory=MemoryStore)

    @property
    def episodes(self) -> Episodes:
        """As a gate that has just started has them."""
        return Episodes(self.parts)

    @property
    def parts(self) -> Parts:
        """What they are made of."""
        return Parts(
            recorder=self.store, store=self.store, clock=self.clock, new_id=new_id,
            settings=Settings(episode_idle_seconds=IDLE_S), fingerprint=lambda: {**GATE},
            ring=self.ring, step=self.step,
        )  # fmt: skip

    async def log(self, *kinds: Kind) -> list[Recorded]:
        """What the log holds, of these kinds or of all."""
        return list(await self.store.events(EventQuery(kinds=kinds)))

    async def happen(self, *events: Event) -> None:
        """Something is recorded."""
        await self.store.record(Change(events=events))


def proposal(
    subject: str, at: int = 0, *, episode: str = "e-1", agent: str = "bot", tool: str = "read_file",
    edited_by: str = "", resource: str = "", **arguments: Json,
) -> Event:  # fmt: skip
    """An agent proposes a call."""
    words = {"edited_by": edited_by, "resource": resource}
    action: dict[str, Json] = {
        "agent": agent, "tool": tool, "arguments": arguments, "episode": episode,
        **{name: text for name, text in words.items() if text},
    }  # fmt: skip
    return Event(
        kind=Kind.PROPOSED,
        at=at,
        subject=subject,
        body={"action": action},
        agent=agent,
        episode=episode,
    )
