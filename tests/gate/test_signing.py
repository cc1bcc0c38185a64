# SPDX-License-Identifier: Apache-2.0
"""Signed approvals in a real gate: what counts, what was swapped after it was shown, what was used before."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.case import Assertion, Attention, Case, Say, State
from gyges.episode import Event, Kind
from gyges.errors import Conflict, Forbidden
from gyges.gate.desk import How
from gyges.gate.policy import load
from gyges.person import Person, Role
from gyges.ports import Change
from gyges.settings import Settings
from gyges.signed import Answer, b64
from gyges.testing.authenticator import ORIGIN, SoftPasskey
from tests.gate.world import GROUPS, TOOLS, World, world

RULE = """
@id("pay-signed") @assurance("passkey") @reason("Payments are signed by two of finance.")
permit (principal, action in Action::"risk:pay", resource) when { context.approvals.finance >= 2 };
"""
VIEW = "sha256:" + "a" * 64


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose pages are at `ORIGIN`."""
    settings = Settings(
        wait_seconds=100, grant_seconds=50, outcome_seconds=30, public_url=ORIGIN, dwell_seconds=0
    )
    async with world(tmp_path, settings=settings) as made:
        yield made


async def enrol(gate: World, name: str, passkey: SoftPasskey) -> None:
    """An account with one passkey."""
    who = Person(
        name=name, created=1, roles=(Role.APPROVER,), groups=gate.keys[name].groups,
        passkeys=(passkey.word(created=1),),
    )  # fmt: skip
    event = Event(kind=Kind.PASSKEY_ADDED, at=1, subject=f"person:{name}", body={})
    await gate.store.record(Change(events=(event,), people=(who,)))


