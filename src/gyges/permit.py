# SPDX-License-Identifier: Apache-2.0
"""Signed leave to run exactly these bytes, at this executor, once, until a moment soon.

On the wire a permit is an EdDSA JWT whose claims are these, with the action's part in RFC 9396
`authorization_details`. This file holds the claims and their JSON; it signs and verifies nothing:
`gate/permits.py` mints, `adapters/client.py` verifies. The nonce is fixed per case, so permits
minted twice for one case can be used once.

    {"iss": "gyges", "aud": "mcp:office", "iat": 1700000000, "exp": 1700000060, "jti": "n-...",
     "sub": "agent:demo", "authorization_details": [{"type": "gyges_action", "case": "c-...",
     "digest": "sha256:...", "tool": "pay", "tool_schema": "sha256:...", "policy": "sha256:...",
     "log": {"origin": "...", "index": 17}}]}
"""

from dataclasses import dataclass

import msgspec

from gyges.canon import Json
from gyges.errors import Malformed

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
