# SPDX-License-Identifier: Apache-2.0
"""Who calls: a named holder of one API key with one scope. No scope implies another.

The secret itself is shown once, when the key is made; only its SHA-256 is kept (256 random bits need
no slow hash).
"""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a key is for."""

    AGENT = "agent"  # propose, read and withdraw its own cases
    EXECUTOR = "executor"  # redeem permits made out to it, report outcomes
    APPROVER = "approver"  # see and decide cases, make standing grants
    AUDITOR = "auditor"  # read everything, decide nothing
    ADMIN = "admin"  # keys, tools, policy, kill switches; decides no case


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One enrolled key. `hash` is `canon.digest_bytes(secret)`; times are ms, 0 means none."""

    id: str
    name: str  # whose it is: "demo-agent", "alice", "mcp:office"
    scope: Scope
    hash: str
    created: int
    groups: tuple[
        str, ...
    ] = ()  # of an approver: what they may approve for; of an agent: its groups
    owner: str = ""  # of an agent: the person who answers for it
    executor: str = ""  # of an agent: the only executor its permits are made out to
    expires: int = 0
    revoked: int = 0

    def live(self, now: int) -> bool:
        """Whether the key may be used at `now`."""
        return not self.revoked and (not self.expires or now < self.expires)
