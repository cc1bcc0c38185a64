# SPDX-License-Identifier: Apache-2.0
"""Signing in with an OpenID provider: a real one on loopback, and tokens of our own making that do not hold."""

import base64
import hashlib
import hmac
import re
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

pytest.importorskip("authlib")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the provider's own, about the library it is made of
    import oidc_provider_mock  # type: ignore[import-untyped]

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gyges.errors import Forbidden, Misconfigured, Unreachable
from gyges.gate.accounts import Edit
from gyges.person import Role
from gyges.settings import Settings
from gyges.web import oidc, oidc_pages
from gyges.web.oidc import Attempt, Provider
from tests.web.conftest import BASE, House, open_house
from tests.web.people import Browser, browser

# The provider that tests run against is itself made of older parts, in this process.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
NOW = 1_800_000_000_000
ISSUER = "https://id.example"
CLAIMS: dict[str, Any] = {
    "preferred_username": "alice", "groups": ["fin", "staff"], "email": "alice@example.org",
}  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer of a provider that runs; it knows alice, and makes up whoever else signs in."""
    alice = oidc_provider_mock.User(sub="sub-alice", claims=CLAIMS)
    with oidc_provider_mock.run_server_in_thread(user_claims=[alice], require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def house(tmp_path: Path, provider: str) -> AsyncIterator[House]:
    """A gate that trusts it, and maps its groups."""
    settings = {
        "oidc_issuer": provider, "oidc_client_id": "gyges", "oidc_client_secret_file": "oidc.key",
        "oidc_groups": ("fin=finance",), "oidc_roles": ("fin=approver",),
    }  # fmt: skip
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "oidc.key").write_text("a secret\n")
    async with open_house(tmp_path / "data", **settings) as opened:
        yield opened


async def at_provider(url: str, sub: str = "sub-alice") -> str:
    """Sign in at the provider's page at `url`; the address it sends the browser back to."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(url, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].removeprefix(BASE)


async def signed_in_at(house: House, who: Browser, sub: str = "sub-alice", to: str = "/me") -> Any:
    """All the way to the provider and back; the answer at the end of it."""
    away = await who.get(f"/sign-in/oidc?next={to}")
    assert away.status_code == 303, away.text
    return await who.get(
        await at_provider(away.headers["location"], sub), sec_fetch_site="cross-site"
    )


async def test_somebody_signs_in_at_the_provider(house: House) -> None:
    """Asked with PKCE, state and nonce; an account with mapped rights; back to the page first asked for."""
    who = browser(house)
    assert "/sign-in/oidc" in (await who.get("/sign-in")).text
    away = await who.get("/sign-in/oidc?next=/me")
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BASE + oidc_pages.BACK]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    cookie = away.headers["set-cookie"]
    assert re.search(r"HttpOnly; Max-Age=600; Path=/; SameSite=lax", cookie)
    answer = await signed_in_at(house, who)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    again = await who.get("/me", sec_fetch_site="cross-site")
    assert "alice" in again.text
    person = await house.gate.accounts.find("alice")
    assert person.oidc.endswith(" sub-alice")
    assert (person.roles, person.groups) == ((Role.APPROVER,), ("finance",))
    shown = await who.json("/me.json")
    assert isinstance(shown["sessions"], list)
    assert shown["sessions"][0]["method"] == "oidc"


async def test_a_stranger_is_told_who_they_are_there(house: House) -> None:
    """No account, no rights; with the identity that an administrator could tie to one."""
    answer = await signed_in_at(house, browser(house), "sub-stranger")
    assert answer.status_code == 403
    assert "sub-stranger" in answer.text
    assert await house.gate.store.people() == []


async def test_a_disabled_account_stays_out(house: House) -> None:
    """Whatever the provider says."""
    await signed_in_at(house, browser(house))
    await house.gate.accounts.disable("alice", by="test", now=house.gate.clock.now())
    assert (await signed_in_at(house, browser(house))).status_code == 403


