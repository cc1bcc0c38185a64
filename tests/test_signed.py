# SPDX-License-Identifier: Apache-2.0
"""Signed answers: an honest signature holds, and everything that could have been swapped does not."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webauthn import verify_authentication_response

from gyges import signed
from gyges.case import Assertion, Say
from gyges.errors import BadProof
from gyges.signed import Answer, belongs, read_answer, unb64, verify
from gyges.testing.authenticator import ORIGIN, RP_ID, SoftPasskey

VIEW, DIGEST = "sha256:" + "1" * 64, "sha256:" + "2" * 64
ANSWER = Answer(
    case="c-1", action=DIGEST, view=VIEW, say=Say.APPROVE, person="ann", nonce="n", reason='"é"'
)


def library_says(found: Assertion) -> int:
    """The counter, as the WebAuthn library reads it from the same assertion; it raises if it does not hold."""
    answer = verify_authentication_response(
        credential={
            "id": found.credential,
            "rawId": found.credential,
            "type": "public-key",
            "response": {
                "clientDataJSON": found.client_data,
                "authenticatorData": found.authenticator_data,
                "signature": found.signature,
            },
        },
        expected_challenge=unb64(signed.challenge(found.preimage)),
        expected_rp_id=RP_ID,
        expected_origin=ORIGIN,
        credential_public_key=unb64(found.public_key),
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    return answer.new_sign_count


def test_an_honest_signature_holds_here_and_in_the_library() -> None:
    """Ours and the WebAuthn library's verification agree on an assertion and its counter."""
    found = SoftPasskey(counter=6).sign(ANSWER.preimage())
    assert verify(found).counter == library_says(found) == 7
    assert not verify(found).synced


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://gate.example.evil.test"},
        {"client": {"origin": "https://evil.test"}},
        {"client": {"type": "webauthn.create"}},
        {"client": {"challenge": signed.challenge("{}")}},
        {"client": {"crossOrigin": True}},
        {"client": {"topOrigin": ORIGIN}},
        {"rp_id": "evil.test"},
        {"flags": signed.PRESENT},
        {"flags": signed.VERIFIED},
        {"tail": b"\x00"},
        {"origin": "http://gate.example"},
        {"origin": "https://gate.example/"},
        {"origin": "https://ann@gate.example"},
    ],
)
def test_every_lie_under_a_true_signature_is_refused(lie: dict[str, object]) -> None:
    """Another page, another purpose, a frame, an absent holder: well signed, and refused."""
    with pytest.raises(BadProof):
        verify(SoftPasskey().sign(ANSWER.preimage(), **lie))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "field",
    ["public_key", "client_data", "authenticator_data", "signature", "preimage", "origin", "rp_id"],
)
def test_nothing_can_be_swapped_afterwards(field: str) -> None:
    """Each part of an assertion replaced by that of another answer, and by nothing, is refused."""
    found = SoftPasskey().sign(ANSWER.preimage())
    other = SoftPasskey(counter=9).sign(
        replace(ANSWER, action=VIEW).preimage(), origin="https://a.example", rp_id="a.example"
    )
    for value in (getattr(other, field), ""):
        with pytest.raises(BadProof):
            verify(replace(found, **{field: value}))


@pytest.mark.parametrize("field", ["case", "action", "view", "person", "group", "reason", "nonce"])
def test_the_challenge_covers_every_field(field: str) -> None:
    """A signature over one answer does not hold for an answer that differs in a single field."""
    found = SoftPasskey().sign(ANSWER.preimage())
    changed = replace(ANSWER, **{field: "another"})  # type: ignore[arg-type]
    with pytest.raises(BadProof, match="over something else"):
        verify(replace(found, preimage=changed.preimage()))


def test_approving_is_not_denying() -> None:
    """What was said is covered as well."""
    found = SoftPasskey().sign(replace(ANSWER, say=Say.DENY).preimage())
    with pytest.raises(BadProof):
        verify(replace(found, preimage=ANSWER.preimage()))


@given(st.builds(Answer, case=st.text(), action=st.text(), view=st.text(), person=st.text(),
                 nonce=st.text(), group=st.text(), reason=st.text(), say=st.sampled_from(Say)))  # fmt: skip
def test_preimages_read_back_as_they_were(answer: Answer) -> None:
    """`read_answer` is the inverse of `preimage`, so two answers never share a challenge."""
    assert read_answer(answer.preimage()) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        ANSWER.preimage().replace("gyges-answer/1", "gyges-sign-in/1"),
        ANSWER.preimage().replace('"approve"', '"perhaps"'),
        ANSWER.preimage().replace('"c-1"', "1"),
        ANSWER.preimage().replace('"case"', '"also":"x","case"'),
        " " + ANSWER.preimage(),
        '{"say":"deny",' + ANSWER.preimage()[1:],
    ],
)
def test_other_texts_are_no_answers(text: str) -> None:
    """A sign-in challenge, an unknown field, a second spelling: none counts as an answer."""
    with pytest.raises(BadProof):
        read_answer(text)


@pytest.mark.parametrize(
    ("origin", "rp_id", "good"),
    [
        ("https://gate.example", "gate.example", True),
        ("https://inbox.gate.example:8443", "gate.example", True),
        ("http://localhost:8420", "localhost", True),
        ("http://127.0.0.1:8420", "127.0.0.1", False),
        ("http://gate.example", "gate.example", False),
        ("https://notgate.example", "gate.example", False),
        ("https://gate.example:x", "gate.example", False),
        ("https://gate.example", "", False),
        ("android:apk-key-hash:x", "gate.example", False),
        ("null", "null", False),
    ],
)
def test_which_pages_may_use_which_passkeys(origin: str, rp_id: str, *, good: bool) -> None:
    """HTTPS and the name itself or one below it; plain HTTP on localhost only."""
    assert belongs(origin, rp_id) is good


@given(st.text(max_size=40))
def test_base64url_has_one_spelling(text: str) -> None:
    """What decodes encodes back to the same text, and nothing else decodes."""
    with contextlib.suppress(BadProof):
        assert signed.b64(unb64(text)) == text
