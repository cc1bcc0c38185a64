# SPDX-License-Identifier: Apache-2.0
"""Signed notes (C2SP signed-note): a text, a blank line, and one line for each signature.

    example.com/log                                              <- the text; every line is signed,
    12                                                              each with its newline
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=
                                                                 <- the last blank line
    [em dash] example.com/log f3bXeYTb...Ag==                    <- key name, base64(key id || sig)

`parse` accepts exactly the bytes that `marshal` writes. `open_note` is the only way to a text that
may be believed: every signature by a known key must hold, at least one must be there, and those of
unknown keys (rotated, or witnesses unknown here) are ignored. Only Ed25519 (type 0x01) is known.
What a text means is somebody else's business, and so is making and keeping secrets.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gyges.ed25519 import KEY_SIZE, check_public_key
from gyges.errors import BadProof, Malformed

MAX_NOTE = 1 << 20
MAX_SIGNATURES = 64
ID_SIZE = 4

_DASH = "\u2014 "
_NEVER = {"Cc", "Cs"}  # control characters and halves of surrogate pairs
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_ED25519 = b"\x01"
_SECRET = "PRIVATE+KEY+"  # noqa: S105  # the prefix of the text form, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: who says to have signed, with which key, and the bytes themselves."""

    name: str
    key_id: bytes
    value: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.key_id) != ID_SIZE or not self.value:
            raise Malformed(f"signature of {self.name}: too short")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text that ends in a newline, and its signatures in order. Nothing about it is verified."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        check_text(self.text)
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise Malformed(f"a note has 1 to {MAX_SIGNATURES} signatures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A note whose text may be believed, with the signatures that say so, and the others."""

    text: str
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A named Ed25519 public key. Refuses, with `Malformed`, keys that libraries disagree about."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        check_public_key(self.public)

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || 0x01 || key)[:4]."""
        hashed = sha256(self.name.encode() + b"\n" + _ED25519 + self.public)
        return hashed.digest()[:ID_SIZE]

    def text(self) -> str:
        """`name+hash8hex+base64(0x01 || key)`: what an operator publishes and a client pins."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public)}"

    def holds(self, text: str, value: bytes) -> bool:
        """Whether `value` is this key's signature of `text` (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A named Ed25519 secret, and what it verifies with. The secret does not show in a `repr`."""

    verifier: Verifier
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> "Signer":
        """The key that 32 secret bytes stand for (RFC 8032, section 5.1.5)."""
        if len(seed) != KEY_SIZE:
            raise Malformed(f"an Ed25519 seed is {KEY_SIZE} bytes long")
        private = Ed25519PrivateKey.from_private_bytes(seed)
        public = private.public_key().public_bytes_raw()
        return cls(verifier=Verifier(name=name, public=public), private=private)

    def sign(self, text: str) -> Signature:
        """This key's signature of `text`; raise `Malformed` if no note can hold that text."""
        check_text(text)
        value = self.private.sign(text.encode())
        return Signature(name=self.verifier.name, key_id=self.verifier.key_id, value=value)

    def secret_text(self) -> str:
        """`PRIVATE+KEY+name+hash8hex+base64(0x01 || seed)`, as Go's note tools keep it."""
        key = _base64(_ED25519 + self.private.private_bytes_raw())
        return f"{_SECRET}{self.verifier.name}+{self.verifier.key_id.hex()}+{key}"


def parse_verifier(text: str) -> Verifier:
    """Read what `Verifier.text` writes; raise `Malformed` if it, its hash or its key is wrong."""
    name, hash_, raw = _key_parts(text, "verifier key")
    verifier = Verifier(name=name, public=raw)
    if verifier.key_id.hex() != hash_:
        raise Malformed(f"verifier key of {name}: the hash {hash_!r} does not fit the key")
    return verifier


def parse_signer(text: str) -> Signer:
    """Read what `Signer.secret_text` writes; raise `Malformed`, never quoting the secret."""
    if not text.startswith(_SECRET):
        raise Malformed("not a note signing key")
    name, hash_, raw = _key_parts(text.removeprefix(_SECRET), "signing key")
    signer = Signer.from_seed(name, raw)
    if signer.verifier.key_id.hex() != hash_:
        raise Malformed(f"signing key of {name}: the hash does not fit the key")
    return signer


