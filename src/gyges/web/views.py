# SPDX-License-Identifier: Apache-2.0
"""What goes out where no word fits: pages, proofs, keys without their hash, the policy in force.

Plain frozen structs for encoding and for the OpenAPI document. `Answer`, `Grant` and `Stop` go out as they are.
"""

import msgspec

from gyges.answer import Answer
from gyges.canon import Json
from gyges.episode import Recorded
from gyges.principal import Key, Scope
from gyges.standing import Grant, Stop


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all views."""


class Answers(View, frozen=True, kw_only=True):
    """A page of cases; `next` goes into `after`, empty at the end."""

    items: tuple[Answer, ...]
    next: str


class Grants(View, frozen=True, kw_only=True):
    """All standing grants that fit the query."""

    items: tuple[Grant, ...]


class Stops(View, frozen=True, kw_only=True):
    """The kill switches that are on."""

    items: tuple[Stop, ...]


class Events(View, frozen=True, kw_only=True):
    """A page of the log's events; `next` goes into `first`, empty at the end."""

    items: tuple[Recorded, ...]
    next: str


class Inclusion(View, frozen=True, kw_only=True):
    """RFC 6962 2.1.1: hashes in hexadecimal, from the leaf upwards; the checkpoint is a signed note."""

    index: int
    size: int
    hashes: tuple[str, ...]
    checkpoint: str


class Consistency(View, frozen=True, kw_only=True):
    """RFC 6962 2.1.2, between the trees of size `old` and `new`."""

    old: int
    new: int
    hashes: tuple[str, ...]
    checkpoint: str


class KeyView(View, frozen=True, kw_only=True):
    """A key as it may be shown: without its hash."""

    id: str
    name: str
    scope: Scope
    created: int
    groups: tuple[str, ...]
    owner: str
    executor: str
    expires: int
    revoked: int


class Keys(View, frozen=True, kw_only=True):
    """All keys, revoked ones too."""

    items: tuple[KeyView, ...]


class NewKey(View, frozen=True, kw_only=True):
    """A key just made. `secret` is shown this once and kept nowhere."""

    key: KeyView
    secret: str


class Rotated(View, frozen=True, kw_only=True):
    """The id of the key that signs permits now."""

    kid: str


class Health(View, frozen=True, kw_only=True, omit_defaults=True):
    """How it stands; `reason` is a problem's code."""

    status: str
    reason: str = ""
    policy: str = ""


class PolicyView(View, frozen=True, kw_only=True):
    """The set in force. `document` holds rules, tool definitions and groups: what `digest` is the digest of."""

    digest: str
    document: dict[str, Json]


class Reloaded(View, frozen=True, kw_only=True):
    """The digest of the set that is now in force."""

    digest: str


class ToolView(View, frozen=True, kw_only=True):
    """`known`: its definition is the approved one. `visible`: policy could allow it under some arguments."""

    name: str
    visible: bool
    known: bool
    risk: str
    digest: str


class Tools(View, frozen=True, kw_only=True):
    """The tools asked about, in the same order."""

    tools: tuple[ToolView, ...]


def key_view(key: Key) -> KeyView:
    """What may be shown of `key`."""
    return KeyView(
        id=key.id, name=key.name, scope=key.scope, created=key.created, groups=key.groups,
        owner=key.owner, executor=key.executor, expires=key.expires, revoked=key.revoked,
    )  # fmt: skip


class Problem(View, frozen=True, kw_only=True):
    """RFC 9457. `code` is for programs; further members belong to the problem."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    request: str
