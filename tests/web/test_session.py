# SPDX-License-Identifier: Apache-2.0
"""What a browser must bring: host, origin, form; and where it may be sent after signing in."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from gyges.errors import CallerError, Forbidden, GygesError
from gyges.settings import Settings
from gyges.web import session
from gyges.web.problems import Misdirected

HOME = "https://gate.example.org"
PUBLIC = Settings(public_url=HOME)


def request(*, body: bytes = b"", **headers: str | list[str]) -> Request:
    """A POST with these headers; a list is a header that stands several times."""
    pairs: list[tuple[bytes, bytes]] = []
    for name, values in headers.items():
        each = [values] if isinstance(values, str) else values
        pairs += [(name.replace("_", "-").encode(), value.encode()) for value in each]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    scope = {
        "type": "http", "method": "POST", "path": "/", "headers": pairs, "query_string": b"",
        "scheme": "http", "server": ("127.0.0.1", 80),
    }  # fmt: skip
    return Request(scope, receive)


@pytest.mark.parametrize("host", ["localhost:8420", "127.0.0.1:1", "[::1]:8420", "LOCALHOST"])
def test_without_an_address_of_its_own_the_gate_answers_to_loopback(host: str) -> None:
    """The origin is what the browser was told."""
    assert session.origin_of(request(host=host), Settings()) == f"http://{host.lower()}"


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil:1"])
def test_a_rebound_name_is_refused(host: str) -> None:
    """A stranger's page whose name leads to our address gets nothing."""
    for settings in (Settings(), PUBLIC):
        with pytest.raises(Misdirected):
            session.origin_of(request(host=host), settings)


def test_with_an_address_of_its_own_it_answers_to_that_only() -> None:
    """Behind a proxy the browser's origin is the public one, whatever scheme reaches us."""
    for host in ("gate.example.org", "localhost", "127.0.0.1:8420"):
        assert session.origin_of(request(host=host), PUBLIC) == HOME
    with pytest.raises(Misdirected):
        session.origin_of(request(host="gate.example.org:8443"), PUBLIC)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": f"{HOME}.evil.example"},
        {"origin": "http://gate.example.org"},
        {"origin": f"{HOME}:8443"},
        {"origin": [HOME, "https://evil.example"]},
        {"origin": HOME, "sec_fetch_site": "cross-site"},
        {"origin": HOME, "sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": ["same-origin", "cross-site"]},
    ],
)
def test_a_form_from_elsewhere_is_refused(headers: dict[str, str | list[str]]) -> None:
    """Another site, a neighbouring host, a sandboxed frame, a browser that says nothing."""
    with pytest.raises(Forbidden):
        session.check_same_origin(request(body=b"", **headers), HOME)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": HOME},
        {"sec_fetch_site": "same-origin"},
        {"origin": HOME, "sec_fetch_site": "same-origin"},
    ],
)
def test_a_form_of_our_own_passes(headers: dict[str, str | list[str]]) -> None:
    """Either header will do, if the other does not speak against it."""
    session.check_same_origin(request(body=b"", **headers), HOME)


async def test_a_form_is_read_within_its_limit() -> None:
    """Fields in order, those that came twice told apart, nothing guessed."""
    sent = request(content_type=session.FORM + "; charset=utf-8", body=b"a=1&b=%C3%A9+x&a=2&c=")
    found = await session.read_form(sent, 100)
    assert found == {"a": ("1", "2"), "b": ("\u00e9 x",), "c": ("",)}
    assert session.once(found) == {"b": "\u00e9 x", "c": ""}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("text/plain", b"a=1", 415),
        ("multipart/form-data; boundary=x", b"", 415),
        ("", b"a=1", 415),
        (session.FORM, b"a=" + b"x" * 200, 413),
        (session.FORM, b"a=%ff", 400),
        (session.FORM, b"a=\xff", 400),
        (session.FORM, b"&".join([b"a="] * 2001)[:7000], 413),
    ],
)
async def test_what_is_no_small_form_is_refused(kind: str, body: bytes, status: int) -> None:
    """Other types, which other sites could send, too much, and bytes that are no text."""
    with pytest.raises(GygesError) as refused:
        await session.read_form(request(content_type=kind, body=body), 100)
    assert refused.value.status == status


async def test_a_form_of_very_many_fields_is_refused() -> None:
    """Memory is bounded by fields as well as by bytes."""
    body = b"&".join([b"a="] * (session.MOST_FIELDS + 1))
    with pytest.raises(CallerError):
        await session.read_form(request(content_type=session.FORM, body=body), 1_000_000)


def test_the_cookie_is_strict_and_out_of_reach_of_scripts() -> None:
    """Over https it has the `__Host-` prefix with all that this asks for."""
    secure, plain = Response(), Response()
    session.set_cookie(secure, HOME, "secret", 9)
    session.set_cookie(plain, "http://localhost:1", "secret", 9)
    words = {word.strip() for word in secure.headers["set-cookie"].split(";")}
    assert words == {
        "__Host-gyges_session=secret", "HttpOnly", "Max-Age=9", "Path=/", "SameSite=strict",
        "Secure",
    }  # fmt: skip
    assert plain.headers["set-cookie"].startswith("gyges_session=secret; HttpOnly;")
    assert "Secure" not in plain.headers["set-cookie"]


@pytest.mark.parametrize(
    "path", ["/", "/inbox", "/a/c-1?x=1&y=//z", "/history?q=%2f%2fevil", "/me#password", "/a~b"]
)
def test_a_path_of_ours_is_where_one_goes(path: str) -> None:
    """Deep links survive a sign-in."""
    assert session.own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "inbox", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/\tevil", "/\t/evil.example", "\t//evil.example", "/a\n", " /a", "https://evil.example",
        "javascript:alert(1)", "/a\\b", "/\u2044evil", "/sign-in", "/sign-in?next=/sign-in",
        "/sign-out", "/link/abc", "/static/x/app.css", "/" + "a" * 2000,
    ],
)  # fmt: skip
def test_anything_else_leads_to_the_inbox(path: str) -> None:
    """Other hosts however they are spelt, control characters, and pages that make no sense afterwards."""
    assert session.own_path(path) == "/inbox"


@given(st.text(alphabet="/\\.:@#?%&= \t\r\nhtpsjavc\u00a0\u2044", max_size=30))
@example("/%09/evil.example")
@example("/.//evil.example")
@example("/..//evil.example")
def test_nobody_is_sent_to_another_host(wanted: str) -> None:
    """Whatever the query says, the way leads to our own origin as a browser would resolve it."""
    found = urljoin(HOME + "/sign-in", session.own_path(wanted))
    parts = urlsplit(found)
    assert (parts.scheme, parts.netloc) == ("https", "gate.example.org")
    assert not any(char < " " or char == "\\" for char in found)