def answer(case: Case, /, person: str = "ann", **changes: str) -> Answer:
    """What an honest page would have signed."""
    plain = Answer(
        case=case.id, action=case.digest, view=VIEW, say=Say.APPROVE, person=person,
        nonce=f"nonce-of-{person}-{case.id}",
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def how(assertion: Assertion | None, shown: str = VIEW) -> How:
    """How somebody answered who looked at `shown`."""
    seen = Attention(shown=shown, opened=1, dwell_ms=9000, typed="7")
    return How(method="password", attention=seen, assertion=assertion)


async def give(gate: World, case: Case, given: How, person: str = "ann", **more: str) -> Case:
    """`person` approves."""
    return await gate.corridor.answer(
        case.id, by=gate.keys[person], say=Say.APPROVE, digest=case.digest, how=given, **more
    )


@pytest.fixture
async def signed(gate: World) -> World:
    """The world under a policy that asks for signatures on payments."""
    gate.corridor.swap(load({"pay.cedar": RULE}, TOOLS, GROUPS))
    return gate


async def test_two_signatures_grant_and_stand_in_the_log(signed: World) -> None:
    """A case that asks for signatures is granted by them, and the log holds each assertion and method."""
    case = await signed.propose("pay", to="Ada", amount=7)
    assert case.requirement.groups == {"finance": 2}
    assert case.requirement.assurance == "passkey"
    for person in ("ann", "bea"):
        passkey = SoftPasskey(id=person.encode() * 8)
        await enrol(signed, person, passkey)
        given = how(passkey.sign(answer(case, person).preimage()))
        case = await give(signed, case, given, person)
    assert case.state is State.GRANTED
    assert {vote.method for vote in case.votes} == {"passkey"}
    last = (await signed.events(case.id))[-1].event.body
    assert last["facts"]["signed"] == {"finance": 2}  # type: ignore[index,call-overload]
    assert last["vote"]["assertion"]["origin"] == ORIGIN  # type: ignore[index,call-overload]


@pytest.mark.parametrize("method", ["key", "password", "passkey", "oidc"])
async def test_without_a_signature_nothing_counts(signed: World, method: str) -> None:
    """However strongly somebody signed in, an approval that is not itself signed is refused, and recorded."""
    case = await signed.propose("pay", to="Ada", amount=7)
    with pytest.raises(Forbidden, match="must be signed with a passkey"):
        await give(signed, case, replace(how(None), method=method))
    assert (await signed.kinds(case))[-1] == "refused"


async def test_a_denial_needs_no_passkey(signed: World) -> None:
    """Nothing stands in the way of saying no."""
    case = await signed.propose("pay", to="Ada", amount=7)
    case = await signed.corridor.answer(
        case.id, by=signed.keys["rex"], say=Say.DENY, digest=case.digest, reason="no"
    )
    assert case.state is State.DENIED


@pytest.mark.parametrize("field", ["case", "action", "view", "person", "group", "reason"])
async def test_what_was_swapped_after_it_was_shown_is_refused(signed: World, field: str) -> None:
    """A true signature over something else is a conflict, whichever part differs, and changes nothing."""
    case = await signed.propose("pay", to="Ada", amount=7)
    passkey = SoftPasskey()
    await enrol(signed, "ann", passkey)
    given = how(passkey.sign(answer(case, **{field: "sha256:" + "b" * 64}).preimage()))
    with pytest.raises(Conflict, match=f"another {field}"):
        await give(signed, case, given)
    assert (await signed.corridor.found(case.id)).version == case.version


async def test_a_signed_no_is_no_yes(signed: World) -> None:
    """A signature over a denial does not approve."""
    case = await signed.propose("pay", to="Ada", amount=7)
    passkey = SoftPasskey()
    await enrol(signed, "ann", passkey)
    denial = replace(answer(case), say=Say.DENY)
    with pytest.raises(Conflict, match="another say"):
        await give(signed, case, how(passkey.sign(denial.preimage())))


async def test_another_view_than_was_signed_is_refused(signed: World) -> None:
    """What the page showed must be what the signature covers."""
    case = await signed.propose("pay", to="Ada", amount=7)
    passkey = SoftPasskey()
    await enrol(signed, "ann", passkey)
    given = how(passkey.sign(answer(case).preimage()), shown="sha256:" + "c" * 64)
    with pytest.raises(Conflict, match="another view"):
        await give(signed, case, given)


async def test_a_used_signature_is_refused(signed: World) -> None:
    """The same assertion again is refused: for the same case, for another, and under a fresh challenge."""
    case = await signed.propose("pay", to="Ada", amount=7)
    other = await signed.propose("pay", to="Ada", amount=7)
    passkey = SoftPasskey()
    await enrol(signed, "ann", passkey)
    used = how(passkey.sign(answer(case).preimage()))
    await give(signed, case, used)
    with pytest.raises(Conflict, match="already approved"):
        await give(signed, case, used)
    with pytest.raises(Conflict, match="another case"):
        await give(signed, other, used)


@pytest.mark.parametrize("step", [0, -1, -5])
async def test_a_counter_that_does_not_go_forward_is_refused(signed: World, step: int) -> None:
    """A copied passkey shows by its counter: what does not exceed the last one is refused and recorded."""
    case = await signed.propose("pay", to="Ada", amount=7)
    passkey = SoftPasskey(counter=9)
    await enrol(signed, "ann", passkey)
    passkey.counter += step - 1
    with pytest.raises(Forbidden, match="counter went back"):
        await give(signed, case, how(passkey.sign(answer(case).preimage())))
    assert (await signed.kinds(case))[-1] == "refused"


async def test_a_passkey_without_a_counter_is_used_once_for_each_nonce(signed: World) -> None:
    """Synced passkeys keep no counter; their nonce is claimed all the same, so it cannot serve twice."""
    passkey = SoftPasskey(counts=False)
    await enrol(signed, "ann", passkey)
    nonce = "the same nonce everywhere"
    first = await signed.propose("pay", to="Ada", amount=7)
    await give(signed, first, how(passkey.sign(answer(first, nonce=nonce).preimage())))
    second = await signed.propose("pay", to="Bea", amount=7)
    with pytest.raises(Conflict):
        await give(signed, second, how(passkey.sign(answer(second, nonce=nonce).preimage())))
    assert not (await signed.corridor.found(second.id)).votes


async def test_somebody_elses_passkey_is_refused(signed: World) -> None:
    """Bea's passkey does not sign for ann; nor does one that nobody enrolled, under ann's credential id."""
    case = await signed.propose("pay", to="Ada", amount=7)
    hers, mine = SoftPasskey(id=b"bea" * 8), SoftPasskey(id=b"ann" * 8)
    await enrol(signed, "bea", hers)
    await enrol(signed, "ann", mine)
    for passkey in (hers, SoftPasskey(id=mine.id)):
        with pytest.raises(Forbidden, match="not one of ann's"):
            await give(signed, case, how(passkey.sign(answer(case).preimage())))


@pytest.mark.parametrize(
    ("origin", "rp_id"),
    [
        ("https://evil.test", "evil.test"),
        ("https://evil.gate.example", "gate.example"),
        ("http://localhost:8420", "localhost"),
    ],
)
async def test_another_origin_is_refused(signed: World, origin: str, rp_id: str) -> None:
    """A signature made on a page that is not ours does not count, even by the right passkey."""
    case = await signed.propose("pay", to="Ada", amount=7)
    passkey = SoftPasskey()
    await enrol(signed, "ann", passkey)
    assertion = passkey.sign(answer(case).preimage(), origin=origin, rp_id=rp_id)
    with pytest.raises(Forbidden, match="not ours"):
        await give(signed, case, how(assertion))


async def test_a_disabled_account_signs_nothing(signed: World) -> None:
    """A person without an account, or with one that is locked, has no passkey that counts."""
    case = await signed.propose("pay", to="Ada", amount=7)
    passkey = SoftPasskey()
    with pytest.raises(Forbidden, match="no account"):
        await give(signed, case, how(passkey.sign(answer(case).preimage())))
    await enrol(signed, "ann", passkey)
    ann = await signed.store.person("ann")
    assert ann is not None
    event = Event(kind=Kind.PERSON_CHANGED, at=2, subject="person:ann", body={})
    await signed.store.record(Change(events=(event,), people=(replace(ann, disabled=2),)))
    with pytest.raises(Forbidden, match="no account"):
        await give(signed, case, how(passkey.sign(answer(case).preimage())))


async def test_a_policy_that_begins_to_ask_for_signatures_counts_no_earlier_word(
    gate: World,
) -> None:
    """Approvals given before the policy changed do not count under it; those people may sign instead."""
    plain = RULE.replace('@assurance("passkey")', "")
    gate.corridor.swap(load({"pay.cedar": plain}, TOOLS, GROUPS))
    case = await gate.propose("pay", to="Ada", amount=7)
    case = await give(gate, case, how(None), "ann")
    gate.corridor.swap(load({"pay.cedar": RULE}, TOOLS, GROUPS))
    case = await give(gate, case, how(None), "bea")
    assert case.state is State.WAITING
    assert case.requirement.assurance == "passkey"
    assert case.approvals() == {}
    for person in ("ann", "bea"):
        passkey = SoftPasskey(id=b64(person.encode() * 8).encode())
        await enrol(gate, person, passkey)
        case = await give(gate, case, how(passkey.sign(answer(case, person).preimage())), person)
    assert case.state is State.GRANTED
