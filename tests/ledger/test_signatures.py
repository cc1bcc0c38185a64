# SPDX-License-Identifier: Apache-2.0
"""Signed approvals in evidence bundles: honest ones hold offline, and a forging operator is caught at each try.

The forger here owns the log's key, so every proof of inclusion holds: only the signatures stand in the way.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gyges.case import Attention, Case, Say, State
from gyges.episode import Event, Kind
from gyges.gate.desk import How
from gyges.gate.judge import plain
from gyges.gate.policy import load
from gyges.ledger import signatures
from gyges.ledger.bundle import verify_bundle
from gyges.ledger.evidence import Happened
from gyges.ledger.export import Selection, export
from gyges.ledger.note import Signer
from gyges.ledger.retain import retain
from gyges.person import Person, Role
from gyges.ports import Change
from gyges.settings import Settings
from gyges.signed import Answer
from gyges.testing.authenticator import ORIGIN, SoftPasskey
from tests.gate.world import GROUPS, TOOLS, World, world

KEYS = [Signer.from_seed("test.example/log", b"\x07" * 32).verifier]
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


@pytest.fixture
async def paid(tmp_path: Path) -> AsyncIterator[tuple[World, Case]]:
    """A payment signed by ann and bea."""
    settings = Settings(public_url=ORIGIN, dwell_seconds=0)
    async with world(tmp_path, settings=settings) as gate:
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


async def happened(gate: World) -> list[Happened]:
    """All events of the world as a bundle has them."""
    return [
        Happened(
            index=found.index, at=found.event.at, kind=found.event.kind.value,
            subject=found.event.subject, body=found.event.body,
        )
        for found in await gate.events()
    ]  # fmt: skip


async def test_signed_approvals_hold_offline(paid: tuple[World, Case]) -> None:
    """The bundle of one case brings the enrolments along, and both signatures hold without the gate."""
    gate, case = paid
    raw = await bundle_of(gate, Selection(case=case.id))
    report = verify_bundle(raw, KEYS)
    assert report.findings == ()
    assert (report.signatures, report.signed_at) == (2, (ORIGIN,))
    assert raw.count(b'"kind\\":\\"passkey-added\\"') == 2


async def test_enrolments_outlive_retention(paid: tuple[World, Case]) -> None:
    """A public key that signed stays when payloads are redacted, so that what is left can be checked."""
    gate, case = paid
    gate.clock.advance(1_000_000)
    fresh = await gate.propose("pay", to="Ada", amount=7)
    await retain(gate.store, now=gate.clock.now() + 400 * 86_400_000, days=190, by="test")
    kept = [e for e in await gate.events() if e.event.kind is Kind.PASSKEY_ADDED]
    assert len(kept) == 2
    assert not any(event.redacted for event in kept)
    assert fresh.state is State.WAITING
    assert verify_bundle(await bundle_of(gate, Selection(case=case.id)), KEYS).held


def body_of(events: Sequence[Happened], kind: str) -> dict[str, Any]:
    """The body of the last event of a kind."""
    return next(dict(e.body or {}) for e in reversed(events) if e.kind == kind)


Forgery = Callable[[list[Happened]], list[Happened]]


def in_answers(change: Callable[[dict[str, Any]], None]) -> Forgery:
    """Change every vote in every answer, wherever it stands."""

    def forge(events: list[Happened]) -> list[Happened]:
        found = deepcopy(events)
        for event in found:
            if event.kind == "answered":
                body: Any = event.body
                for vote in [*body["votes"], body["vote"]]:
                    change(vote)
        return found

    return forge


def swap(field: str, value: object) -> Forgery:
    """Put another value into each vote."""
    return in_answers(lambda vote: vote.__setitem__(field, value))


def in_assertions(field: str, value: object) -> Forgery:
    """Put another value into each assertion."""
    return in_answers(lambda vote: vote["assertion"].__setitem__(field, value))


def without(kind: str) -> Forgery:
    """Leave all events of a kind out."""
    return lambda events: [event for event in events if event.kind != kind]


def other_key(events: list[Happened]) -> list[Happened]:
    """Enrol another key than the one that signed."""
    key = SoftPasskey().word().public_key
    return [
        replace(e, body={**(e.body or {}), "public_key": key}) if e.kind == "passkey-added" else e
        for e in events
    ]


def taken_off(events: list[Happened]) -> list[Happened]:
    """Take ann's passkey off before she signs."""
    first = next(e for e in events if e.kind == "passkey-added")
    at = events.index(first) + 1
    gone = replace(first, kind="passkey-removed")
    return [*events[:at], gone, *events[at:]]


