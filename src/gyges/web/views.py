# SPDX-License-Identifier: Apache-2.0
"""What goes out where no word fits: pages, proofs, keys without their hash, the policy in force.

Plain frozen structs for encoding and for the OpenAPI document. `Answer`, `Grant` and `Stop` go out as they are.
"""

import msgspec

from gyges.answer import Answer
from gyges.canon import Json
from gyges.episode import Recorded
from gyges.gate.reviewers import Record
from gyges.person import Method, Person, Role, Session
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


class Records(View, frozen=True, kw_only=True):
    """The records of those who answered, by name; times in ms, intervals of 95 %."""

    items: tuple[Record, ...]


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


class PasskeyView(View, frozen=True, kw_only=True):
    """A passkey as it may be shown."""

    id: str
    name: str
    created: int


class PersonView(View, frozen=True, kw_only=True):
    """An account without secrets; `password`: whether there is one."""

    name: str
    display: str
    email: str
    roles: tuple[Role, ...]
    groups: tuple[str, ...]
    oidc: str
    password: bool
    passkeys: tuple[PasskeyView, ...]
    created: int
    disabled: int


class People(View, frozen=True, kw_only=True):
    """All accounts, disabled ones too."""

    items: tuple[PersonView, ...]


class NewLink(View, frozen=True, kw_only=True):
    """A one-time link just made. `url` is shown this once and kept nowhere."""

    person: str
    url: str
    expires: int


class SessionView(View, frozen=True, kw_only=True):
    """A browser that is signed in."""

    id: str
    method: Method
    created: int
    expires: int
    agent: str


class Sessions(View, frozen=True, kw_only=True):
    """Where somebody is signed in, newest first."""

    items: tuple[SessionView, ...]


class Ended(View, frozen=True, kw_only=True):
    """How many sessions ended."""

    person: str
    ended: int


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


def person_view(person: Person) -> PersonView:
    """What may be shown of `person`."""
    return PersonView(
        name=person.name, display=person.display, email=person.email, roles=person.roles,
        groups=person.groups, oidc=person.oidc, password=bool(person.password),
        passkeys=tuple(
            PasskeyView(id=key.id, name=key.name, created=key.created) for key in person.passkeys
        ),
        created=person.created, disabled=person.disabled,
    )  # fmt: skip


def session_view(session: Session) -> SessionView:
    """What may be shown of `session`: not the hash of its secret."""
    return SessionView(
        id=session.id, method=session.method, created=session.created, expires=session.expires,
        agent=session.agent,
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