def check_name(name: str) -> None:
    """Raise `Malformed` unless `name` may name a key: not empty, no space, plus or control."""
    if not name or any(c == "+" or c.isspace() or unicodedata.category(c) in _NEVER for c in name):
        raise Malformed(f"{name!r} cannot name a key: it is empty or holds a space or a plus")


def check_text(text: str) -> None:
    """Raise `Malformed` unless `text` may be signed: newline at its end, no other control."""
    if not text.endswith("\n"):
        raise Malformed("the text of a note must end in a newline")
    if _CONTROL.search(text):
        raise Malformed("a note must not hold control characters or half a surrogate pair")


def marshal(note: Note) -> bytes:
    """The bytes of a note."""
    lines = [f"{_DASH}{s.name} {_base64(s.key_id + s.value)}\n" for s in note.signatures]
    return f"{note.text}\n{''.join(lines)}".encode()


def parse(raw: bytes) -> Note:
    """Read a note strictly; raise `BadProof` unless `marshal` gives these bytes back."""
    if len(raw) > MAX_NOTE:
        raise BadProof(f"a note of {len(raw)} bytes is over the limit of {MAX_NOTE}")
    try:
        text, blank, tail = raw.decode("utf-8").rpartition("\n\n")
        if not blank or not tail.endswith("\n"):
            raise Malformed("no blank line followed by signature lines")
        lines = tail[:-1].split("\n")
        return Note(text=text + "\n", signatures=tuple(_parse_line(line) for line in lines))
    except UnicodeDecodeError:
        raise BadProof("not a signed note: not UTF-8") from None
    except Malformed as error:
        raise BadProof(f"not a signed note: {error}") from None


def sign_note(text: str, signers: Sequence[Signer], others: Iterable[Signature] = ()) -> bytes:
    """A note of `text` by these signers, followed by signatures that others made of it."""
    return marshal(Note(text=text, signatures=(*(s.sign(text) for s in signers), *others)))


def open_note(raw: bytes, verifiers: Iterable[Verifier]) -> Opened:
    """Read and verify a note; raise `BadProof` unless all known signatures, one at least, hold."""
    known = _by_key(verifiers)
    note = parse(raw)
    verified, unknown = list[Signature](), list[Signature]()
    seen = set[tuple[str, bytes]]()
    for signature in note.signatures:
        key = signature.name, signature.key_id
        if key not in known:
            unknown.append(signature)
            continue
        if key in seen:
            raise BadProof(f"signed note: {signature.name} signed it twice")
        if not known[key].holds(note.text, signature.value):
            raise BadProof(f"signed note: the signature of {signature.name} does not hold")
        seen.add(key)
        verified.append(signature)
    if not verified:
        raise BadProof("signed note: no signature by a key known here")
    return Opened(text=note.text, verified=tuple(verified), unknown=tuple(unknown))


def _by_key(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known = dict[tuple[str, bytes], Verifier]()
    for verifier in verifiers:
        key = verifier.name, verifier.key_id
        if known.setdefault(key, verifier) != verifier:
            raise Malformed(f"two different keys of {verifier.name} have the same key id")
    return known


def _parse_line(line: str) -> Signature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2:
        raise Malformed(f"{line[:80]!r} is not a signature line")
    raw = _unbase64(parts[1])
    return Signature(name=parts[0], key_id=raw[:ID_SIZE], value=raw[ID_SIZE:])


def _key_parts(text: str, what: str) -> tuple[str, str, bytes]:
    """The name, hash and 32 bytes of a key's text form."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Malformed(f"{what}: expected name+hash+key")
    raw = _unbase64(parts[2])
    if raw[:1] != _ED25519 or len(raw) != 1 + KEY_SIZE:
        raise Malformed(f"{what} of {parts[0]}: not an Ed25519 key (type 0x01, 32 bytes)")
    return parts[0], parts[1], raw[1:]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unbase64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling: padding, and no stray bits behind it."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64") from None
    if _base64(raw) != text:
        raise Malformed("base64 with stray bits")
    return raw
