# SPDX-License-Identifier: Apache-2.0
"""The pages, line by line: method, path, who may, handler; and what holds for all of them.

For each request, in this order: host, origin (POST), session, role, form, handler. Every GET has a JSON twin at
the same path with ".json". A page that is not here does not exist; tests walk the table. What is on a page is
not known here.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from gyges.errors import Forbidden, GygesError, Misconfigured, NotFound, Unauthenticated
from gyges.gate.outside import mapping_of
from gyges.person import Role
from gyges.web import mistakes, session
from gyges.web.call import Desk
from gyges.web.door import REQUEST
from gyges.web.problems import NoMethod
from gyges.web.rendering import templates_of
from gyges.web.routing import quoted_path
from gyges.web.statics import Statics
from gyges.web.throttle import Throttle
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.web.oidc import Provider

logger = logging.getLogger("gyges.web")

PUBLIC = None  # nobody need be signed in
PERSON: frozenset[Role] = frozenset()  # anybody who is
REVIEWER = frozenset({Role.APPROVER})
OVERSEER = frozenset(Role)  # anybody with a role
ADMIN = frozenset({Role.ADMIN})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    # Not "no-referrer": with it a browser sends "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
}

Handler: TypeAlias = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One line. `roles`: one of these is needed; `PUBLIC` and `PERSON` are said aloud."""

    method: str
    path: str
    roles: frozenset[Role] | None
    handler: Handler
    twin: bool = True  # of a GET: whether there is JSON at the path with ".json"
    quiet: bool = False  # asked for by a script, not by a person: does not keep the session alive


@dataclass(slots=True, kw_only=True)
class Front:
    """What all pages share."""

    desk: Desk
    statics: Statics
    templates: Environment
    provider: "Provider | None" = None  # of OpenID Connect
    by_address: Throttle = field(default_factory=lambda: Throttle(20, 10_000))
    by_account: Throttle = field(default_factory=lambda: Throttle(10, 30_000))
    checking: int = 0  # passwords that are being checked just now


class _Quoted(Route):
    """A route that is matched before the path is unquoted, so that a slash in a name stays in its part."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As Starlette does; `Visit.part` unquotes."""
        return super().matches({**scope, "path": quoted_path(scope)})


def front_of(desk: Desk) -> Front:
    """Templates and static files, read from the package."""
    statics = Statics()
    provider = _provider(desk) if desk.gate.settings.oidc_issuer else None
    return Front(desk=desk, statics=statics, templates=templates_of(statics), provider=provider)


def _provider(desk: Desk) -> "Provider":
    """The OpenID provider; raise `Misconfigured` for settings that fit nothing."""
    try:
        from gyges.web.oidc import Provider
    except ImportError:
        raise Misconfigured('oidc_issuer is set: install "gyges[oidc]"') from None
    mapping_of(desk.gate.settings)
    return Provider(desk.gate.settings, desk.gate.folder)


def routes_of(front: Front, table: Iterable[Page]) -> list[Route]:
    """Starlette's routes; twins first, so that "/a/{id}" does not take "/a/c-1.json"."""
    twins: list[Route] = []
    plain: list[Route] = []
    for page in table:
        endpoint = _endpoint(front, page)
        if page.method == "GET" and page.twin:
            twins.append(_Quoted(page.path + ".json", endpoint, methods=["GET"]))
        plain.append(_Quoted(page.path, endpoint, methods=[page.method]))
    static = Route("/static/{mark}/{name}", _static(front), methods=["GET"])
    return [static, *twins, *plain]


def nowhere_of(front: Front) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What answers where there is no page, or not for this method."""

    async def nowhere(request: Request, error: Exception) -> Response:
        path = request.url.path[:200]
        found: GygesError = NotFound(f"there is nothing at {path}")
        if isinstance(error, HTTPException) and error.status_code == 405:
            found = NoMethod(request.method, (error.headers or {}).get("Allow", ""))
        if "text/html" not in request.headers.get("accept", ""):
            return mistakes.problem(found, request)
        now, number = front.desk.gate.clock.now(), request.scope[REQUEST]
        visit = Visit(request=request, front=front, now=now, origin="", number=number)
        return _fenced(mistakes.shown(visit, found))

    return nowhere


def _fenced(response: Response) -> Response:
    """With the headers that every page has."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("cache-control", "no-store")
    return response


def _endpoint(front: Front, page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        now = front.desk.gate.clock.now()
        visit = Visit(
            request=request, front=front, now=now, origin="", number=request.scope[REQUEST]
        )
        try:
            response = await _admitted(visit, page)
        except GygesError as error:
            front.desk.metrics.refused(error)
            response = mistakes.shown(visit, error)
        except Exception:
            logger.exception("request %s failed", visit.number)
            response = mistakes.fault(visit)
        return _fenced(response)

    return endpoint


async def _admitted(visit: Visit, page: Page) -> Response:
    """The page, once everything that holds for all pages has been checked."""
    request, gate = visit.request, visit.gate
    visit.origin = session.origin_of(request, gate.settings)
    if request.method not in ("GET", "HEAD"):
        session.check_same_origin(request, visit.origin)
    secret = session.cookie_of(request, visit.origin)
    if secret:
        known = await gate.sessions.who(secret, now=visit.now, renew=not page.quiet)
        visit.session, visit.person = known or (None, None)
    if page.roles is not None:
        if visit.person is None:
            return _to_sign_in(visit)
        if page.roles and not page.roles & set(visit.person.roles):
            wanted = " or ".join(sorted(page.roles))
            raise Forbidden(f"this page is for people with the role {wanted}")
    if request.method == "POST":
        visit.fields = await session.read_form(request, 3 * gate.settings.body_limit)
        visit.form = session.once(visit.fields)
    return await page.handler(visit)


def _to_sign_in(visit: Visit) -> Response:
    if visit.wants_json or visit.request.method not in ("GET", "HEAD"):
        raise Unauthenticated("sign in first")
    if session.from_elsewhere(visit.request):
        return visit.render("again.html", {"to": visit.here})
    return RedirectResponse(f"/sign-in?next={visit.quoted}", 303)


def _static(front: Front) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        parts = request.path_params
        try:
            return front.statics.serve(parts["mark"], parts["name"])
        except NotFound as error:
            return mistakes.problem(error, request)

    return endpoint
