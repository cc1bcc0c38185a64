# SPDX-License-Identifier: Apache-2.0
"""Signed leave to run exactly these bytes, at this executor, once, until a moment soon.

On the wire a permit is an EdDSA JWT whose claims are these, with the action's part in RFC 9396
`authorization_details`. This file holds the claims, their JSON and their verification, which needs
public keys only; `gate/permits.py` mints. That a permit is used once is not a property of the permit:
the executor claims its nonce durably. The nonce is fixed per case, so permits minted twice for one
case can be used once.

    {"iss": "gyges", "aud": "mcp:office", "iat": 1700000000, "exp": 1700000060, "jti": "n-...",
     "sub": "agent:demo", "authorization_details": [{"type": "gyges_action", "case": "c-...",
     "digest": "sha256:...", "tool": "pay", "tool_schema": "sha256:...", "policy": "sha256:...",
     "log": {"origin": "...", "index": 17}}]}
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gyges import canon
from gyges.canon import Json
from gyges.errors import Malformed, PermitRefused

TYPE = "gyges_action"
HEADER_TYPE = "gyges-permit+jwt"
ALGORITHM = "EdDSA"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """Where the decision stands in the log."""

    origin: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The claims of one permit. Times are in whole seconds since the epoch, as JWT has them."""

    issuer: str
    audience: str
    issued: int
    expires: int
    nonce: str
    agent: str
    case: str
    digest: str
    tool: str
    tool_schema: str
    policy: str
    log: LogPlace

    def claims(self) -> dict[str, Json]:
        """The JWT payload."""
        detail: dict[str, Json] = {
            "type": TYPE,
            "case": self.case,
            "digest": self.digest,
            "tool": self.tool,
            "tool_schema": self.tool_schema,
            "policy": self.policy,
            "log": {"origin": self.log.origin, "index": self.log.index},
        }
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "iat": self.issued,
            "exp": self.expires,
            "jti": self.nonce,
            "sub": self.agent,
            "authorization_details": [detail],
        }


def from_claims(claims: dict[str, Json]) -> Permit:
    """The inverse of `Permit.claims`; raise `Malformed` unless there is exactly one detail of our type."""
    details = claims.get("authorization_details")
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        raise Malformed("a permit carries exactly one authorization detail")
    detail = details[0]
    if detail.get("type") != TYPE:
        raise Malformed(f"the authorization detail is not of type {TYPE}")
    names = {"iss": "issuer", "aud": "audience", "iat": "issued", "exp": "expires"}
    names |= {"jti": "nonce", "sub": "agent"}
    flat = {ours: claims.get(theirs) for theirs, ours in names.items()}
    fields = ("case", "digest", "tool", "tool_schema", "policy", "log")
    try:
        return msgspec.convert({**flat, **{f: detail.get(f) for f in fields}}, Permit, strict=True)
    except msgspec.ValidationError as error:
        raise Malformed(f"not a permit: {error}") from None


def read_permit(
    token: str,
    keys: Mapping[str, Ed25519PublicKey],
    *,
    issuer: str,
    audience: str,
    now: int,
    leeway: int = 2,
) -> Permit:
    """The permit in `token` if it is signed by one of `keys` (kid -> key) and in force at `now` (seconds).

    Raise `PermitRefused` for any other token: another algorithm, type, issuer, audience or key, a
    signature that does not hold, not yet or no longer valid, a lifetime over 300 s.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM or header.get("typ") != HEADER_TYPE:
            raise PermitRefused(f"the permit's header is not {ALGORITHM} and {HEADER_TYPE}")
        key = keys.get(str(header.get("kid")))
        if key is None:
            raise PermitRefused("the permit is signed by a key that is not in the key set")
        # PyJWS, not PyJWT: times, issuer and audience are checked below, with the caller's clock
        payload: bytes = _JWS.decode_complete(token, key, algorithms=[ALGORITHM])["payload"]
    except jwt.PyJWTError as error:
        raise PermitRefused(f"the permit does not verify: {error}") from None
    permit = _claims(payload)
    _check(permit, issuer, audience, now, leeway)
    return permit


def check_action(permit: Permit, action: bytes) -> None:
    """Raise `PermitRefused` unless `action` is, byte for byte, what the permit is for."""
    if canon.digest_bytes(action) != permit.digest:
        raise PermitRefused("these are not the bytes that were granted")


_JWS = jwt.PyJWS()


def _claims(payload: bytes) -> Permit:
    try:
        return from_claims(canon.parse_object(payload))
    except Malformed as error:
        raise PermitRefused(str(error)) from None


def _check(permit: Permit, issuer: str, audience: str, now: int, leeway: int) -> None:
    wrong = {
        f"it comes from {permit.issuer!r}, not from {issuer!r}": permit.issuer != issuer,
        f"it is made out to {permit.audience!r}": not audience or permit.audience != audience,
        "it is not valid yet": permit.issued > now + leeway,
        "it has expired": permit.expires <= now - leeway,
        "it is valid for longer than 300 s": permit.expires - permit.issued > 300,
    }
    reasons = [reason for reason, holds in wrong.items() if holds]
    if reasons:
        raise PermitRefused("the permit is refused: " + "; ".join(reasons))
