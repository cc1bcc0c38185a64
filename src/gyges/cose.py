# SPDX-License-Identifier: Apache-2.0
"""Public keys in COSE (RFC 9052, RFC 9053), as passkeys come with them, and their signatures.

    {1: 2, 3: -7, -1: 1, -2: x, -3: y}     ES256: ECDSA on P-256 with SHA-256
    {1: 1, 3: -8, -1: 6, -2: x}            EdDSA: Ed25519, of prime order: no other stands for one secret
    {1: 3, 3: -257, -1: n, -2: e}          RS256: RSA of 2048 to 4096 bits, PKCS #1 v1.5, SHA-256

It reads just as much CBOR (RFC 8949) as these need, in the one spelling that CTAP2 allows. It makes no
keys and no signatures.
"""

from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from gyges.ed25519 import check_public_key
from gyges.errors import BadProof, Malformed

ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (ES256, EDDSA, RS256)
LARGEST = 1024  # bytes of a key; RSA of 4096 bits needs 529
_WIDTHS = {24: 1, 25: 2}

Check = Callable[[bytes, bytes], None]
"""Takes signature and data; raises `InvalidSignature`."""


def verify(key: bytes, signature: bytes, data: bytes) -> None:
    """Raise `BadProof` unless `signature` is that of `key` (COSE) over `data`."""
    check = checker(key)
    try:
        check(signature, data)
    except InvalidSignature:
        raise BadProof("the signature is not that of the passkey") from None


def checker(key: bytes) -> Check:
    """What checks signatures under a COSE key; raise `BadProof` for a key of another kind or form."""
    fields = read_map(key)
    readers = {(2, ES256): _es256, (1, EDDSA): _eddsa, (3, RS256): _rs256}
    kind = (fields.get(1), fields.get(3))
    read = readers.get(kind)  # type: ignore[arg-type]
    if read is None:
        raise BadProof(f"a passkey of kind and algorithm {kind} is not supported")
    try:
        return read(fields)
    except Malformed as error:
        raise BadProof(str(error)) from None
    except (ValueError, TypeError, AssertionError):
        raise BadProof("the passkey's public key is not one") from None


def read_map(raw: bytes) -> dict[int, int | bytes]:
    """A CBOR map of integers to integers and byte strings, and nothing behind it; else `BadProof`."""
    if not raw or len(raw) > LARGEST:
        raise BadProof("a public key is empty or too long")
    reader = _Reader(raw)
    major, count = reader.head()
    if major != 5 or count > 8:
        raise BadProof("a public key is no COSE map")
    found: dict[int, int | bytes] = {}
    for _ in range(count):
        name, value = reader.item(), reader.item()
        if not isinstance(name, int) or name in found:
            raise BadProof("a public key names a field twice, or strangely")
        found[name] = value
    if not reader.done:
        raise BadProof("something stands behind a public key")
    return found


class _Reader:
    """CBOR, item by item, in the shortest spelling only."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    @property
    def done(self) -> bool:
        return self._at == len(self._raw)

    def take(self, count: int) -> bytes:
        part = self._raw[self._at : self._at + count]
        if len(part) != count:
            raise BadProof("a public key is cut off")
        self._at += count
        return part

    def head(self) -> tuple[int, int]:
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if low < 24:
            return major, low
        width = _WIDTHS.get(low)
        if width is None:
            raise BadProof("a public key is spelt in another way than CTAP2's")
        number = int.from_bytes(self.take(width), "big")
        if number < (24 if width == 1 else 256):
            raise BadProof("a public key is spelt in another way than CTAP2's")
        return major, number

    def item(self) -> int | bytes:
        major, number = self.head()
        if major == 0:
            return number
        if major == 1:
            return -1 - number
        if major == 2:
            return self.take(number)
        raise BadProof("a public key holds something that belongs to none")


def _es256(fields: dict[int, int | bytes]) -> Check:
    x, y = _bytes(fields, -2, 32), _bytes(fields, -3, 32)
    assert fields.get(-1) == 1
    curve = ec.SECP256R1()
    key = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve
    ).public_key()
    return lambda signature, data: key.verify(signature, data, ec.ECDSA(SHA256()))


def _eddsa(fields: dict[int, int | bytes]) -> Check:
    assert fields.get(-1) == 6
    raw = _bytes(fields, -2, 32)
    _sound(raw)
    return Ed25519PublicKey.from_public_bytes(raw).verify


@lru_cache(maxsize=1024)
def _sound(raw: bytes) -> None:
    """Remembered, since it takes milliseconds and a log holds many signatures of one key."""
    check_public_key(raw)


def _rs256(fields: dict[int, int | bytes]) -> Check:
    n, e = _bytes(fields, -1), _bytes(fields, -2)
    assert len(e) <= 4
    key = rsa.RSAPublicNumbers(int.from_bytes(e, "big"), int.from_bytes(n, "big")).public_key()
    assert 2048 <= key.key_size <= 4096
    return lambda signature, data: key.verify(signature, data, padding.PKCS1v15(), SHA256())


def _bytes(fields: dict[int, int | bytes], name: int, length: int = 0) -> bytes:
    value = fields.get(name)
    if not isinstance(value, bytes) or (length and len(value) != length):
        raise BadProof("the passkey's public key is not one")
    return value
