# SPDX-License-Identifier: Apache-2.0
"""To the OpenID provider and back. What must come back lies in a cookie of ten minutes, bound to this browser.

The way back comes from another site, so the session's strict cookie is set there and first sent by the small
page that loads the inbox again: see `session.py`. Tokens are verified by `oidc.py`.
"""

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gyges.errors import Forbidden, Malformed, NotFound
from gyges.gate import outside
from gyges.person import Method
from gyges.web import session
from gyges.web.signin import count, discount, signed_in
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.web.oidc import Provider

COOKIE = "gyges_oidc"
SECONDS = 600
BACK = "/sign-in/oidc/return"


async def begin(visit: Visit) -> Response:
    """GET /sign-in/oidc: off to the provider."""
    from gyges.web.oidc import Attempt

    wanted = session.own_path(visit.query.get("next", ""))
    url, attempt = await _provider(visit).begin(wanted, visit.origin + BACK, visit.now)
    assert isinstance(attempt, Attempt)
    response = RedirectResponse(url, 303)
    _set_cookie(response, visit, base64.urlsafe_b64encode(msgspec.json.encode(attempt)).decode())
    return response


async def finish(visit: Visit) -> Response:
    """GET /sign-in/oidc/return: the provider's answer (RFC 6749 4.1.2, RFC 9207)."""
    from gyges.web.oidc import read_attempt

    count(visit)
    provider, query = _provider(visit), visit.query
    attempt = read_attempt(_brought(visit.request, visit.origin))
    if not hmac.compare_digest(query.get("state", "").encode(), attempt.state.encode()):
        raise Forbidden("this answer belongs to another sign-in; begin again")
    if query.get("iss", visit.gate.settings.oidc_issuer) != visit.gate.settings.oidc_issuer:
        raise Forbidden("this answer comes from another provider")
    if "code" not in query:
        raise Forbidden(f"the provider said no: {query.get('error', 'nothing more')[:100]}")
    claims = await provider.finish(query["code"], attempt, visit.origin + BACK, visit.now)
    mapping = outside.mapping_of(visit.gate.settings)
    person = await outside.let_in(visit.gate.accounts, claims, mapping, now=visit.now)
    discount(visit)
    response = await signed_in(visit, person, Method.OIDC, attempt.next)
    _set_cookie(response, visit, "")
    return response


def _provider(visit: Visit) -> "Provider":
    if visit.front.provider is None:
        raise NotFound("no OpenID provider is set")
    return visit.front.provider


def _name(origin: str) -> str:
    return f"__Host-{COOKIE}" if origin.startswith("https:") else COOKIE


def _brought(request: Request, origin: str) -> str:
    try:
        return base64.urlsafe_b64decode(request.cookies.get(_name(origin), "")).decode()
    except (binascii.Error, ValueError):
        raise Malformed("begin the sign-in again: this browser knows of none") from None


def _set_cookie(response: Response, visit: Visit, value: str) -> None:
    """Lax, since the browser comes back from another site."""
    response.set_cookie(
        _name(visit.origin), value, max_age=SECONDS if value else 0, path="/", httponly=True,
        samesite="lax", secure=visit.origin.startswith("https:"),
    )  # fmt: skip
