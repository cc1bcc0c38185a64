# SPDX-License-Identifier: Apache-2.0
"""Signed approvals in evidence bundles: honest ones hold offline, and a forging operator is caught at each try.

The forger here owns the log's key, so every proof of inclusion holds: only the signatures stand in the way.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges import signed
from gyges.case import Assertion, Case, State
from gyges.episode import Kind
from gyges.errors import BadProof
from gyges.ledger import signatures
from gyges.ledger.bundle import verify_bundle
from gyges.ledger.evidence import Happened
from gyges.ledger.export import Selection
from gyges.ledger.retain import retain
from gyges.testing.authenticator import ORIGIN, SoftPasskey
from tests.gate.world import World
from tests.ledger.signed_world import VERIFIER, bundle_of, signed_payment

KEYS = [VERIFIER]


@pytest.fixture
async def paid(tmp_path: Path) -> AsyncIterator[tuple[World, Case]]:
    """A payment signed by ann and bea."""
    async with signed_payment(tmp_path) as found:
        yield found


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["vote", "votes", "requirement", "assertion", "person", "state", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.sampled_from(["proposed", "decided", "answered", "passkey-added"]), JSON))
)
def test_no_events_crash_the_check(events: list[tuple[str, Any]]) -> None:
    """Whatever payloads a stranger's bundle holds, the answer is a report."""
    found = [
        Happened(
            index=n, at=n, kind=kind, subject="c-1", body=body if isinstance(body, dict) else {}
        )
        for n, (kind, body) in enumerate(events)
    ]
    assert signatures.check(found).held == 0


@given(st.sampled_from(list(Assertion.__dataclass_fields__)), st.text(max_size=60))
def test_no_text_in_an_assertion_crashes_the_check(field: str, text: str) -> None:
    """Any part replaced by any text: it holds exactly if nothing that is checked has changed."""
    honest = SoftPasskey(id=b"a credential of ann's").sign("{}", origin=ORIGIN)
    changed = replace(honest, **{field: text})
    with contextlib.suppress(BadProof):
        signed.verify(changed)
        assert field == "credential" or changed == honest
