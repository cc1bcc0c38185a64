# SPDX-License-Identifier: Apache-2.0
"""The sealed `requestState` of a call that waits (MCP 2026-07-28): which case, whose, which call, until when.

The client carries it and may do anything to it: it is AES-256-GCM under a key of the proxy's own, and
counts only for the same agent key and the same call, for a while. It names a case and gives no leave: the
permit still comes from the gate.
"""

import msgspec
from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from gyges import canon
from gyges.errors import Conflict, Expired, PermitRefused

LIFE_MS = 24 * 3600 * 1000


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: str
    who: str
    call: str
    until: int


class Seal:
    """Seals and opens under a key derived from `secret` (at least 32 characters)."""

    def __init__(self, secret: str) -> None:
        self._codec = AESGCMRequestStateCodec(
            [canon.digest_bytes(b"gyges mcp state " + secret.encode())]
        )

    def close(self, case: str, *, who: str, call: str, now: int) -> str:
        """The state to hand to the client. `who` and `call` are digests, `now` in ms."""
        sealed = _Sealed(case=case, who=who, call=call, until=now + LIFE_MS)
        return self._codec.seal(msgspec.json.encode(sealed))

    def open(self, state: str, *, who: str, call: str, now: int) -> str:
        """The case id; raise `PermitRefused` for a forged or foreign state, `Expired`, or `Conflict`."""
        try:
            sealed = msgspec.json.decode(self._codec.unseal(state), type=_Sealed)
        except (InvalidRequestState, msgspec.DecodeError):
            raise PermitRefused("the requestState is not one of ours") from None
        if sealed.who != who:
            raise PermitRefused("the requestState belongs to another agent")
        if sealed.call != call:
            raise Conflict(
                f"the retry of {sealed.case} is not the call that waits", case=sealed.case
            )
        if now >= sealed.until:
            raise Expired(f"the requestState of {sealed.case} is too old", case=sealed.case)
        return sealed.case
