# SPDX-License-Identifier: Apache-2.0
"""What an agent proposes to do. Its digest is its identity: whoever approves or runs it, means these bytes.

An `Action` holds what the agent said and who the gate knows it to be; it holds no judgement. `agent` is
set by the gate from the caller's key, never taken from the caller's words.
"""

from dataclasses import dataclass, field

import msgspec

from gyges import canon
from gyges.canon import Json
from gyges.errors import Malformed

VERSION = 1
ALWAYS = frozenset({"agent", "tool", "arguments"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A piece of what the agent had read when it proposed, and where it came from."""

    text: str
    source: str  # "user", "tool:read_file", "web:example.org", as the caller tells it
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One tool call, whole. Empty fields do not enter the digest, so new fields leave old digests alone."""

    agent: str
    tool: str
    arguments: dict[str, Json]
    server: str = ""  # which tool server: the Cedar resource
    tool_schema: str = ""  # digest of the tool's definition as the proposer saw it
    resource: str = ""  # what it is done to, in the caller's words
    episode: str = ""  # the run of the agent this belongs to
    principal: str = ""  # the person on whose behalf; never an approver of it
    purpose: str = ""  # the agent's reason: quoted, never believed
    context: tuple[Excerpt, ...] = ()
    # JSON pointer -> sources
    provenance: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    amends: str = ""  # id of the case this one replaces
    edited_by: str = ""  # who wrote these arguments in place of the agent; set by the gate

    def canonical(self) -> bytes:
        """RFC 8785 bytes of the action: what is shown, signed and run."""
        return canon.encode(self.document())

    def document(self) -> dict[str, Json]:
        """The action as JSON, version first in spirit: `{"v": 1, "agent": ..., ...}` without empty fields."""
        full = msgspec.to_builtins(self)
        kept = {name: value for name, value in full.items() if value or name in ALWAYS}
        return {"v": VERSION, **kept}

    @property
    def digest(self) -> str:
        """SHA-256 over `canonical()`."""
        return canon.digest_bytes(self.canonical())


def parse_action(data: bytes) -> Action:
    """The exact inverse of `Action.canonical`; raise `Malformed` for any other bytes."""
    document = canon.parse_object(data)
    version = document.pop("v", None)
    if version != VERSION:
        raise Malformed(f"action version {version!r} is not {VERSION}")
    try:
        action = msgspec.convert(document, Action, strict=True)
    except msgspec.ValidationError as error:
        raise Malformed(f"not an action: {error}") from None
    if action.canonical() != data:
        raise Malformed("an action must come in its canonical bytes")
    return action
