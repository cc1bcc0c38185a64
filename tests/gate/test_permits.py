# SPDX-License-Identifier: Apache-2.0
"""Permits: minted for granted bytes, verified with public keys only, refused for anything else."""

import json
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.case import Case, State
from gyges.errors import Misconfigured, PermitRefused
from gyges.gate.permits import PermitSigner, _base64url, load_signer, permit_for, rotate
from gyges.permit import ALGORITHM, HEADER_TYPE, Permit, check_action, from_claims, read_permit

ACTION = Action(agent="bot", tool="pay", arguments={"amount": 4800}, tool_schema="sha256:x")
CASE = Case(
    id="c-1", state=State.GRANTED, action=ACTION, digest=ACTION.digest, created=0, nonce="p-1",
    audience="office", deadline=1_000_000, log_index=17,
)  # fmt: skip
NOW = 500_000  # ms


def fresh() -> Permit:
    """The permit of the case."""
    return permit_for(CASE, issuer="gyges", origin="o", seconds=60, now=NOW)


@pytest.fixture
def signer(tmp_path: Path) -> PermitSigner:
    """A signer with one new key."""
    rotate(tmp_path, 1)
    return load_signer(tmp_path)


def read(signer: PermitSigner, token: str, **more: object) -> Permit:
    """Verify as an executor would."""
    asked = {"issuer": "gyges", "audience": "office", "now": NOW // 1000, **more}
    return read_permit(token, signer.keys, **asked)  # type: ignore[arg-type]


def test_a_permit_carries_what_the_design_promises(signer: PermitSigner) -> None:
    """Digest, tool schema, policy, audience, expiry, nonce and log index survive the journey."""
    permit = read(signer, signer.mint(fresh()))
    assert permit == fresh()
    assert permit == from_claims(permit.claims())
    assert (permit.log.index, permit.expires - permit.issued) == (17, 60)
    check_action(permit, ACTION.canonical())


def test_other_bytes_are_refused() -> None:
    """One changed argument is another action."""
    other = replace(ACTION, arguments={"amount": 4801})
    with pytest.raises(PermitRefused, match="not the bytes"):
        check_action(fresh(), other.canonical())


@pytest.mark.parametrize(
    "more", [{"audience": "bank"}, {"audience": ""}, {"issuer": "x"}, {"now": 565}, {"now": 400}]
)
def test_a_permit_for_another_place_or_time_is_refused(
    signer: PermitSigner, more: dict[str, object]
) -> None:
    """Another executor, issuer or moment."""
    with pytest.raises(PermitRefused):
        read(signer, signer.mint(fresh()), **more)


def test_no_other_algorithm_type_or_key_is_accepted(signer: PermitSigner) -> None:
    """None, HMAC with the public key, a missing type, a stranger's key: all refused."""
    claims = fresh().claims()
    private = Ed25519PrivateKey.generate()
    head = {"kid": signer.kid, "typ": "gyges-permit+jwt"}
    forged = [
        jwt.PyJWS().encode(b"{}", "", algorithm="none", headers=head),
        jwt.encode(claims, "x" * 32, algorithm="HS256", headers=head),
        jwt.encode(claims, private, algorithm="EdDSA", headers=head),
        jwt.encode(claims, signer.private, algorithm="EdDSA", headers={"kid": signer.kid}),
        jwt.encode(claims, signer.private, algorithm="EdDSA", headers={**head, "kid": "no"}),
        signer.mint(fresh())[:-2],
        "",
        "a.b.c",
    ]
    for token in forged:
        with pytest.raises(PermitRefused):
            read(signer, token)


@pytest.mark.parametrize(
    "change",
    [
        {"authorization_details": []},
        {"authorization_details": [{"type": "other"}]},
        {"jti": 5},
        {"exp": NOW // 1000 + 4000},
    ],
)
def test_odd_claims_are_refused(signer: PermitSigner, change: dict[str, object]) -> None:
    """A token that is ours but does not say what a permit says."""
    claims = {**fresh().claims(), **change}
    head = {"kid": signer.kid, "typ": "gyges-permit+jwt"}
    token = jwt.encode(claims, signer.private, algorithm="EdDSA", headers=head)
    with pytest.raises(PermitRefused):
        read(signer, token)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*fresh().claims(), "type", "case", "log", "b64", "crit"]), inner
        )
    ),
    max_leaves=8,
)
HEADS = st.fixed_dictionaries(
    {"alg": st.just(ALGORITHM), "typ": st.just(HEADER_TYPE), "kid": st.just("1") | ANY},
    optional={"b64": ANY, "crit": ANY},
)


@pytest.mark.slow
@given(ANY | HEADS, ANY, st.text(max_size=60))
def test_any_token_is_a_permit_or_refused(head: object, claims: object, text: str) -> None:
    """Whatever an agent brings, even under our own signature, the answer is a permit or `PermitRefused`."""
    private = Ed25519PrivateKey.generate()
    signed = ".".join(_base64url(json.dumps(part).encode()).decode() for part in (head, claims))
    whole = f"{signed}.{_base64url(private.sign(signed.encode())).decode()}"
    for token in (whole, text):
        with pytest.raises(PermitRefused):
            read_permit(token, {"1": private.public_key()}, issuer="gyges", audience="o", now=1)


def test_a_permit_never_outlives_the_grant() -> None:
    """Minted late, it ends with the case's own deadline."""
    late = permit_for(replace(CASE, deadline=510_000), issuer="g", origin="o", seconds=60, now=NOW)
    assert late.expires == 510


def test_rotation_keeps_the_old_key_for_verifying(tmp_path: Path) -> None:
    """A permit of yesterday's key verifies until that key is dropped by the next rotation."""
    rotate(tmp_path, 1)
    token = load_signer(tmp_path).mint(fresh())
    rotate(tmp_path, 2)
    after = load_signer(tmp_path)
    assert after.kid == f"{2:013d}"
    assert read(after, token) == fresh()
    assert [k["kid"] for k in after.jwks()["keys"]] == [f"{1:013d}", f"{2:013d}"]  # type: ignore[union-attr,index,call-overload]
    rotate(tmp_path, 3)
    with pytest.raises(PermitRefused):
        read(load_signer(tmp_path), token)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """A signing key with loose permissions does not load."""
    kid = rotate(tmp_path, 1)
    (tmp_path / f"permit-{kid}.key").chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod"):
        load_signer(tmp_path)
    with pytest.raises(Misconfigured):
        load_signer(tmp_path / "nowhere")
