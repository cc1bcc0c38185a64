# SPDX-License-Identifier: Apache-2.0
"""Mints permits and keeps the keys that sign them: one current, older ones only to verify.

Keys are Ed25519 seeds in `permit-<kid>.key` files (mode 0600) in one folder; the newest by name of
those not yet retired signs. It decides nothing: the corridor calls it for cases that are granted.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gyges.canon import Json
from gyges.case import Case
from gyges.errors import Misconfigured
from gyges.permit import ALGORITHM, HEADER_TYPE, LogPlace, Permit

PATTERN = "permit-*.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitSigner:
    """Signs with the key `kid`; `keys` holds every public key that still verifies, that one included."""

    kid: str
    private: Ed25519PrivateKey
    keys: Mapping[str, Ed25519PublicKey]

    def mint(self, permit: Permit) -> str:
        """The permit as a JWT (RFC 7519, RFC 7515 section 7.1) with EdDSA (RFC 8037)."""
        signed = _head(self.kid) + b"." + _base64url(msgspec.json.encode(permit.claims()))
        return (signed + b"." + _base64url(self.private.sign(signed))).decode("ascii")

    def jwks(self) -> dict[str, Json]:
        """The public keys as a JWK set (RFC 7517, RFC 8037)."""
        return {"keys": [_jwk(kid, key) for kid, key in self.keys.items()]}


def permit_for(case: Case, *, issuer: str, origin: str, seconds: int, now: int) -> Permit:
    """The permit of a granted case at `now` (ms): valid for `seconds`, never beyond the case's deadline."""
    issued = now // 1000
    expires = min(issued + seconds, case.deadline // 1000) if case.deadline else issued + seconds
    ruling = case.decision.ruling if case.decision else None
    return Permit(
        issuer=issuer,
        audience=case.audience,
        issued=issued,
        expires=expires,
        nonce=case.nonce,
        agent=case.action.agent,
        case=case.id,
        digest=case.digest,
        tool=case.action.tool,
        tool_schema=case.action.tool_schema,
        policy=ruling.policy if ruling else "",
        log=LogPlace(origin=origin, index=case.log_index),
    )


def load_signer(folder: Path) -> PermitSigner:
    """The signer of `folder`; raise `Misconfigured` when it holds no key or one that others may read."""
    files = sorted(folder.glob(PATTERN))
    if not files:
        raise Misconfigured(f"{folder}: no {PATTERN}; `gyges init` makes one")
    keys = {file.stem.removeprefix("permit-"): read_seed(file) for file in files}
    kid = max(keys)
    return PermitSigner(
        kid=kid, private=keys[kid], keys={k: v.public_key() for k, v in keys.items()}
    )


def rotate(folder: Path, now: int, *, keep: int = 2) -> str:
    """Make a new signing key, keep the newest `keep` in all, and return the new key's id."""
    kid = f"{now:013d}"
    write_seed(folder / f"permit-{kid}.key", Ed25519PrivateKey.generate())
    for file in sorted(folder.glob(PATTERN))[:-keep]:
        file.unlink()
    return kid


def read_seed(file: Path) -> Ed25519PrivateKey:
    """The Ed25519 key whose 32-byte seed stands in `file` as hexadecimal."""
    try:
        if file.stat().st_mode & 0o077:
            raise Misconfigured(f"{file}: others can read this key; chmod 600 it")
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file.read_text().strip()))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file}: not a key: {error}") from None


def write_seed(file: Path, key: Ed25519PrivateKey) -> None:
    """Write the key's seed to a file that must not exist yet and only its owner can read."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(key.private_bytes_raw().hex() + "\n")
        out.flush()
        os.fsync(out.fileno())


@lru_cache(maxsize=16)
def _head(kid: str) -> bytes:
    return _base64url(msgspec.json.encode({"alg": ALGORITHM, "kid": kid, "typ": HEADER_TYPE}))


def _base64url(raw: bytes) -> bytes:
    """Without padding, as RFC 7515 section 2 has it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _jwk(kid: str, key: Ed25519PublicKey) -> dict[str, Json]:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = _base64url(raw).decode("ascii")
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "alg": ALGORITHM, "x": x}
