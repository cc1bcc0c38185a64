# SPDX-License-Identifier: Apache-2.0
"""Signed answers in a log's events: that each holds, is about its case, and is by a passkey enrolled before.

For every vote with an assertion: the signature holds offline (`signed.verify`), what was signed is this case,
these bytes, this view and this person, an earlier event enrolled the passkey for that person, none took it
off, and no nonce or counter served twice. Where signatures were required, a grant has enough of them.

It believes nothing but the events, whose place in the log others prove. What it cannot see: an event that
took a passkey off and was left out, and what the browser really showed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from gyges import canon, signed
from gyges.canon import Json
from gyges.case import Say, State, Vote
from gyges.decision import Requirement
from gyges.errors import BadProof, GygesError
from gyges.ledger.evidence import ANSWERED, DECIDED, PROPOSED, Happened

ADDED, REMOVED = "passkey-added", "passkey-removed"
KINDS = frozenset({ADDED, REMOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """`held` signatures hold, made on pages of `origins`; `faults` says, by index of the event, what does not."""

    held: int = 0
    origins: tuple[str, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()


def check(happened: Sequence[Happened]) -> Signatures:
    """Check all signed answers among these events, which come in the order of the log."""
    book, faults = _Book(), list[tuple[int, str]]()
    for event in happened:
        if event.body is None:
            continue
        if event.kind in KINDS:
            book.enrolment(event.kind, event.body)
        elif event.kind in (PROPOSED, DECIDED, ANSWERED):
            faults += ((event.index, fault) for fault in book.case(event, event.body))
    return Signatures(
        held=len(book.held), origins=tuple(sorted(book.origins)), faults=tuple(faults)
    )


def credentials_of(happened: Sequence[Happened]) -> frozenset[str]:
    """The credentials that signed something in these events: their enrolment belongs into a bundle."""
    votes = (vote for event in happened for vote in _votes(event.body or {}))
    found = (vote.get("assertion") for vote in votes)
    return frozenset(str(one.get("credential")) for one in found if isinstance(one, dict))


@dataclass(slots=True)
class _Book:
    """What is known on the way through the log."""

    passkeys: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    digests: dict[str, str] = field(default_factory=dict[str, str])  # case -> action
    assured: set[str] = field(default_factory=set[str])  # cases that ask for signatures
    held: dict[bytes, bool] = field(default_factory=dict[bytes, bool])  # vote's bytes
    nonces: set[str] = field(default_factory=set[str])
    counters: dict[str, int] = field(default_factory=dict[str, int])
    origins: set[str] = field(default_factory=set[str])

    def enrolment(self, kind: str, body: Mapping[str, Json]) -> None:
        """Somebody's passkey comes, or goes."""
        credential = str(body.get("credential"))
        self.passkeys.pop(credential, None)
        if kind == ADDED:
            who = str(body.get("person")).casefold()
            self.passkeys[credential] = (who, str(body.get("public_key")))

    def case(self, event: Happened, body: Mapping[str, Json]) -> Iterator[str]:
        """What does not hold about one event of a case."""
        if event.kind == PROPOSED:
            self.digests[event.subject] = str(body.get("digest"))
            return
        votes, broken = list[Vote](), set[bytes]()
        for raw in _votes(body):
            key = event.subject.encode() + canon.encode(raw)
            try:
                vote = msgspec.convert(raw, Vote)
                if vote.assertion is not None and key not in self.held and key not in broken:
                    self.vote(event.subject, vote)
                    self.held[key] = True
            except (GygesError, msgspec.ValidationError) as error:
                broken.add(key)
                yield f"a signed answer does not hold: {error}"
                continue
            if vote not in votes and (key in self.held or vote.assertion is None):
                votes.append(vote)
        yield from self.granted(event.subject, body, votes)

    def vote(self, case: str, vote: Vote) -> None:
        """Raise `BadProof` unless a signed vote holds, is about its case, and used its passkey anew."""
        assert vote.assertion is not None
        proof, answer = signed.verify(vote.assertion), signed.read_answer(vote.assertion.preimage)
        shown = vote.attention.shown if vote.attention else ""
        said = (answer.case, answer.action, answer.view, answer.say, answer.person, answer.reason)
        if said != (case, vote.digest, shown, vote.say, vote.person, vote.reason):
            raise BadProof(f"{vote.person} signed another answer than the one recorded")
        if answer.action != self.digests.get(case, answer.action):
            raise BadProof(f"{vote.person} signed other bytes than were proposed")
        if answer.group not in ("", vote.group):
            raise BadProof(f"{vote.person} signed for another group")
        owner = (vote.person.casefold(), vote.assertion.public_key)
        if self.passkeys.get(vote.assertion.credential) != owner:
            raise BadProof(f"no event before it enrolled this passkey for {vote.person}")
        last = self.counters.get(vote.assertion.credential, 0)
        if answer.nonce in self.nonces or ((proof.counter or last) and proof.counter <= last):
            raise BadProof(f"the signature of {vote.person} was used before")
        self.nonces.add(answer.nonce)
        self.counters[vote.assertion.credential] = proof.counter
        self.origins.add(vote.assertion.origin)

    def granted(self, case: str, body: Mapping[str, Json], votes: Sequence[Vote]) -> Iterator[str]:
        """A grant where signatures were asked for needs enough that hold."""
        try:
            asked = msgspec.convert(body.get("requirement"), Requirement)
        except msgspec.ValidationError:
            yield "what was required cannot be read"
            return
        if asked.assurance:
            self.assured.add(case)
        if case not in self.assured or body.get("state") != State.GRANTED:
            return
        given: dict[str, set[str]] = {}
        for vote in votes:
            if vote.assertion is not None and vote.say is Say.APPROVE:
                given.setdefault(vote.group, set()).add(vote.person.casefold())
        if asked.missing({group: len(people) for group, people in given.items()}):
            yield "granted without the signatures that were required"


def _votes(body: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """All votes an event shows: those counted so far, and the one just given."""
    counted = body.get("votes")
    both = [*(counted if isinstance(counted, list) else []), body.get("vote")]
    yield from (vote for vote in both if isinstance(vote, dict))
