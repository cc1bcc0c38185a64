# SPDX-License-Identifier: Apache-2.0
"""What one leaf of our log says, and the payload that lies beside it.

    {"at":1764028800000,"digest":"sha256:5d..f0","kind":"proposed","subject":"case-1","v":1}

An entry is canonical JSON (RFC 8785) of exactly these fields, at most 65,535 bytes. `digest` is
SHA-256(salt || payload): the payload is the canonical JSON *object* of what happened, the salt 16 to
32 random bytes. Deleting both leaves every proof valid and nothing to guess from. That the payload
is an object matters: no other split of the same bytes into salt and payload gives an object again.

    {"payload":{...},"salt":"00112233445566778899aabbccddeeff"}       the exported file payload/<index>

Nothing here says what a kind means or where entries are kept.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256

from gyges import canon
from gyges.errors import BadProof, Malformed

MAX_ENTRY = 0xFFFF
MIN_SALT, MAX_SALT = 16, 32

_KIND = re.compile(r"[a-z][a-z0-9-]{0,63}")

# The canonical form of an entry, as a grammar: fields in order, no spaces, each string character in
# its one JCS spelling. Checking it this way costs 1 us where parsing and writing again costs 40.
_TEXT = rb'(?:[^"\\\x00-\x1f]++|\\["\\bfnrt]|\\u00(?:0[0-7bef]|1[0-9a-f]))*+'
_ENTRY = re.compile(
    rb'\{"at":(0|[1-9][0-9]{0,15}),"digest":"(sha256:[0-9a-f]{64})",'
    rb'"kind":"([a-z][a-z0-9-]{0,63})","subject":"(' + _TEXT + rb')","v":1\}'
)
_PAYLOAD_FILE = re.compile(rb'\{"payload":(\{.*\}),"salt":"((?:[0-9a-f]{2}){16,32})"\}', re.DOTALL)
_UNCOMMON = re.compile(rb"[0-9][.eE]|[0-9]{16}|NaN|Infinity|[\xf0-\xff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One leaf: when (ms since the epoch), what kind, about what, and the digest of its payload."""

    at: int
    digest: str
    kind: str
    subject: str


def encode(entry: Entry) -> bytes:
    """The bytes that become a leaf; raise `Malformed` unless `parse` would give `entry` back."""
    if not _KIND.fullmatch(entry.kind) or not canon.is_digest(entry.digest):
        raise Malformed(f"log entry: kind {entry.kind!r} or digest is not in its form")
    if not 0 <= entry.at < canon.LIMIT:
        raise Malformed(f"log entry: {entry.at} is not a time in milliseconds")
    subject = json.dumps(entry.subject, ensure_ascii=False)
    text = (
        f'{{"at":{entry.at},"digest":"{entry.digest}",'
        f'"kind":"{entry.kind}","subject":{subject},"v":1}}'
    )
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise Malformed("log entry: the subject holds half of a surrogate pair") from None
    if len(raw) > MAX_ENTRY:
        raise Malformed(f"log entry: {len(raw)} bytes, over the limit of {MAX_ENTRY}")
    return raw


def parse(raw: bytes) -> Entry:
    """The exact inverse of `encode`; raise `BadProof` on any other bytes."""
    match = _ENTRY.fullmatch(raw) if is_entry(raw) else None
    if not match:
        raise BadProof(f"not a log entry in canonical form: {raw[:80]!r}")
    at, digest, kind, subject = match.groups()
    return Entry(
        at=int(at),
        digest=digest.decode(),
        kind=kind.decode(),
        subject=json.loads(b'"' + subject + b'"'),
    )


def is_entry(raw: bytes) -> bool:
    """Whether `parse` accepts `raw`; about 1 us."""
    match = _ENTRY.fullmatch(raw)
    if not match or len(raw) > MAX_ENTRY or (len(match[1]) == 16 and int(match[1]) >= canon.LIMIT):
        return False
    return raw.isascii() or _is_utf8(raw)


def payload_digest(salt: bytes, payload: bytes) -> str:
    """SHA-256(salt || payload) as "sha256:..."; raise `Malformed` on what `encode_payload` refuses."""
    _check_payload(salt, payload)
    return "sha256:" + sha256(salt + payload).hexdigest()


def encode_payload(salt: bytes, payload: bytes) -> bytes:
    """The exported file of a payload, itself canonical JSON; `payload` is canonical already."""
    _check_payload(salt, payload)
    return b'{"payload":' + payload + b',"salt":"' + salt.hex().encode() + b'"}'


def parse_payload(raw: bytes) -> tuple[bytes, bytes]:
    """(salt, payload) of an exported file; raise `BadProof` unless every byte is canonical."""
    match = _PAYLOAD_FILE.fullmatch(raw)
    if not match:
        raise BadProof("not a payload file: expected a payload object and a salt of 16 to 32 bytes")
    payload = match[1]
    if not _is_plainly_canonical(payload):
        try:
            canonical = canon.encode(canon.parse(payload, limit=len(payload)))
        except Malformed as error:
            raise BadProof(f"payload: {error}") from None
        if canonical != payload:
            raise BadProof("payload: not in canonical form")
    return bytes.fromhex(match[2].decode()), payload


def check_payload(raw: bytes, digest: str) -> None:
    """Raise `BadProof` unless the exported file `raw` is what an entry's `digest` stands for."""
    salt, payload = parse_payload(raw)
    if payload_digest(salt, payload) != digest:
        raise BadProof("the payload is not the one whose digest stands in the entry")


def _check_payload(salt: bytes, payload: bytes) -> None:
    if not MIN_SALT <= len(salt) <= MAX_SALT or payload[:1] != b"{":
        raise Malformed("log payload: a JSON object with 16 to 32 bytes of salt is needed")


def _is_plainly_canonical(payload: bytes) -> bool:
    """Whether `payload` is surely canonical; False says nothing. 10 us where the full check takes 50.

    Reading and writing it with the standard library gives the same bytes, and it holds nothing that
    library treats otherwise than RFC 8785 and `canon` do: fractions, exponents, NaN, large integers,
    characters beyond U+FFFF (their place in the order of keys), deep nesting.
    """
    if _UNCOMMON.search(payload) or payload.count(b"{") + payload.count(b"[") > canon.DEPTH:
        return False
    try:
        text = payload.decode("utf-8")
        again = json.dumps(
            json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
    except ValueError:
        return False
    return again == text


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
