# SPDX-License-Identifier: Apache-2.0
"""Who sits in front of a browser: people, how they prove it, and how long it lasts.

A `Person` is not a `Key`: keys are for programs. What a signed-in person does reaches the corridor as a
key made up on the spot, with that person's name and the one scope the act needs, and only if the person
has the role. Secrets are kept as hashes only.
"""

from dataclasses import dataclass
from enum import StrEnum

from gyges.errors import Forbidden
from gyges.principal import Key, Scope


class Role(StrEnum):
    """What a person may do; none implies another."""

    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Method(StrEnum):
    """How somebody proved who they are, weakest first."""

    LINK = "link"  # a one-time link, handed over by an admin
    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    OIDC = "oidc"
    PASSKEY = "passkey"


def folded(name: str) -> str:
    """The form in which names are compared: without regard to case and outer spaces."""
    return name.strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One WebAuthn credential. `id` and `public_key` (COSE) are base64url without padding."""

    id: str
    public_key: str
    counter: int
    name: str
    created: int  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account. Times are ms, 0 means none."""

    name: str  # unique, compared without case; the name in votes and in `Case.barred`
    created: int
    display: str = ""
    email: str = ""
    roles: tuple[Role, ...] = ()
    groups: tuple[str, ...] = ()  # what they may approve for
    password: str = ""  # argon2id in PHC form, "" for none
    oidc: str = ""  # "issuer subject", "" for none
    passkeys: tuple[Passkey, ...] = ()
    disabled: int = 0
    version: int = 0  # set by the store

    def key(self, scope: Scope) -> Key:
        """The key that acts for this person in one scope; raise `Forbidden` without the role."""
        if self.disabled or scope.value not in self.roles:
            raise Forbidden(f"{self.name} is no {scope.value}")
        groups = self.groups if scope is Scope.APPROVER else ()
        return Key(
            id=f"person:{self.name}", name=self.name, scope=scope, hash="", created=self.created,
            groups=groups,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in. The cookie's value is known by its hash only."""

    id: str  # shown to its owner, so that it can be ended
    hash: str
    person: str
    method: Method
    created: int
    expires: int
    proved: int = 0  # when a passkey was last used in it
    agent: str = ""  # what the browser calls itself, cut short
    ended: int = 0

    def live(self, now: int) -> bool:
        """Whether it still counts at `now`."""
        return not self.ended and now < self.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A one-time link to sign in with (and then to set a password or add a passkey)."""

    hash: str
    person: str
    created: int
    expires: int
    used: int = 0
