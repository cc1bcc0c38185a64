# SPDX-License-Identifier: Apache-2.0
"""The keys of the pages: changed or switched off, kept in this browser (WCAG 2.2, 2.1.4).

    cookie gyges_keys: one character for each of ACTS, "-" for none        "jkarex/?u"

They only move the focus or open a page: no key decides anything.
"""

from starlette.responses import Response

from gyges.errors import Unprocessable
from gyges.web.visit import Visit

ACTS = {
    "down": "next", "up": "previous", "approve": "go to approve", "deny": "go to deny",
    "edit": "edit", "select": "select for a batch", "search": "search", "help": "show the keys",
    "back": "go to take back",
}  # fmt: skip
USUAL = "jkarex/?u"
NONE = "-"
YEAR_S = 31_536_000


async def show(visit: Visit) -> Response:
    """GET /keyboard."""
    kept = keys_of(visit.request.cookies.get("gyges_keys", ""))
    acts = [
        {"name": name, "does": does, "key": "" if key == NONE else key}
        for (name, does), key in zip(ACTS.items(), kept, strict=True)
    ]
    return visit.render("keyboard.html", {"acts": acts, "off": kept == NONE * len(ACTS)})


async def save(visit: Visit) -> Response:
    """POST /keyboard."""
    word = visit.form.get("set", "")
    given = "".join(_key(visit.form.get(name, "")) for name in ACTS)
    kept = {"off": NONE * len(ACTS), "usual": USUAL}.get(word, given)
    letters = [key for key in kept if key != NONE]
    if len(set(letters)) != len(letters):
        raise Unprocessable("two acts cannot have the same key")
    response = visit.go("/keyboard", said="saved")
    response.set_cookie(
        "gyges_keys", kept, max_age=YEAR_S, path="/", httponly=True, samesite="lax",
        secure=visit.origin.startswith("https:"),
    )  # fmt: skip
    return response


def keys_of(cookie: str) -> str:
    """What the cookie says, or the usual keys where it says nothing sensible."""
    sound = len(cookie) == len(ACTS) and all(_key(key) == key for key in cookie)
    return cookie if sound else USUAL


def _key(text: str) -> str:
    """One visible ASCII character that a cookie can hold; "-" for nothing."""
    text = text.strip()[:1]
    return text if text and "!" <= text <= "~" and text not in '",;\\' else NONE
