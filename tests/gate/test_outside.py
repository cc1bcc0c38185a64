# SPDX-License-Identifier: Apache-2.0
"""What an OpenID provider's claims come to here: accounts, roles and groups; never somebody else's account."""

import pytest

from gyges.canon import Json
from gyges.errors import Forbidden, Misconfigured
from gyges.gate.accounts import Accounts, Edit
from gyges.gate.outside import let_in, mapping_of
from gyges.person import Role
from gyges.settings import Settings
from gyges.testing import MemoryStore

NOW = 1_700_000_000_000
ISSUER = "https://id.example"
SETTINGS = Settings(
    oidc_issuer=ISSUER,
    oidc_client_id="gyges",
    oidc_groups=("fin=finance", "cn=ops,dc=example=reviewers"),
    oidc_roles=("fin=approver", "sec=auditor"),
)
MAPPING = mapping_of(SETTINGS)
PLAIN = mapping_of(Settings(oidc_issuer=ISSUER, oidc_client_id="gyges"))


@pytest.fixture
def accounts() -> Accounts:
    """Those of an empty store."""
    store = MemoryStore()
    return Accounts(store, store)


def claims(sub: str = "1", name: Json = "alice", *groups: Json) -> dict[str, Json]:
    """Verified claims."""
    return {"iss": ISSUER, "sub": sub, "preferred_username": name, "groups": list(groups)}


async def test_a_first_sign_in_makes_the_account_that_the_claims_give(accounts: Accounts) -> None:
    """Roles and groups by the mapping, what is not mapped is nothing here."""
    found = await let_in(accounts, claims("1", "alice", "fin", "admin", 7), MAPPING, now=NOW)
    assert (found.name, found.roles, found.groups) == ("alice", (Role.APPROVER,), ("finance",))
    assert found.oidc == f"{ISSUER} 1"


async def test_each_sign_in_brings_roles_up_to_date(accounts: Accounts) -> None:
    """Given and taken at the provider; a renamed person stays who they are."""
    await let_in(accounts, claims("1", "alice", "fin"), MAPPING, now=NOW)
    both = claims("1", "renamed", "sec", "cn=ops,dc=example")
    found = await let_in(accounts, both, MAPPING, now=NOW)
    assert (found.name, found.roles, found.groups) == ("alice", (Role.AUDITOR,), ("reviewers",))
    found = await let_in(accounts, claims(), MAPPING, now=NOW)
    assert (found.roles, found.groups) == ((), ())


async def test_nobody_takes_over_an_account_by_its_name(accounts: Accounts) -> None:
    """Somebody else who calls themselves alice, here or at the provider, is refused."""
    await accounts.add("alice", by="root", now=NOW, edit=Edit(roles=(Role.ADMIN,)))
    with pytest.raises(Forbidden):
        await let_in(accounts, claims("2", "ALICE", "fin"), MAPPING, now=NOW)
    assert (await accounts.find("alice")).oidc == ""


@pytest.mark.parametrize("name", ["", "a b", 7, None, "x" * 200])
async def test_a_claim_that_names_nobody_makes_no_account(accounts: Accounts, name: Json) -> None:
    """A name has to be one."""
    with pytest.raises(Forbidden):
        await let_in(accounts, claims("1", name, "fin"), MAPPING, now=NOW)


async def test_without_a_mapping_accounts_are_tied_by_hand(accounts: Accounts) -> None:
    """Strangers are told their identity, which an administrator can tie; roles stay as given here."""
    with pytest.raises(Forbidden, match=f"{ISSUER} 1"):
        await let_in(accounts, claims("1", "alice", "fin"), PLAIN, now=NOW)
    edit = Edit(roles=(Role.AUDITOR,), oidc=f"{ISSUER} 1")
    await accounts.add("alice", by="root", now=NOW, edit=edit)
    found = await let_in(accounts, claims("1", "alice", "fin"), PLAIN, now=NOW)
    assert found.roles == (Role.AUDITOR,)


async def test_somebody_without_a_mapped_role_gets_no_account(accounts: Accounts) -> None:
    """Being known to the provider is no right; nor is an approver's role without a group."""
    with pytest.raises(Forbidden):
        await let_in(accounts, claims("1", "alice", "staff"), MAPPING, now=NOW)
    lone = mapping_of(
        Settings(
            oidc_issuer=ISSUER, oidc_client_id="g", oidc_groups=("a=b",), oidc_roles=("c=approver",)
        )
    )
    with pytest.raises(Forbidden):
        await let_in(accounts, claims("1", "alice", "c"), lone, now=NOW)


def test_a_role_that_there_is_not_is_a_mistake_in_the_settings() -> None:
    """Found when the gate starts, not at somebody's sign-in."""
    with pytest.raises(Misconfigured):
        mapping_of(Settings(oidc_issuer=ISSUER, oidc_client_id="g", oidc_roles=("a=king",)))
