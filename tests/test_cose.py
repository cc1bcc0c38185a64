# SPDX-License-Identifier: Apache-2.0
"""Passkeys' public keys: the three kinds hold, and bytes that are none are refused, never crash."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from webauthn.helpers import decode_credential_public_key

from gyges import cose
from gyges.errors import BadProof
from gyges.testing.authenticator import Private, cbor, cose_key, signature_of

EC = ec.generate_private_key(ec.SECP256R1())
KEYS: dict[str, Private] = {
    "ES256": EC,
    "EdDSA": Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_signature_holds_under_its_key_alone(name: str) -> None:
    """Each algorithm verifies what its key signed; other data, another signature or key does not."""
    key, signature = cose_key(KEYS[name]), signature_of(KEYS[name], b"data")
    cose.verify(key, signature, b"data")
    for other_key, other_signature, data in [
        (key, signature, b"date"),
        (key, signature[:-1] + bytes([signature[-1] ^ 1]), b"data"),
        (key, b"", b"data"),
        (cose_key(ec.generate_private_key(ec.SECP256R1())), signature, b"data"),
    ]:
        with pytest.raises(BadProof):
            cose.verify(other_key, other_signature, data)


@pytest.mark.parametrize("name", KEYS)
def test_the_library_reads_the_same_key(name: str) -> None:
    """What we read as a key, the WebAuthn library reads as one of the same algorithm."""
    raw = cose_key(KEYS[name])
    assert decode_credential_public_key(raw).alg == cose.read_map(raw)[3]


def point(**changes: object) -> bytes:
    """An EC key with some fields changed."""
    numbers = EC.public_key().public_numbers()
    fields: dict[int, object] = {
        1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big"),
    }  # fmt: skip
    names = {"kty": 1, "alg": 3, "crv": -1, "x": -2, "y": -3}
    fields |= {names[name]: value for name, value in changes.items()}
    return cbor(fields)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xa0",
        b"\x04" + bytes(64),  # an uncompressed point, as the first U2F keys gave them
        point(kty=1),
        point(alg=-8),
        point(alg=-65535),  # RSA with SHA-1
        point(crv=2),
        point(x=bytes(32), y=bytes(32)),  # not on the curve
        point(x=bytes(31)),
        point(x=5),
        point() + b"\x00",
        point()[:-1],
        b"\xa2\x01\x02\x01\x02",  # a field twice
        b"\xa1\x18\x01\x02",  # 1 in a longer spelling
        b"\xbf\x01\x02\xff",  # a length left open
        b"\xa1\x61a\x02",
        b"\xa1\x01\x82\x01\x02",
        cbor({1: 1, 3: -8, -1: 6, -2: bytes([1, *bytes(31)])}),  # small order: nobody's secret
        cbor({1: 3, 3: -257, -1: (1 << 1023 | 1).to_bytes(128, "big"), -2: b"\x01\x00\x01"}),
        cbor({1: 3, 3: -257, -1: b"", -2: b""}),
        cbor({1: 3, 3: -257, -1: (1 << 2047).to_bytes(256, "big"), -2: b"\x02"}),
    ],
    ids=lambda raw: f"{len(raw)} bytes",  # keys are made anew by each test process
)
def test_what_is_no_key_is_refused(raw: bytes) -> None:
    """Other kinds, points off the curve, short moduli and second spellings are refused by name."""
    with pytest.raises(BadProof):
        cose.verify(raw, signature_of(EC, b"data"), b"data")


def test_a_key_that_anybody_can_sign_for_is_refused_by_name() -> None:
    """Under the point of order one, OpenSSL takes this signature for any message; here it is no key at all."""
    anybody = bytes([1, *bytes(31)])
    with pytest.raises(BadProof, match="small order"):
        cose.verify(cbor({1: 1, 3: -8, -1: 6, -2: anybody}), anybody + bytes(32), b"anything")


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    """Whatever comes in, the answer is a map or `BadProof`."""
    try:
        assert isinstance(cose.read_map(raw), dict)
        cose.checker(raw)
    except BadProof:
        pass


@given(st.integers(0, 2 ** (8 * 77) - 1), st.integers(0, 76))
def test_a_damaged_key_never_verifies_as_another(noise: int, at: int) -> None:
    """One changed byte in a key makes it refuse the signature of the right one."""
    raw = bytearray(cose_key(EC))
    raw[at % len(raw)] ^= (noise % 255) + 1
    with pytest.raises(BadProof):
        cose.verify(bytes(raw), signature_of(EC, b"data"), b"data")
