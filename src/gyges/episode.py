# SPDX-License-Identifier: Apache-2.0
"""All that happened, in order: the log's payload and the monitors' food.

An `Event` becomes one leaf of the log: kind, time, subject and the salted digest of `body` go into the
tree, `body` itself lies beside it and can be redacted without breaking a proof.
"""

from dataclasses import dataclass
from enum import StrEnum

from gyges.canon import Json


class Kind(StrEnum):
    """What can happen."""

    PROPOSED = "proposed"
    DECIDED = "decided"
    ANSWERED = "answered"
    ESCALATED = "escalated"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    REDEEMED = "redeemed"
    LAPSED = "lapsed"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REFUSED = "refused"  # an attempt that changed nothing: a bad permit, a vote without the right
    GRANT_MADE = "grant-made"
    GRANT_REVOKED = "grant-revoked"
    STOPPED = "stopped"
    LIFTED = "lifted"
    POLICY_LOADED = "policy-loaded"
    KEY_ENROLLED = "key-enrolled"
    KEY_REVOKED = "key-revoked"
    PERSON_CHANGED = "person-changed"  # added, other roles or groups, password set, disabled
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    SIGN_IN_REFUSED = "sign-in-refused"
    PLANTED = "planted"  # a case that nobody proposed, to see who notices
    TOLD = "told"  # a notice went out, or was given up
    SIGNER_ROTATED = "signer-rotated"
    REDACTED = "redacted"
    GATE_STARTED = "gate-started"
    EPISODE_OPENED = "episode-opened"
    EPISODE_CLOSED = "episode-closed"
    MEASURED = "measured"  # a named grader's values of one episode
    RING_DESIGN = (
        "ring-design"  # a ring test begins: its share, its texts, the commitment to its key
    )
    DRIFT_ALARM = "drift-alarm"
    DRIFT_SETTLED = "drift-settled"
    DRIFT_BASELINE = "drift-baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `subject` is a case id, a grant id, a stop's scope, a key id, "person:NAME",
    "episode:MARK", "ring:DESIGN", "gate".
    """

    kind: Kind
    at: int  # ms
    subject: str
    body: dict[str, Json]
    agent: str = ""  # kept beside the log for lookup, not in the leaf
    episode: str = ""  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as the log has it; `event.body` is empty and `redacted` true once its payload is gone."""

    index: int
    event: Event
    digest: str  # SHA-256 of salt || payload, as in the leaf
    salt: str = ""  # hexadecimal
    redacted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An episode that was opened and not closed. `due` (ms) is when a timer must look at it."""

    agent: str
    id: str
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One run of one agent, oldest event first."""

    id: str
    agent: str
    events: tuple[Event, ...]