async def test_an_answer_is_good_in_the_browser_that_asked_and_once(house: House) -> None:
    """A victim's browser does not take an attacker's answer, and nobody takes one a second time."""
    attacker, victim = browser(house), browser(house)
    away = await attacker.get("/sign-in/oidc")
    back = await at_provider(away.headers["location"])
    assert (await victim.get(back)).status_code == 400
    await victim.get("/sign-in/oidc")
    assert (await victim.get(back)).status_code == 403
    cookie = attacker.client.cookies.get(oidc_pages.COOKIE) or ""
    assert (await attacker.get(back)).status_code == 303
    attacker.client.cookies.set(oidc_pages.COOKIE, cookie, domain="127.0.0.1")
    assert (await attacker.get(back)).status_code == 403


async def test_what_comes_back_wrong_is_refused(house: House) -> None:
    """Another state, another issuer, a refusal, no code, a made-up code."""
    for query, status in (
        ("state=x&code=y", 403),
        ("code=y", 403),
        ("state={state}&code=y&iss=https://evil.example", 403),
        ("state={state}&error=access_denied", 403),
        ("state={state}&code=made-up", 403),
    ):
        who = browser(house)
        away = await who.get("/sign-in/oidc")
        state = parse_qs(urlsplit(away.headers["location"]).query)["state"][0]
        answer = await who.get(f"{oidc_pages.BACK}?{query.format(state=state)}")
        assert answer.status_code == status, query
        assert "gyges_session" not in answer.headers.get("set-cookie", "")


async def test_a_provider_leads_nowhere_else(house: House) -> None:
    """The page to go to afterwards is one of ours."""
    answer = await signed_in_at(house, browser(house), to="//evil.example")
    assert answer.headers["location"] == "/inbox"


async def test_a_tied_account_keeps_its_name(house: House) -> None:
    """An account made here and tied by hand is found by issuer and subject."""
    issuer = house.gate.settings.oidc_issuer
    now = house.gate.clock.now()
    edit = Edit(oidc=f"{issuer} sub-other")
    await house.gate.accounts.add("olga", by="test", now=now, edit=edit)
    assert (await signed_in_at(house, browser(house), "sub-other")).status_code == 303
    assert [person.name for person in await house.gate.store.people()] == ["olga"]


async def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    """Nothing is offered and nothing is there."""
    async with open_house(tmp_path / "data") as plain:
        who = browser(plain)
        assert "/sign-in/oidc" not in (await who.get("/sign-in")).text
        assert (await who.get("/sign-in/oidc")).status_code == 404
        assert (await who.get(oidc_pages.BACK)).status_code == 404


# --- tokens ---


class Office:
    """A provider whose answers are made here: documents by their address, and the token."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.documents: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
            },
        }
        self.show(self.key)
        self.asked: list[str] = []

    def show(self, *keys: RSAKey) -> None:
        """Publish these keys."""
        found = KeySet(list(keys)).as_dict(private=False)
        self.documents[f"{ISSUER}/keys"] = found

    async def get(self, url: str) -> bytes:
        """What lies at `url`."""
        self.asked.append(url)
        if url not in self.documents:
            raise Unreachable(f"{url}: answered 404, 0 bytes")
        return msgspec.json.encode(self.documents[url])

    def token(self, key: Any = None, header: dict[str, str] | None = None, **changes: Any) -> Any:
        """A token's answer whose ID token is right but for `changes`; None leaves a claim out."""
        seconds = NOW // 1000
        claims = {
            "iss": ISSUER, "sub": "1", "aud": "gyges", "exp": seconds + 300, "iat": seconds,
            "nonce": "n", **changes,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        made = jwt.encode(
            {"alg": "RS256", "kid": "one", **(header or {})}, claims, key or self.key,
            algorithms=["RS256"],
        )  # fmt: skip
        return {"id_token": made, "access_token": "a"}


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    """A provider on no network."""
    made = Office()
    monkeypatch.setattr(oidc, "_get", made.get)
    return made


def trusting(tmp_path: Path) -> Provider:
    """Our side of it."""
    return Provider(Settings(oidc_issuer=ISSUER, oidc_client_id="gyges"), tmp_path)


ATTEMPT = Attempt(state="s", nonce="n", verifier="v", next="/")


async def claims_of(ours: Provider, token: Any, now: int = NOW) -> Any:
    """What our side makes of a token."""
    return await ours._claims(token, ATTEMPT, now)


async def test_a_token_that_holds_gives_its_claims(tmp_path: Path, office: Office) -> None:
    """Signature, issuer, audience, time and nonce are right; keys are fetched once."""
    ours = trusting(tmp_path)
    for _ in range(3):
        assert (await claims_of(ours, office.token(extra="x")))["extra"] == "x"
    assert (await claims_of(ours, office.token(aud=["gyges"])))["sub"] == "1"
    assert len(office.asked) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"aud": ["other", "gyges"]},
        {"aud": ["gyges"], "azp": "other"},
        {"exp": NOW // 1000 - 120},
        {"exp": None},
        {"iat": None},
        {"nbf": NOW // 1000 + 3600},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 300},
        {"at_hash": "AAAA"},
    ],
)
async def test_a_token_with_one_wrong_claim_does_not_hold(
    tmp_path: Path, office: Office, changes: dict[str, Any]
) -> None:
    """Each claim that matters is checked on its own."""
    with pytest.raises(Forbidden):
        await claims_of(trusting(tmp_path), office.token(**changes))


