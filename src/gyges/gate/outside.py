# SPDX-License-Identifier: Apache-2.0
"""What an OpenID provider's word about somebody means here: which account, which roles, which groups.

An account is found by issuer and subject only, never by a name or an e-mail address, which others could take
on. With `oidc_roles` the provider also gives and takes roles, and makes accounts at a first sign-in. It
verifies no token: `web/oidc.py` does, and hands in claims that hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gyges.canon import Json
from gyges.errors import Conflict, Forbidden, Misconfigured, Unprocessable
from gyges.gate.accounts import Accounts, Edit
from gyges.person import Person, Role
from gyges.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongs:
    """What belongs to which role and group here."""

    roles: Mapping[str, Role]
    groups: Mapping[str, str]
    claim: str
    name_claim: str


def mapping_of(settings: Settings) -> Belongs:
    """As set; raise `Misconfigured` for a role that there is not."""
    try:
        roles = {theirs: Role(ours) for theirs, ours in _pairs(settings.oidc_roles)}
    except ValueError as error:
        raise Misconfigured(f"settings: oidc_roles: {error}") from None
    return Belongs(
        roles=roles, groups=dict(_pairs(settings.oidc_groups)), claim=settings.oidc_groups_claim,
        name_claim=settings.oidc_name_claim,
    )  # fmt: skip


async def let_in(
    accounts: Accounts, claims: Mapping[str, Json], mapping: Belongs, *, now: int
) -> Person:
    """Whose claims these are; raise `Forbidden` for nobody we know and may not make."""
    identity = f"{claims['iss']} {claims['sub']}"
    edit = _edit(claims, mapping)
    found = await accounts.by_oidc(identity, now=now)
    if found is not None:
        return await accounts.change(found.name, by="provider", now=now, edit=edit)
    if not edit.roles:
        raise Forbidden(
            f"no account here belongs to you; an administrator can tie one to: {identity}"
        )
    name = claims.get(mapping.name_claim)
    if not isinstance(name, str):
        raise Forbidden(f"the provider gives no {mapping.name_claim} to make an account from")
    first = Edit(roles=edit.roles, groups=edit.groups, oidc=identity)
    try:
        return await accounts.add(name, by="provider", now=now, edit=first)
    except (Conflict, Unprocessable) as error:
        raise Forbidden(f"no account can be made for you: {error}") from None


def _edit(claims: Mapping[str, Json], mapping: Belongs) -> Edit:
    """The roles and groups that the provider gives; None where it has no say. No groups, no approver."""
    theirs = claims.get(mapping.claim)
    listed = theirs if isinstance(theirs, list) else [theirs]
    held = {item for item in listed if isinstance(item, str)}
    groups = tuple(ours for name, ours in mapping.groups.items() if name in held)
    roles = tuple(role for name, role in mapping.roles.items() if name in held)
    if mapping.groups and not groups:
        roles = tuple(role for role in roles if role is not Role.APPROVER)
    return Edit(roles=roles if mapping.roles else None, groups=groups if mapping.groups else None)


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Theirs and ours; what is theirs may itself hold "=", as distinguished names do."""
    return [(theirs, ours) for theirs, _, ours in (line.rpartition("=") for line in lines)]
