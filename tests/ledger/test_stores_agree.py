# SPDX-License-Identifier: Apache-2.0
"""The embedded store and the one in memory, put through the same random life, give the same answers.

They were written apart, so an agreement is evidence for both. Changes come in bursts, some of them stale
on purpose; the embedded one is closed and opened again in between.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gyges.case import Case, State
from gyges.episode import Kind, Recorded, Running
from gyges.errors import GygesError
from gyges.ledger.sqlite import SqliteStore
from gyges.person import Link, Person
from gyges.ports import (
    CaseQuery,
    Change,
    Delivery,
    DeliveryQuery,
    EventQuery,
    Idempotency,
    Notice,
    Receipt,
)
from gyges.standing import Stop
from gyges.testing import MemoryStore
from tests.ledger.store_words import (
    NOW,
    ORIGIN,
    SIGNER,
    Everything,
    a_case,
    a_change,
    a_grant,
    a_key,
    all_pages,
    an_event,
    promised,
)
from tests.ledger.suite_outbox import a_delivery
from tests.ledger.suite_people import a_person, a_session

NAMES = [f"c-{n}" for n in range(6)]
FEW = st.integers(0, 3)
PEOPLE = st.sampled_from(["ann", "Ann", "bob"])


def known(name: str, *, state: State = State.WAITING, risk: int = 0, deadline: int = 0) -> Case:
    """The case of this name: whose it is and in which episode never changes."""
    number = NAMES.index(name)
    return a_case(
        name,
        state=state,
        agent=("demo", "other")[number % 2],
        episode=("", "e-1")[number // 2 % 2],
        risk=risk,
        deadline=deadline,
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One of few cases, in any state, perhaps with a version that does not fit."""
    return replace(
        known(
            draw(st.sampled_from(NAMES)),
            state=draw(st.sampled_from(list(State))),
            risk=draw(FEW),
            deadline=draw(st.sampled_from([0, NOW + 1, NOW + 2])),
        ),
        version=draw(FEW),
    )


@st.composite
def persons(draw: st.DrawFn) -> Person:
    """One of few people, with an identity and passkeys that may be somebody else's."""
    return a_person(
        draw(PEOPLE),
        version=draw(FEW),
        oidc=draw(st.sampled_from(["", "o-1", "o-2"])),
        keys=draw(st.text("abc", max_size=2)),
    )


@st.composite
def owed(draw: st.DrawFn, n: int) -> Delivery:
    """A delivery that is due, or finished."""
    due, token = draw(FEW), draw(st.sampled_from(["", "t-1"]))
    return a_delivery(f"d-{n}", due=due and NOW + due, done=0 if due else NOW, token=token)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """A change with some of everything."""
    found = draw(st.lists(cases(), max_size=2))
    few: Callable[[str], list[int]] = lambda _: draw(st.lists(FEW, max_size=1))  # noqa: E731
    pair = Idempotency(agent="demo", key=f"k-{draw(FEW)}", digest="d", case="c")
    return Change(
        events=a_change(*found, at=NOW + draw(FEW)).events
        + tuple(an_event("gate", kind=Kind.REFUSED) for _ in few("events")),
        cases=tuple(found),
        idempotency=pair if draw(st.booleans()) and draw(st.booleans()) else None,
        claims=tuple(f"n-{n}" for n in few("claims")),
        grants=tuple(a_grant(f"g-{n}", version=draw(FEW)) for n in few("grants")),
        stops=tuple(Stop(scope=f"tool:{n}", by="bob", at=NOW) for n in few("stops")),
        lifted=tuple(f"tool:{n}" for n in few("lifted")),
        keys=tuple(a_key(f"k-{n}", hash=f"h-{draw(FEW)}") for n in few("keys")),
        notices=tuple(
            Notice(id=f"m-{n}", at=NOW, kind="waiting", case="c", groups=()) for n in few("notices")
        ),
        told=tuple(f"m-{n}" for n in few("told")),
        deliveries=tuple(draw(owed(n)) for n in few("deliveries")),
        attempts=tuple(draw(owed(n)) for n in few("attempts")),
        forgotten=tuple(f"d-{n}" for n in few("forgotten")),
        people=tuple(draw(persons()) for _ in few("people")),
        sessions=tuple(
            a_session(f"s-{n}", hash=f"h-{draw(FEW)}", person=draw(PEOPLE), ended=draw(FEW))
            for n in few("sessions")
        ),
        links=tuple(
            Link(hash=f"l-{n}", person="ann", created=NOW, expires=NOW + draw(FEW))
            for n in few("links")
        ),
        running=tuple(
            Running(agent="demo", id=f"e-{n}", due=(due := draw(FEW)) and NOW + due)
            for n in few("running")
        ),
    )


def plain(events: Sequence[Recorded]) -> list[Recorded]:
    """Without what is random in each store: salts, and digests over them."""
    return [replace(event, digest="", salt="") for event in events]


async def burst(store: Everything, all_of: list[Change]) -> list[Receipt | str]:
    """Record everything at once; receipts, or the kinds of errors."""
    done = await asyncio.gather(*map(store.record, all_of), return_exceptions=True)
    return [found if isinstance(found, Receipt) else type(found).__name__ for found in done]


