# SPDX-License-Identifier: Apache-2.0
"""A payment that two people signed with passkeys, in a real gate, and the evidence of it. It holds no tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gyges.case import Attention, Case, Say, State
from gyges.episode import Event, Kind
from gyges.gate.desk import How
from gyges.gate.judge import plain
from gyges.gate.policy import load
from gyges.ledger.export import Selection, export
from gyges.ledger.note import Signer
from gyges.person import Person, Role
from gyges.ports import Change
from gyges.settings import Settings
from gyges.signed import Answer
from gyges.testing.authenticator import ORIGIN, SoftPasskey
from tests.gate.world import GROUPS, TOOLS, World, world

VERIFIER = Signer.from_seed("test.example/log", b"\x07" * 32).verifier
VIEW = "sha256:" + "a" * 64
RULE = """
@id("pay-signed") @assurance("passkey")
permit (principal, action in Action::"risk:pay", resource) when { context.approvals.finance >= 2 };
"""


async def enrol(gate: World, name: str, passkey: SoftPasskey) -> None:
    """An account and the event that says whose key this is."""
    word = passkey.word()
    who = Person(
        name=name, created=1, roles=(Role.APPROVER,), groups=("finance",), passkeys=(word,)
    )
    body = plain(person=name, credential=word.id, public_key=word.public_key, name="test")
    event = Event(kind=Kind.PASSKEY_ADDED, at=gate.clock.now(), subject=f"person:{name}", body=body)
    await gate.store.record(Change(events=(event,), people=(who,)))


async def sign(gate: World, case: Case, name: str, passkey: SoftPasskey) -> Case:
    """`name` approves with a signature."""
    answer = Answer(
        case=case.id, action=case.digest, view=VIEW, say=Say.APPROVE, person=name,
        nonce=f"nonce-of-{name}-{case.id}", reason="as agreed",
    )  # fmt: skip
    seen = Attention(shown=VIEW, opened=1, dwell_ms=9000, typed="7")
    how = How(method="password", attention=seen, assertion=passkey.sign(answer.preimage()))
    return await gate.corridor.answer(
        case.id, by=gate.keys[name], say=Say.APPROVE, digest=case.digest, reason="as agreed",
        how=how,
    )  # fmt: skip


@asynccontextmanager
async def signed_payment(folder: Path) -> AsyncIterator[tuple[World, Case]]:
    """A payment signed by ann and bea."""
    settings = Settings(public_url=ORIGIN, dwell_seconds=0)
    async with world(folder, settings=settings) as gate:
        gate.corridor.swap(load({"pay.cedar": RULE}, TOOLS, GROUPS))
        case = await gate.propose("pay", to="Ada", amount=7)
        for name in ("ann", "bea"):
            passkey = SoftPasskey(id=name.encode() * 8)
            await enrol(gate, name, passkey)
            case = await sign(gate, case, name, passkey)
        assert case.state is State.GRANTED
        yield gate, case


async def bundle_of(gate: World, selection: Selection) -> bytes:
    """The bundle's bytes."""
    lines = export(gate.store, gate.store, selection, created=gate.clock.now(), software="test")
    return b"".join([line async for line in lines])
