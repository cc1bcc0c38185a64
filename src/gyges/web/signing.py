# SPDX-License-Identifier: Apache-2.0
"""Approving with a passkey in the case's page: what is offered to be signed, and what came back.

The page names what will be signed; `passkey.js` adds group and note as they stand in the form and lets the
authenticator sign the SHA-256 of it. What comes back is held against a preimage made here anew, from the case
as it is now, so nothing that the browser says about it counts. Whether the signature holds, and whose
passkey it is, is for the gate.
"""

from dataclasses import replace
from typing import Any

from gyges import canon
from gyges.canon import Json
from gyges.case import Assertion, Case, Say
from gyges.errors import Conflict, Forbidden
from gyges.signed import ANSWER, Answer
from gyges.web.passkeys import covers, from_form, usable
from gyges.web.view import view_digest
from gyges.web.visit import Visit

PASSKEY = "passkey"
SWAPPED = "what was signed is not what this page answers now; look at it again"


def offered(visit: Visit, case: Case, view: dict[str, Json], token: str) -> dict[str, Any] | None:
    """For a case that asks for it: what will be signed, by which passkeys. None for every other."""
    if case.requirement.assurance != PASSKEY:
        return None
    answer = _answer(visit, case, view_digest(view), token)
    document = canon.parse_object(answer.preimage())
    assert document["type"] == ANSWER
    return {
        **usable(visit),
        "answer": answer.preimage(),
        "view": answer.view,
        "credentials": [passkey.id for passkey in visit.who.passkeys],
    }


def brought(visit: Visit, case: Case, view: str, token: str, reason: str) -> Assertion | None:
    """What the approval was signed with; None if it was not. Raise `Conflict` if something else was signed.

    `view` is the digest of what would be shown now, `token` that of the page, `reason` as it will be recorded.
    """
    if "signature" not in visit.form:
        return None
    group = visit.form.get("group", "")
    answer = replace(_answer(visit, case, view, token), group=group, reason=reason)
    found = from_form(visit, answer.preimage())
    if not covers(found):
        raise Conflict(SWAPPED)
    keys = {passkey.id: passkey.public_key for passkey in visit.who.passkeys}
    if found.credential not in keys:
        raise Forbidden("this passkey is not one of yours")
    return replace(found, public_key=keys[found.credential])


def _answer(visit: Visit, case: Case, view: str, token: str) -> Answer:
    """The nonce stands for this one page: the token was made for it, and nobody can make another like it."""
    return Answer(
        case=case.id, action=case.digest, view=view, say=Say.APPROVE, person=visit.who.name,
        nonce=canon.digest_bytes(token.encode()),
    )  # fmt: skip
