# SPDX-License-Identifier: Apache-2.0
"""Whether a signed answer is the answer that is given: this person's passkey, this case, these bytes, once. Pure.

The gate asks this itself, whatever surface the answer came through. `signed.verify` says whether the
signature holds; here it meets the account, the case and the vote. What it finds is written in the same
change as the vote: the counter, and a claim on the nonce that nobody can make twice.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from gyges import signed
from gyges.case import Assertion, Case, Vote
from gyges.errors import BadProof, Conflict, Forbidden
from gyges.person import Passkey, Person
from gyges.signed import LOOPBACK, Answer


def check_answer(vote: Vote, case: Case, group: str) -> Answer:
    """The signed answer behind `vote`; `group` is the one that was asked for.

    Raise `Conflict` naming what differs from what was signed, `Forbidden` if nothing readable was.
    """
    if vote.assertion is None or vote.attention is None:
        raise Forbidden("a signed answer comes from a page that shows what is signed")
    try:
        answer = signed.read_answer(vote.assertion.preimage)
    except BadProof as error:
        raise Forbidden(str(error)) from None
    given = Answer(
        case=case.id, action=case.digest, view=vote.attention.shown, say=vote.say,
        person=vote.person, nonce=answer.nonce, group=group, reason=vote.reason,
    )  # fmt: skip
    for name in ("case", "action", "view", "say", "person", "group", "reason"):
        if getattr(answer, name) != getattr(given, name):
            raise Conflict(f"what was signed has another {name} than what is answered")
    if len(answer.nonce) < 16:
        raise Forbidden("what was signed holds no nonce")
    return answer


def use(person: Person, assertion: Assertion, public_url: str) -> Person:
    """`person` after this use of one of their passkeys; raise `Forbidden` unless it is one, used here."""
    passkey = find(person, assertion)
    check_place(assertion, public_url)
    try:
        proof = signed.verify(assertion)
    except BadProof as error:
        raise Forbidden(f"the passkey was not accepted: {error}") from None
    if (proof.counter or passkey.counter) and proof.counter <= passkey.counter:
        raise Forbidden(
            "the passkey's counter went back: the signature was used before, or the passkey was copied"
        )
    after = replace(passkey, counter=proof.counter)
    passkeys = tuple(after if one.id == passkey.id else one for one in person.passkeys)
    return replace(person, passkeys=passkeys)


def find(person: Person, assertion: Assertion) -> Passkey:
    """The enrolled passkey that made it; raise `Forbidden` where there is none."""
    for passkey in person.passkeys:
        if (passkey.id, passkey.public_key) == (assertion.credential, assertion.public_key):
            return passkey
    raise Forbidden(f"this passkey is not one of {person.name}'s")


def check_place(assertion: Assertion, public_url: str) -> None:
    """Raise `Forbidden` unless it was made on our pages: at `public_url`, or on localhost where that is empty."""
    host = urlsplit(assertion.origin).hostname or ""
    ours = assertion.origin == public_url if public_url else host == LOOPBACK
    if not ours or assertion.rp_id != host:
        raise Forbidden("the passkey was used on a page that is not ours")


def claim(answer: Answer) -> str:
    """The name under which a nonce is used up."""
    return f"answer:{answer.nonce}"
