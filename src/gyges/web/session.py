# SPDX-License-Identifier: Apache-2.0
"""What a browser must bring: our host, our origin on every POST, a cookie that only our own pages send.

The session's cookie is SameSite=Strict, so a link from a mail or a chat comes without it; such a first visit
gets a small page of ours that loads the address again, now from our own site. Over https the cookie has the
`__Host-` prefix. Whose cookie it is, is looked up by `gate/sessions.py`.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gyges.errors import Forbidden, Malformed
from gyges.person import Person, Role
from gyges.settings import Settings
from gyges.web.door import LOOPBACK
from gyges.web.problems import HttpError, Misdirected, TooLarge

COOKIE = "gyges_session"
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 2000
_OWN_PATH = re.compile(
    r"/(?:(?![/\\])[!-\[\]-~]*)?"
)  # one slash first, visible ASCII, no backslash
_AWAY = ("/sign-in", "/sign-out", "/link/", "/static/")  # nowhere to come back to


class NoForm(HttpError):
    """415: something else than a form, which another site might have been allowed to send."""

    status = 415
    code = "wrong-type"
    headers = ((b"accept", FORM.encode()),)


def origin_of(request: Request, settings: Settings) -> str:
    """The origin of our pages; raise `Misdirected` if the request names another host than ours.

    With `public_url` it is that, and a proxy may also call us by a loopback name. Without, only a loopback
    name will do, since any other might have been rebound to our address by a stranger's page.
    """
    host = request.headers.get("host", "").lower()
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    public = settings.public_url
    if public and (name in LOOPBACK or host == urlsplit(public).netloc):
        return public
    if public:
        raise Misdirected(f"these pages are at {public}")
    if name not in LOOPBACK:
        raise Misdirected("these pages answer to localhost only, until public_url is set")
    return f"{request.url.scheme}://{host}"


def check_same_origin(request: Request, origin: str) -> None:
    """Raise `Forbidden` unless a page of ours sent this request (Fetch standard, "Origin" and "Sec-Fetch-Site")."""
    given = request.headers.getlist("origin")
    site = request.headers.getlist("sec-fetch-site")
    if given and given != [origin]:
        raise Forbidden("this form was not sent from a page of this gate")
    if site and site != ["same-origin"]:
        raise Forbidden("this form was not sent from a page of this gate")
    if not given and not site:
        raise Forbidden("the browser does not say where this form comes from; use a current one")


async def read_form(request: Request, limit: int) -> dict[str, tuple[str, ...]]:
    """The fields of an urlencoded form of at most `limit` bytes; raise `NoForm`, `TooLarge`, `Malformed`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise NoForm(f"a form comes as {FORM}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"the form is over the limit of {limit} bytes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS,
            errors="strict",
        )  # fmt: skip
    except ValueError:
        raise Malformed("the form cannot be read") from None
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


def once(fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The fields that came once. One that came twice says nothing for certain."""
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def cookie_name(origin: str) -> str:
    """What our cookie is called; a `__Host-` cookie cannot be set by a neighbouring host (RFC 6265bis 4.1.3)."""
    return f"__Host-{COOKIE}" if origin.startswith("https:") else COOKIE


def cookie_of(request: Request, origin: str) -> str:
    """The secret that the browser brought; "" for none."""
    return request.cookies.get(cookie_name(origin), "")


def set_cookie(response: Response, origin: str, secret: str, seconds: int) -> None:
    """Let the browser keep the session's secret."""
    response.set_cookie(
        cookie_name(origin), secret, max_age=seconds, path="/", httponly=True, samesite="strict",
        secure=origin.startswith("https:"),
    )  # fmt: skip


def drop_cookie(response: Response, origin: str) -> None:
    """Let the browser forget it."""
    set_cookie(response, origin, "", 0)


def from_elsewhere(request: Request) -> bool:
    """Whether another site led here, so that a strict cookie stayed behind."""
    site = request.headers.get("sec-fetch-site", "")
    return request.method == "GET" and site in ("cross-site", "same-site")


def home_of(person: Person | None) -> str:
    """The first page of somebody: the inbox is not for everybody."""
    roles = set(person.roles) if person else {Role.APPROVER}
    if roles & {Role.APPROVER, Role.AUDITOR}:
        return "/inbox"
    return "/agents" if roles else "/me"


def own_path(wanted: str, otherwise: str = "/inbox") -> str:
    """`wanted` if it is a path of ours to go to after signing in, else `otherwise`.

    Browsers read "//host", "/\\host" and paths with tabs in them as other hosts: none of these is a path.
    """
    if len(wanted) > 2000 or not _OWN_PATH.fullmatch(wanted) or wanted.startswith(_AWAY):
        return otherwise
    return wanted
