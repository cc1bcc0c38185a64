# SPDX-License-Identifier: Apache-2.0
"""Whatever is tried in whatever order: only approved bytes run, and only once.

A machine of random proposals, votes, edits, withdrawals, forged and replayed redemptions, kill
switches and time. After each step it is checked against a model that knows only what people approved.
"""

import asyncio
import tempfile
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from gyges.action import Action
from gyges.case import Case, Say, State
from gyges.errors import GygesError
from tests.gate.world import World, world

T = TypeVar("T")
people = st.sampled_from(["ann", "bea", "cy", "rex", "olga", "zoe", "bot", "root"])
amounts = st.sampled_from([1, 40, 4800])


class Tries(RuleBasedStateMachine):
    """Everybody tries everything."""

    cases = Bundle("cases")
    permits = Bundle("permits")
    runs = 0  # of all machines together

    def __init__(self) -> None:
        """A fresh world."""
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.context: AbstractAsyncContextManager[World] = world(Path(self.folder.name))
        self.w = self.run(self.context.__aenter__())
        self.approved: dict[str, set[str]] = {}  # digest -> people who approved those bytes
        self.ran: list[Case] = []

    def run(self, work: Awaitable[T]) -> T:
        """Do it now."""
        return self.loop.run_until_complete(asyncio.ensure_future(work, loop=self.loop))

    def tried(self, work: Awaitable[Case]) -> Case | None:
        """Do it; None if it was refused."""
        try:
            return self.run(work)
        except GygesError:
            return None

    @rule(target=cases, amount=amounts, key=st.sampled_from(["", "k1", "k2"]))
    def propose(self, amount: int, key: str) -> str | MultipleResults[str]:
        """The bot wants to pay."""
        case = self.tried(self.w.propose("pay", key=key, to="bob", amount=amount))
        return case.id if case else multiple()

    @rule(target=cases, id=cases, amount=amounts)
    def amend(self, id: str, amount: int) -> str | MultipleResults[str]:
        """The bot changes its mind about a case."""
        arguments = {"to": "eve", "amount": amount}
        action = Action(agent="", tool="pay", arguments=arguments, server="office", amends=id)
        case = self.tried(self.w.corridor.propose(action, by=self.w.keys["bot"]))
        return case.id if case else multiple()

    @rule(id=cases, person=people, say=st.sampled_from(Say), stale=st.booleans())
    def answer(self, id: str, person: str, say: Say, stale: bool) -> None:
        """Somebody says something, perhaps to bytes that are no longer there."""
        case = self.run(self.w.store.case(id))
        if case is None:
            return
        digest = "sha256:" + "0" * 64 if stale else case.digest
        key = self.w.keys[person]
        done = self.tried(
            self.w.corridor.answer(id, by=key, say=say, digest=digest, reason="because")
        )
        if done and say is Say.APPROVE:
            self.approved.setdefault(done.id + done.digest, set()).add(person)

    @rule(id=cases, people=st.sampled_from([("ann", "bea"), ("bea", "cy"), ("ann", "olga")]))
    def two_answers(self, id: str, people: tuple[str, str]) -> None:
        """Two people approve one after the other."""
        for person in people:
            self.answer(id, person, Say.APPROVE, stale=False)

    @rule(id=cases, twice=st.booleans())
    def use(self, id: str, twice: bool) -> None:
        """The bot fetches its permit and has it redeemed, perhaps again."""
        permit = self.fetch(id)
        for _ in range(1 + twice):
            self.redeem(id, permit, None)

    @rule(target=cases, amount=amounts)
    def see_through(self, amount: int) -> str | MultipleResults[str]:
        """A payment goes the whole way, and then is tried again."""
        made = self.propose(amount, "")
        if isinstance(made, str):
            self.two_answers(made, ("ann", "bea"))
            self.use(made, twice=True)
        return made

    @rule(target=cases, id=cases, person=people, amount=amounts)
    def edit(self, id: str, person: str, amount: int) -> str | MultipleResults[str]:
        """Somebody edits."""
        case = self.run(self.w.store.case(id))
        if case is None:
            return multiple()
        arguments = {"to": "bob", "amount": amount}
        key = self.w.keys[person]
        new = self.tried(self.w.corridor.edit(id, by=key, digest=case.digest, arguments=arguments))
        if new:
            assert person in new.barred
        return new.id if new else multiple()

    @rule(id=cases)
    def withdraw(self, id: str) -> None:
        """The bot gives up."""
        self.tried(self.w.corridor.withdraw(id, by=self.w.keys["bot"]))

    @rule(target=permits, id=cases)
    def fetch(self, id: str) -> str:
        """The bot fetches a permit."""
        case = self.run(self.w.store.case(id))
        return self.run(self.w.permit(case)) if case else ""

    @rule(id=cases, permit=permits, amount=st.none() | amounts)
    def redeem(self, id: str, permit: str, amount: int | None) -> None:
        """The executor is brought some permit with some bytes."""
        case = self.run(self.w.store.case(id))
        if case is None:
            return
        arguments = {**case.action.arguments, **({} if amount is None else {"amount": amount})}
        action = Action(
            agent="bot", tool="pay", arguments=arguments, server="office", episode=case.action.episode,
            tool_schema=case.action.tool_schema, amends=case.amends, edited_by=case.action.edited_by,
        )  # fmt: skip
        done = self.tried(self.w.redeem(case, permit, action))
        if done:
            assert action.digest == case.digest
            self.ran.append(done)
            Tries.runs += 1

    @rule(
        scope=st.sampled_from(["all", "agent:bot", "tool:pay"]),
        on=st.sampled_from([True, False, False, False]),
    )
    def switch(self, scope: str, on: bool) -> None:
        """A kill switch is pulled or lifted."""
        key = self.w.keys["root"]
        try:
            self.run(
                self.w.corridor.stop(scope, by=key, reason="")
                if on
                else self.w.corridor.lift(scope, by=key)
            )
        except GygesError:
            return

    @rule(seconds=st.sampled_from([1, 30, 60, 120]))
    def time(self, seconds: int) -> None:
        """Time passes."""
        self.w.clock.advance(seconds * 1000)
        self.run(self.w.corridor.tick())

    @invariant()
    def only_what_was_approved_ran_and_only_once(self) -> None:
        """Each run had two people of finance behind exactly its bytes, and a case ran at most once."""
        assert len({case.id for case in self.ran}) == len(self.ran)
        for case in self.ran:
            voters = self.approved[case.id + case.digest]
            needed = 1 if case.action.arguments["amount"] in (1, 40) else 2
            assert len(voters & {"ann", "bea", "cy"}) >= needed
            assert not voters & set(case.barred)

    def teardown(self) -> None:
        """The log tells the same story, and the world ends."""
        told = [e.event.subject for e in self.run(self.w.events()) if e.event.kind == "redeemed"]
        assert sorted(told) == sorted(case.id for case in self.ran)
        for case in self.ran:
            stored = self.run(self.w.corridor.found(case.id))
            assert stored.state in (State.REDEEMED, State.UNKNOWN)
        self.run(self.context.__aexit__(None, None, None))
        self.folder.cleanup()
        self.loop.close()


@pytest.mark.slow
def test_only_approved_bytes_run_and_only_once() -> None:
    """Random histories keep the invariant, and enough of them do get something run."""
    Tries.runs = 0
    run_state_machine_as_test(
        Tries, settings=settings(max_examples=25, stateful_step_count=40, deadline=None)
    )
    assert Tries.runs > 10
