# SPDX-License-Identifier: Apache-2.0
"""One OpenID provider: OpenID Connect Core 1.0, code flow with PKCE (RFC 7636), by authlib.

Every ID token is verified: signature by the provider's keys, issuer, audience, time, nonce. Metadata and keys
are fetched from the provider when needed and kept for an hour; keys are fetched again, once a minute at most,
when a token names one that is not known. Who the claims mean here is for `gate/outside.py`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx2
import msgspec
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from gyges.canon import Json
from gyges.errors import Forbidden, Malformed, Misconfigured, Unreachable
from gyges.settings import Settings

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
TIMEOUT_S = 10
LEEWAY_S = 60  # two clocks never agree
LARGEST = 1 << 20  # bytes of metadata or keys
SCOPE = "openid profile email"


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What we need of OpenID Connect Discovery 1.0, section 3."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What one browser must bring back; it lies in a cookie there, so the gate keeps nothing."""

    state: str
    nonce: str
    verifier: str
    next: str


@dataclass(slots=True)
class _Known:
    """What was fetched, and when (ms)."""

    metadata: Metadata | None = None
    keys: KeySet | None = None
    fetched: int = 0
    keys_fetched: int = 0


class Provider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        """Read the client's secret; raise `Misconfigured`. Nothing is fetched before it is needed."""
        self._issuer = settings.oidc_issuer
        self._id = settings.oidc_client_id
        self._secret = _secret(settings.oidc_client_secret_file, folder)
        self._known = _Known()

    async def begin(self, wanted: str, back: str, now: int) -> tuple[str, Attempt]:
        """Where to send the browser, which is to come back to `back`; and what it must bring then."""
        metadata = await self._metadata(now)
        attempt = Attempt(
            state=generate_token(43), nonce=generate_token(43), verifier=generate_token(64),
            next=wanted,
        )  # fmt: skip
        async with self._client(metadata, back) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, state=attempt.state, nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )  # fmt: skip
        return cast("str", url), attempt

    async def finish(self, code: str, attempt: Attempt, back: str, now: int) -> dict[str, Json]:
        """The claims of whoever comes back with `code`; raise `Forbidden` or `Unreachable`."""
        metadata = await self._metadata(now)
        async with self._client(metadata, back) as client:
            try:
                token: Any = await client.fetch_token(
                    metadata.token_endpoint, code=code, code_verifier=attempt.verifier
                )
            except (OAuthError, ValueError) as error:
                raise Forbidden(f"the provider refused: {_brief(error)}") from None
            except httpx2.HTTPError as error:
                raise Unreachable(f"the provider does not answer: {_brief(error)}") from None
        if not isinstance(token.get("id_token"), str):
            raise Forbidden("the provider sent no ID token")
        return await self._claims(token, attempt, now)

    async def _claims(self, token: Any, attempt: Attempt, now: int) -> dict[str, Json]:
        """The verified claims of an ID token (OpenID Connect Core 1.0, section 3.1.3.7)."""
        try:
            try:
                read = jwt.decode(token["id_token"], await self._keys(now), ALGORITHMS)
            except InvalidKeyIdError:
                read = jwt.decode(token["id_token"], await self._keys(now, anew=True), ALGORITHMS)
            options = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._id},
                "sub": {"essential": True},
            }
            params = {
                "nonce": attempt.nonce, "client_id": self._id,
                "access_token": token.get("access_token"),
            }  # fmt: skip
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(now=now // 1000, leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise Forbidden(f"the provider's ID token does not hold: {_brief(error)}") from None
        if not (isinstance(claims["sub"], str) and 0 < len(claims["sub"]) <= 255):
            raise Forbidden("the provider's ID token does not hold: sub")
        return cast("dict[str, Json]", dict(claims))

    async def _metadata(self, now: int) -> Metadata:
        known = self._known
        if known.metadata is None or now - known.fetched > HOUR_MS:
            url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
            try:
                found = msgspec.json.decode(await _get(url), type=Metadata)
            except msgspec.MsgspecError as error:
                raise Misconfigured(f"{url}: {error}") from None
            if found.issuer != self._issuer:
                raise Misconfigured(f"{url} is of the issuer {found.issuer}, not {self._issuer}")
            known.metadata, known.fetched = found, now
        return known.metadata

    async def _keys(self, now: int, *, anew: bool = False) -> KeySet:
        known = self._known
        age = now - known.keys_fetched
        if known.keys is None or age > HOUR_MS or (anew and age > MINUTE_MS):
            metadata = await self._metadata(now)
            text = await _get(metadata.jwks_uri)
            try:
                known.keys = KeySet.import_key_set(msgspec.json.decode(text))
            except (msgspec.MsgspecError, JoseError, ValueError, TypeError, KeyError):
                raise Unreachable(f"{metadata.jwks_uri}: holds no keys") from None
            known.keys_fetched = now
        return known.keys

    def _client(self, metadata: Metadata, back: str) -> Any:
        methods = metadata.token_endpoint_auth_methods_supported
        basic = "client_secret_basic" in methods
        method = (
            ("client_secret_basic" if basic else "client_secret_post") if self._secret else "none"
        )
        return AsyncOAuth2Client(
            self._id, self._secret or None, token_endpoint_auth_method=method, scope=SCOPE,
            redirect_uri=back, code_challenge_method="S256", timeout=TIMEOUT_S,
        )  # fmt: skip


async def _get(url: str) -> bytes:
    """A small document of the provider's; raise `Unreachable`."""
    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.get(url, headers={"accept": "application/json"})
    except httpx2.HTTPError as error:
        raise Unreachable(f"{url}: {_brief(error)}") from None
    if answer.status_code != 200 or len(answer.content) > LARGEST:
        raise Unreachable(f"{url}: answered {answer.status_code}, {len(answer.content)} bytes")
    return answer.content


def read_attempt(text: str) -> Attempt:
    """The cookie's content; raise `Malformed`."""
    try:
        return msgspec.json.decode(text, type=Attempt)
    except msgspec.MsgspecError:
        raise Malformed("begin the sign-in again: this browser knows of none") from None


def _secret(file: str, folder: Path) -> str:
    """The secret in `file`, relative to the data folder; one that others can read is none."""
    if not file:
        return ""
    where = folder / file
    try:
        if where.stat().st_mode & 0o077:
            raise Misconfigured(
                f"oidc_client_secret_file: {where} can be read by others; chmod 600"
            )
        return where.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"oidc_client_secret_file: {error}") from None


def _brief(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
