# SPDX-License-Identifier: Apache-2.0
"""ID tokens that hold and, one thing wrong at a time, those that do not; keys and metadata that are not right."""

import base64
import hashlib
import hmac
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import msgspec
import pytest

pytest.importorskip("authlib")

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from gyges.errors import Forbidden, Misconfigured, Unreachable
from gyges.settings import Settings
from gyges.web import oidc
from gyges.web.oidc import Attempt, Provider
from tests.web.conftest import BASE

NOW = 1_800_000_000_000
ISSUER = "https://id.example"


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


class Till(http.server.BaseHTTPRequestHandler):
    """A token endpoint on loopback that writes down how it was asked."""

    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_POST(self) -> None:
        """Answer without an ID token."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.asked.append((self.headers.get("authorization", ""), dict(parse_qsl(body))))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"access_token": "a", "token_type": "Bearer"}')

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def till() -> Iterator[str]:
    """Where it listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), Till) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        Till.asked.clear()
        yield f"http://127.0.0.1:{server.server_port}/token"
        server.shutdown()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "methods", "header", "secret"),
    [
        ("", ("client_secret_basic",), "", None),
        ("oidc.key", ("client_secret_basic",), "Basic Z3lnZXM6c2VjcmV0", None),
        ("oidc.key", ("client_secret_post",), "", "secret"),
    ],
)
async def test_a_code_is_exchanged_by_whoever_asked_for_it(
    tmp_path: Path, office: Office, till: str, file: str, methods: list[str], header: str,
    secret: str | None,
) -> None:  # fmt: skip
    """With the verifier of PKCE, and with the client's secret where there is one, as the provider wants it."""
    (tmp_path / "oidc.key").touch(0o600)
    (tmp_path / "oidc.key").write_text("secret\n")
    metadata = office.documents[f"{ISSUER}/.well-known/openid-configuration"]
    metadata |= {"token_endpoint": till, "token_endpoint_auth_methods_supported": methods}
    settings = Settings(oidc_issuer=ISSUER, oidc_client_id="gyges", oidc_client_secret_file=file)
    with pytest.raises(Forbidden, match="no ID token"):
        await Provider(settings, tmp_path).finish("code", ATTEMPT, f"{BASE}/back", NOW)
    ((given, form),) = Till.asked
    assert given == header
    assert (form["code"], form["code_verifier"]) == ("code", "v")
    assert form["redirect_uri"] == f"{BASE}/back"
    assert form.get("client_secret") == secret


def test_a_secret_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    """Found at the start: no file, or one that everybody on the machine can read."""
    settings = Settings(
        oidc_issuer=ISSUER, oidc_client_id="gyges", oidc_client_secret_file="oidc.key"
    )
    with pytest.raises(Misconfigured, match="oidc_client_secret_file"):
        Provider(settings, tmp_path)
    (tmp_path / "oidc.key").write_text("a secret")
    (tmp_path / "oidc.key").chmod(0o644)
    with pytest.raises(Misconfigured, match="read by others"):
        Provider(settings, tmp_path)
    (tmp_path / "oidc.key").chmod(0o600)
    Provider(settings, tmp_path)
