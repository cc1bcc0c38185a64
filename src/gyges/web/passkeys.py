# SPDX-License-Identifier: Apache-2.0
"""What pages need to let somebody use passkeys, and what comes back from the script that does.

`passkey.js` fills plain forms, so every answer of an authenticator comes by the same way as any other form.
It decides nothing; the pages' handlers are in `passkey_pages.py`, approvals are signed in `signing.py`.
"""

import hmac
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from gyges import canon, signed
from gyges.case import Assertion
from gyges.cose import ALGORITHMS
from gyges.errors import BadProof, Forbidden, Malformed
from gyges.gate.passkeys import ENROL, MOST, SIGN_IN, host_of, may_change
from gyges.web.shown import load_key
from gyges.web.visit import Visit

LONGEST = 16_384  # characters of one field that an authenticator fills


def usable(visit: Visit) -> dict[str, Any]:
    """Whether browsers offer passkeys on these pages; where not, `elsewhere` is the same page where they do."""
    host = host_of(visit.origin)
    if signed.belongs(visit.origin, host):
        return {"usable": True, "rp_id": host, "elsewhere": ""}
    port = urlsplit(visit.origin).port
    local = visit.origin.startswith("http:") and not visit.gate.settings.public_url
    place = f"http://{signed.LOOPBACK}{f':{port}' if port else ''}" if local else ""
    return {"usable": False, "rp_id": "", "elsewhere": f"{place}{visit.path}" if place else ""}


def for_sign_in(visit: Visit) -> dict[str, Any]:
    """What the page to sign in on needs for the button "with a passkey"."""
    challenge = visit.gate.passkeys.challenge(SIGN_IN, "", now=visit.now)
    return {**usable(visit), "preimage": challenge}


def own(visit: Visit) -> dict[str, Any]:
    """One's passkeys, and what adding another takes."""
    me, gate = visit.who, visit.gate
    may = may_change(me, visit.seat, visit.now)
    held = [{"id": p.id, "name": p.name, "created": p.created} for p in me.passkeys]
    return {
        **usable(visit),
        "held": held,
        "installed": find_spec("webauthn") is not None,
        "may_change": may,
        "full": len(held) >= MOST,
        "enrol": gate.passkeys.challenge(ENROL, visit.seat.id, now=visit.now) if may else "",
        "prove": gate.passkeys.challenge(SIGN_IN, "", now=visit.now),
        "user": _handle(visit),
        "algorithms": list(ALGORITHMS),
    }  # fmt: skip


def _handle(visit: Visit) -> str:
    """The name for the account that authenticators keep: it must not tell who it is (section 14.6.1)."""
    text = f"passkey {visit.who.created} {visit.who.name}".encode()
    return signed.b64(hmac.digest(load_key(visit.gate.folder), text, "sha256"))


def from_form(visit: Visit, preimage: str | None = None) -> Assertion:
    """What an authenticator signed, as the script put it into the form; raise `Forbidden` if it is missing.

    Only the three signed parts and the credential's id are taken from it. The public key is added by whoever
    knows the account, origin and relying party are those of our own pages.
    """
    form = visit.form
    parts = {
        name: form.get(name, "")[:LONGEST]
        for name in ("credential", "client_data", "authenticator_data", "signature")
    }
    if not all(parts.values()):
        raise Forbidden("nothing was signed with a passkey")
    return Assertion(
        **parts, public_key="", origin=visit.origin, rp_id=host_of(visit.origin),
        preimage=form.get("preimage", "") if preimage is None else preimage,
    )  # fmt: skip


def covers(assertion: Assertion) -> bool:
    """Whether the browser says that it signed this very preimage; that it truly did is checked elsewhere."""
    try:
        told = canon.parse_object(signed.unb64(assertion.client_data), limit=8192)
    except (BadProof, Malformed):
        return False
    return told.get("challenge") == signed.challenge(assertion.preimage)
