# SPDX-License-Identifier: Apache-2.0
"""One request for a page: who comes, what was sent, and how an answer is given.

    async def handler(visit: Visit) -> Response:
        return visit.render("inbox.html", {"cases": [...]})

What a page shows is one plain document: the template gets it, and its JSON twin (path ending in ".json", or
`Accept: application/json`) is the same document. It decides nothing: `pages.py` has checked session, role
and origin before a handler runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gyges.errors import Fault
from gyges.person import Person, Role, Session
from gyges.principal import Key, Scope
from gyges.web.routing import quoted_path
from gyges.web.session import cookie_of

if TYPE_CHECKING:
    from gyges.web.pages import Front
    from gyges.wiring import Gate

_encode = msgspec.json.Encoder().encode

# What the status region says after a POST: `visit.go(path, said=WORD)`. Fixed words, so that nobody can
# write into our pages with a link.
SAID = {
    "approved": "Approved.",
    "denied": "Denied.",
    "taken-back": "Taken back: nothing runs.",
    "edited": "Edited: this new version is judged on its own.",
    "escalated": "Escalated.",
    "stopped": "Stopped.",
    "lifted": "The stop is off.",
    "granted": "The standing grant is made.",
    "revoked": "Revoked.",
    "saved": "Saved.",
    "password": "The new password is set; all your other browsers are signed out.",
    "ended": "That browser is signed out.",
    "ended-all": "All your other browsers are signed out.",
    "signed-out": "You are signed out.",
    "passkey-added": "The passkey is added.",
    "passkey-removed": "The passkey is removed.",
    "settled": "Settled. It is in the log under your name.",
    "baseline": "The new baseline is in the log under your name; sessions from here on are compared with it.",
    "unmuted": "It is watched again.",
}


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request, known to be allowed its page. `person` and `session` are None on public pages only."""

    request: Request
    front: "Front"
    now: int  # ms, when the request came
    origin: str  # of our pages, as the browser knows them: "https://gate.example.org"
    number: str = ""  # of the request, as the program's log has it
    person: Person | None = None
    session: Session | None = None
    form: Mapping[str, str] = field(default_factory=dict[str, str])  # names that came once
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def gate(self) -> "Gate":
        """The gate that is asked."""
        return self.front.desk.gate

    @property
    def who(self) -> Person:
        """The person; a fault on a public page, where nobody need be known."""
        if self.person is None:
            raise Fault("a public page has no person")
        return self.person

    @property
    def seat(self) -> Session:
        """The session; a fault where nobody is signed in."""
        if self.session is None:
            raise Fault("a public page has no session")
        return self.session

    def key(self, scope: Scope) -> Key:
        """The key that acts for this person in one scope; raise `Forbidden` without the role."""
        return self.who.key(scope)

    def may(self, role: Role) -> bool:
        """Whether this person has the role."""
        return self.person is not None and role in self.person.roles

    @property
    def query(self) -> Mapping[str, str]:
        """The query's names, the last of each; never in a POST's."""
        return self.request.query_params

    def part(self, name: str) -> str:
        """A variable part of the path, unquoted."""
        found: str = self.request.path_params[name]
        return unquote(found, errors="replace")

    @property
    def path(self) -> str:
        """The path as it was asked for, quoted, without ".json"."""
        return quoted_path(self.request.scope).removesuffix(".json")

    @property
    def here(self) -> str:
        """Path and query, to come back to."""
        query = self.request.url.query
        return self.path + (f"?{query}" if query else "")

    @property
    def quoted(self) -> str:
        """The same, as a value in a query."""
        return quote(self.here, safe="/")

    @property
    def wants_json(self) -> bool:
        """Whether the answer is for a program."""
        if self.request.url.path.endswith(".json"):
            return True
        accept = self.request.headers.get("accept", "")
        return "application/json" in accept and "text/html" not in accept

    async def still_here(self) -> bool:
        """Whether session and account still count; for streams. It does not keep the session alive."""
        secret = cookie_of(self.request, self.origin)
        now = self.gate.clock.now()
        return await self.gate.sessions.who(secret, now=now, renew=False) is not None

    def render(
        self, template: str, context: Mapping[str, Any], status: int = 200,
        headers: Mapping[str, str] | None = None, pictures: Mapping[str, Any] | None = None,
    ) -> Response:  # fmt: skip
        """The page, or its twin. `context` is turned into plain JSON values before the template sees it.

        So templates say `case.id` for dataclasses too, and cannot show what the twin does not have. A member
        called like a method of dict (items, values, get) is `page["items"]` in a template. Around it stand
        person, path, here, theme, now, keys and said, which a context does not name. `pictures` are Markup that
        is drawn from the context, for the template alone.
        """
        plain: dict[str, Any] = msgspec.to_builtins(dict(context))
        if self.wants_json:
            return Response(_encode(plain), status, headers, media_type="application/json")
        shown = {"said": SAID.get(self.query.get("said", ""), ""), **plain, **(pictures or {})}
        shown |= self._frame()
        text = self.front.templates.get_template(template).render(shown)
        return Response(text, status, headers, media_type="text/html")

    def go(self, path: str, said: str = "") -> Response:
        """303 to another page of ours; `said` is a word of `SAID`."""
        if said:
            path += ("&" if "?" in path else "?") + urlencode({"said": said})
        return RedirectResponse(path, 303)

    def _frame(self) -> dict[str, Any]:
        """What every page has around it."""
        me = self.person
        return {
            "person": {"name": me.name, "display": me.display, "roles": list(me.roles)}
            if me
            else None,
            "path": self.path,
            "here": self.here,
            "theme": theme_of(self.request),
            "now": self.now,
            "keys": self.request.cookies.get("gyges_keys", "")[:200],
        }


def theme_of(request: Request) -> str:
    """What was chosen in this browser: light, dark, or "" for what the system says."""
    chosen = request.cookies.get("gyges_theme", "")
    return chosen if chosen in ("light", "dark") else ""