class Stores(RuleBasedStateMachine):
    """Two stores and one loop."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.memory = MemoryStore(ORIGIN, SIGNER)
        self.sqlite = self.runner.run(self.opened())

    async def opened(self) -> SqliteStore:
        """The embedded store, opened or opened again."""
        return await SqliteStore.open(self.folder / "gyges.db", origin=ORIGIN, signer=SIGNER)

    def teardown(self) -> None:
        """Close and remove the file."""
        self.runner.run(self.sqlite.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def both(self, question: Callable[[Everything], Awaitable[object]]) -> object:
        """Ask both; the one answer that they give."""

        async def ask(store: Everything) -> object:
            try:
                return await question(store)
            except GygesError as error:
                return type(error).__name__

        ours, theirs = self.runner.run(ask(self.sqlite)), self.runner.run(ask(self.memory))
        assert ours == theirs
        return ours

    @rule(all_of=st.lists(changes(), min_size=1, max_size=8))
    def record(self, all_of: list[Change]) -> None:
        """A burst of changes, stale ones among them."""
        self.both(lambda store: burst(store, all_of))

    @rule(name=st.sampled_from(NAMES), states=st.lists(st.sampled_from(list(State)), max_size=4))
    def follow(self, name: str, states: list[State]) -> None:
        """Several fitting steps of one case in one burst, each upon the one before."""
        case = self.runner.run(self.memory.case(name)) or known(name)
        steps = [
            replace(case, state=state, version=case.version + n) for n, state in enumerate(states)
        ]
        self.both(lambda store: burst(store, [a_change(step) for step in steps]))

    @rule(indices=st.lists(st.integers(0, 12), max_size=3))
    def redact(self, indices: list[int]) -> None:
        """Some payloads go, unless a case of theirs is open or the log is shorter."""
        event = an_event("gate", kind=Kind.REDACTED)
        self.both(lambda store: store.redact(indices, event))

    @rule()
    def reopen(self) -> None:
        """The process ends and another begins."""
        self.runner.run(self.sqlite.close())
        self.sqlite = self.runner.run(self.opened())

    @rule(
        states=st.lists(st.sampled_from(list(State)), max_size=2, unique=True),
        agent=st.sampled_from(["", "demo"]),
        episode=st.sampled_from(["", "e-1"]),
        limit=st.integers(1, 3),
        by_risk=st.booleans(),
    )
    def page(
        self, states: list[State], agent: str, episode: str, limit: int, *, by_risk: bool
    ) -> None:
        """The same pages under the same filters."""
        query = CaseQuery(
            states=tuple(states), agent=agent, episode=episode, limit=limit, by_risk=by_risk
        )
        self.both(lambda store: all_pages(store, query))

    @rule(
        subject=st.sampled_from(["", "gate", *NAMES]),
        agent=st.sampled_from(["", "demo"]),
        kinds=st.lists(st.sampled_from([Kind.PROPOSED, Kind.REFUSED, Kind.REDACTED]), max_size=2),
        since=st.sampled_from([0, NOW + 1]),
        until=st.sampled_from([0, NOW + 2]),
        first=st.integers(0, 8),
    )
    def look(
        self, subject: str, agent: str, kinds: list[Kind], since: int, until: int, first: int
    ) -> None:
        """The same events under the same filters."""
        query = EventQuery(
            subject=subject, agent=agent, kinds=tuple(kinds), since=since, until=until, first=first
        )

        async def events(store: Everything) -> list[Recorded]:
            return plain(await store.events(query))

        self.both(events)

    @invariant()
    def agree(self) -> None:
        """Everything that can be asked by name or in full has one answer."""
        for name in NAMES:
            self.both(lambda store, name=name: store.case(name))  # type: ignore[misc]
        for asked in (
            DeliveryQuery(), DeliveryQuery(open=True), DeliveryQuery(due=NOW + 1),
            DeliveryQuery(done=NOW), DeliveryQuery(token="t-1"), DeliveryQuery(open=True, limit=1),
        ):  # fmt: skip
            self.both(lambda store, asked=asked: store.deliveries(asked))  # type: ignore[misc]
        for n in range(4):
            self.both(lambda store, n=n: store.claimed(f"n-{n}"))  # type: ignore[misc]
            self.both(lambda store, n=n: store.idempotency("demo", f"k-{n}"))  # type: ignore[misc]
            self.both(lambda store, n=n: store.key_by_hash(f"h-{n}"))  # type: ignore[misc]
            self.both(lambda store, n=n: store.session(f"h-{n}"))  # type: ignore[misc]
            self.both(lambda store, n=n: store.link(f"l-{n}"))  # type: ignore[misc]
            self.both(lambda store, n=n: store.person_by_oidc(f"o-{n}"))  # type: ignore[misc]
        for letter in "abc":
            self.both(lambda store, k=letter: store.person_by_passkey(k))  # type: ignore[misc]
        for name in ("ANN", "bob", "eve"):
            self.both(lambda store, name=name: store.person(name))  # type: ignore[misc]
            self.both(lambda store, name=name: store.sessions(name))  # type: ignore[misc]
        self.both(lambda store: store.people())
        self.both(lambda store: store.grants())
        self.both(lambda store: store.stops())
        self.both(lambda store: store.keys())
        self.both(lambda store: store.notices(10))
        self.both(lambda store: store.next_due())
        self.both(lambda store: store.due(NOW + 1, 10))
        self.both(lambda store: store.idle(NOW + 1, 10))

        async def size(store: Everything) -> int:
            return (await promised(store)).size

        self.both(size)


TestStores = pytest.mark.slow(Stores.TestCase)
# Shrinking is left out: it would take minutes, for every step of a life waits for the disk.
TestStores.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