def header_of(algorithm: str) -> str:
    """A token's first part, in which the signer says how it is signed."""
    text = f'{{"alg":"{algorithm}","kid":"one"}}'
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


async def test_a_token_signed_otherwise_does_not_hold(tmp_path: Path, office: Office) -> None:
    """By a stranger's key, by nobody, by the public key taken as a secret, by a key that is not there."""
    ours = trusting(tmp_path)
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    whole = office.token()["id_token"]
    head, body, signature = whole.split(".")
    none, hs256 = header_of("none"), header_of("HS256")
    pem = office.key.as_pem(private=False)
    forged = hmac.new(pem, f"{hs256}.{body}".encode(), hashlib.sha256).digest()
    for token in (
        office.token(stranger)["id_token"],
        f"{hs256}.{body}.{base64.urlsafe_b64encode(forged).decode().rstrip('=')}",
        office.token(header={"kid": "nowhere"})["id_token"],
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body[:-2]}AA.{signature}",
        "not a token",
        "",
    ):
        with pytest.raises(Forbidden):
            await claims_of(ours, {"id_token": token, "access_token": "a"})


async def test_new_keys_are_fetched_when_they_are_needed(tmp_path: Path, office: Office) -> None:
    """A rotation is followed, though not more than once a minute, however many strange keys are named."""
    ours = trusting(tmp_path)
    await claims_of(ours, office.token())
    newer = RSAKey.generate_key(2048, {"kid": "two"})
    office.show(office.key, newer)
    token = office.token(newer, {"kid": "two"}, iat=NOW // 1000)
    for _ in range(3):
        with pytest.raises(Forbidden):
            await claims_of(ours, token)
    assert office.asked.count(f"{ISSUER}/keys") == 1
    assert (await claims_of(ours, token, NOW + oidc.MINUTE_MS + 1))["sub"] == "1"
    assert office.asked.count(f"{ISSUER}/keys") == 2


async def test_a_provider_that_is_another_or_gone(tmp_path: Path, office: Office) -> None:
    """Metadata of another issuer, none, or nonsense: one line each, and no session."""
    at = f"{ISSUER}/.well-known/openid-configuration"
    ours = trusting(tmp_path)
    office.documents[at]["issuer"] = "https://evil.example"
    with pytest.raises(Misconfigured):
        await ours.begin("/", BASE, NOW)
    office.documents[at] = ["no"]
    with pytest.raises(Misconfigured):
        await ours.begin("/", BASE, NOW)
    del office.documents[at]
    with pytest.raises(Unreachable):
        await ours.begin("/", BASE, NOW)


async def test_keys_that_are_none(tmp_path: Path, office: Office) -> None:
    """What is published as keys is not."""
    office.documents[f"{ISSUER}/keys"] = {"keys": "none"}
    with pytest.raises(Unreachable):
        await claims_of(trusting(tmp_path), office.token())


async def test_nobody_listens(tmp_path: Path) -> None:
    """A provider that cannot be reached is named."""
    settings = Settings(oidc_issuer="http://127.0.0.1:1", oidc_client_id="gyges")
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:1"):
        await Provider(settings, tmp_path).begin("/", BASE, NOW)


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    """Found at the start."""
    settings = Settings(
        oidc_issuer=ISSUER, oidc_client_id="gyges", oidc_client_secret_file="none.key"
    )
    with pytest.raises(Misconfigured, match="oidc_client_secret_file"):
        Provider(settings, tmp_path)
