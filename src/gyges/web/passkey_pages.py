# SPDX-License-Identifier: Apache-2.0
"""Passkeys in pages: added and taken off on one's own page, used to sign in or to show that it is still you.

What they are worth is decided by `gate/passkeys.py`, approvals are signed in `signing.py`.
"""

from starlette.responses import Response

from gyges.errors import Expired, Forbidden, Unauthenticated
from gyges.gate.passkeys import Enrolment, may_change
from gyges.person import Method
from gyges.web.passkeys import LONGEST, from_form
from gyges.web.signin import ask_again, count, signed_in
from gyges.web.visit import Visit


async def add(visit: Visit) -> Response:
    """POST /me/passkeys: credential (JSON), preimage, name."""
    found = Enrolment(
        credential=visit.form.get("credential", "")[:LONGEST],
        preimage=visit.form.get("preimage", ""), name=visit.form.get("name", "")[:200],
        origin=visit.origin,
    )  # fmt: skip
    await visit.gate.passkeys.add(visit.who, found, session=visit.seat, now=visit.now)
    return visit.go("/me", said="passkey-added")


async def remove(visit: Visit) -> Response:
    """POST /me/passkeys/remove: id. It takes the same fresh sign-in as adding one."""
    me = visit.who
    if not may_change(me, visit.seat, visit.now):
        raise Forbidden("sign in again first: taking a passkey off takes a fresh sign-in")
    await visit.gate.passkeys.remove(me, visit.form.get("id", ""), by=me.name, now=visit.now)
    return visit.go("/me", said="passkey-removed")


async def prove(visit: Visit) -> Response:
    """POST /me/prove: use a passkey of one's own in this session, so that it counts as fresh."""
    count(visit)
    found = await visit.gate.passkeys.by_passkey(from_form(visit), now=visit.now)
    if found.name != visit.who.name:
        raise Forbidden("this passkey is somebody else's")
    await visit.gate.sessions.proved(visit.seat, now=visit.now)
    return visit.go("/me")


async def sign_in(visit: Visit) -> Response:
    """POST /sign-in/passkey: what an authenticator signed, preimage, next."""
    count(visit)
    try:
        person = await visit.gate.passkeys.by_passkey(from_form(visit), now=visit.now)
    except (Unauthenticated, Expired, Forbidden) as error:
        return ask_again(visit, str(error))
    return await signed_in(visit, person, Method.PASSKEY, visit.form.get("next", ""))