def late(events: list[Happened]) -> list[Happened]:
    """Enrol the passkeys after they signed."""
    added = [e for e in events if e.kind == "passkey-added"]
    return [*without("passkey-added")(events), *added]


def used_again(events: list[Happened]) -> list[Happened]:
    """Record ann's signature for a second case."""
    found = deepcopy(events)
    case = next(e.subject for e in found if e.kind == "proposed")
    copies = [replace(e, subject="c-another") for e in found if e.subject == case]
    return [*found, *copies]


@pytest.mark.parametrize(
    ("forgery", "told"),
    [
        (in_answers(lambda vote: vote.__setitem__("assertion", None)), "without the signatures"),
        (swap("person", "eve"), "signed another answer"),
        (swap("reason", "of course"), "signed another answer"),
        (swap("digest", "sha256:" + "b" * 64), "signed another answer"),
        (swap("say", "deny"), "signed another answer"),
        (swap("group", "board"), "without the signatures"),
        (swap("attention", None), "signed another answer"),
        (in_assertions("signature", "AAAA"), "not that of the passkey"),
        (in_assertions("preimage", "{}"), "over something else"),
        (in_assertions("origin", "https://evil.test"), "made on a page"),
        (in_assertions("public_key", SoftPasskey().word().public_key), "not that of the passkey"),
        (in_assertions("credential", "AAAA"), "no event before it enrolled"),
        (in_assertions("client_data", "e30"), "made another thing"),
        (without("passkey-added"), "no event before it enrolled"),
        (other_key, "no event before it enrolled"),
        (taken_off, "no event before it enrolled"),
        (late, "no event before it enrolled"),
        (used_again, "signed another answer"),
    ],
)
async def test_a_forged_log_is_found_out(
    paid: tuple[World, Case], forgery: Forgery, told: str
) -> None:
    """Each way of making up, moving or dropping a signature shows, though the log's own proofs hold."""
    gate, _ = paid
    events = await happened(gate)
    assert signatures.check(events).faults == ()
    faults = signatures.check(forgery(events)).faults
    assert any(told in fault for _, fault in faults), faults


async def test_a_demand_cannot_be_forgotten_halfway(paid: tuple[World, Case]) -> None:
    """A grant whose event no longer asks for signatures is measured by what was asked before."""
    gate, _ = paid
    events = deepcopy(await happened(gate))
    last: Any = [e for e in events if e.kind == "answered"][-1].body
    last["requirement"]["assurance"] = ""
    for vote in [*last["votes"], last["vote"]]:
        vote["assertion"] = None
    faults = signatures.check(events).faults
    assert [fault for _, fault in faults] == ["granted without the signatures that were required"]


async def test_the_record_says_who_signed_where(paid: tuple[World, Case]) -> None:
    """The auditor's record of the case names credential and page of each signature."""
    gate, case = paid
    raw = await bundle_of(gate, Selection(case=case.id))
    line = next(line for line in raw.splitlines() if b'"type":"record"' in line)
    assert line.count(b'"origin":"https://gate.example"') == 2
    assert b'"assurance":"passkey"' in line
    assert body_of(await happened(gate), "answered")["vote"]["method"] == "passkey"
