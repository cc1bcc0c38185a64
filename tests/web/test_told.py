# SPDX-License-Identifier: Apache-2.0
"""Events as sentences, and payloads as text that hides nothing and reads back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.canon import Json
from gyges.episode import Event, Kind
from gyges.web.told import UNTOLD, WORDS, shown, told
from gyges.web.visible import is_hidden

TEXTS = st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def an_event(kind: Kind, **body: Any) -> Event:
    """One event about one case."""
    return Event(kind=kind, at=1, subject="c-1", body=body)


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        (Kind.PROPOSED, {"action": {"agent": "bot", "tool": "pay"}}, "bot proposed pay"),
        (
            Kind.PROPOSED,
            {"action": {"agent": "bot", "tool": "pay", "edited_by": "ana"}},
            "ana wrote a new version of pay",
        ),
        (
            Kind.DECIDED,
            {"decision": {"effect": "ask", "reason": "two must approve"}},
            "the gate's answer: ask people: two must approve",
        ),
        (
            Kind.ANSWERED,
            {"vote": {"person": "ana", "say": "approve", "group": "finance", "method": "passkey"}},
            "ana approved for finance, signed with a passkey",
        ),
        (
            Kind.ANSWERED,
            {"vote": {"person": "bo", "say": "deny", "group": "f", "reason": "", "guidance": "ask"}},
            "bo denied it: ask",
        ),
        (Kind.ESCALATED, {"groups": ["board", "it"]}, "put to board, it as well"),
        (Kind.EXPIRED, {"reason": "nobody answered"}, "expired, which denies: nobody answered"),
        (Kind.REDEEMED, {"by": "office"}, "office used the permit and runs it"),
        (Kind.DONE, {"by": "office", "outcome": {"summary": "ok"}}, "office reports: done: ok"),
        (Kind.UNKNOWN, {"reason": "silence"}, "nobody knows how it ended: silence"),
        (Kind.STOPPED, {"by": "ana", "reason": "odd"}, "stopped by ana: odd"),
        (Kind.SIGNER_ROTATED, {"by": "root"}, "signer rotated c-1 by root"),
        (Kind.GATE_STARTED, {"version": "1.0"}, "the gate started, version 1.0"),
        (Kind.EPISODE_OPENED, {"agent": "bot", "episode": "e-1"}, "bot opened the episode e-1"),
        (
            Kind.EPISODE_CLOSED,
            {"agent": "bot", "episode": "e-1", "by": "agent"},
            "the episode e-1 of bot was closed by its agent",
        ),
        (
            Kind.EPISODE_CLOSED,
            {"agent": "bot", "episode": "e-1", "by": "silence"},
            "the episode e-1 of bot ended in silence",
        ),
        (
            Kind.MEASURED,
            {"agent": "bot", "episode": "e-1", "grader": "tone", "version": "2"},
            "tone 2 measured the episode e-1 of bot",
        ),
        (Kind.RING_DESIGN, {"design": "d-1"}, "the ring test d-1 was declared"),
        (Kind.DONE, {}, "done c-1; what it said was redacted"),
    ],
)  # fmt: skip
def test_an_event_is_one_sentence(kind: Kind, body: dict[str, Any], sentence: str) -> None:
    """Who did what, and why where a reason was given."""
    assert told(an_event(kind, **body)) == sentence


def test_a_person_is_named_without_the_prefix_of_the_log() -> None:
    """What happened to an account is told of its name."""
    event = Event(kind=Kind.SIGNED_IN, at=1, subject="person:ana", body={"method": "password"})
    assert told(event) == "ana signed in by password"


@pytest.mark.slow
@given(st.sampled_from(Kind), st.dictionaries(st.text(max_size=12), JSON, max_size=5))
def test_no_body_breaks_a_sentence(kind: Kind, body: dict[str, Json]) -> None:
    """Whatever an event holds, a line of bounded length comes out."""
    assert 0 < len(told(an_event(kind, **body))) <= WORDS


def test_answers_stay_untold_while_votes_are_blind() -> None:
    """Neither the name nor the answer shows; other events are told."""
    body = {"vote": {"person": "ana", "say": "approve", "group": "finance"}}
    assert told(an_event(Kind.ANSWERED, **body), blind=True) == UNTOLD
    assert "ana" not in UNTOLD
    assert told(an_event(Kind.EXPIRED, reason="r"), blind=True) == "expired, which denies: r"


@pytest.mark.slow
@given(st.dictionaries(TEXTS, JSON, max_size=5))
def test_a_payload_reads_back_and_hides_nothing(body: dict[str, Json]) -> None:
    """The text is JSON of the same value, and holds no character that does not show."""
    text = shown(body)
    assert json.loads(text) == body
    assert not [char for char in text if char != "\n" and is_hidden(char)]
