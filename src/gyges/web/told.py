# SPDX-License-Identifier: Apache-2.0
r"""Events of the log as sentences for people, and their payloads as text that shows everything. Pure.

    answered   ->   "ana approved for finance: as agreed"
    {"to": "a\u202eb"}   is shown with the escape, and read back it is the same value

A sentence repeats what an event says and adds nothing. Names and words in it are others' and may be hostile:
pages show them in pieces, see `visible.py`.
"""

import json
from collections.abc import Callable, Mapping

from gyges.canon import Json
from gyges.episode import Event, Kind
from gyges.web.visible import is_hidden

Body = Mapping[str, Json]
WORDS = 300  # characters of a sentence; the payload has the whole
UNTOLD = "somebody answered; who and how shows once you have answered, or the case is closed"


def told(event: Event, *, blind: bool = False) -> str:
    """One line that says what happened; `blind` keeps people's answers back."""
    if blind and event.kind is Kind.ANSWERED:
        return UNTOLD
    if not event.body:
        return f"{_plain(event.kind)} {event.subject}; what it said was redacted"
    say = _SAY.get(event.kind)
    text = say(event.body) if say else _other(event)
    return text if len(text) <= WORDS else text[: WORDS - 1] + "…"


def shown(body: Body) -> str:
    """`body` as JSON over several lines; every character that would not show is written as its escape."""
    text = json.dumps(body, ensure_ascii=False, indent=2)
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return "".join(_escaped(char) if char != "\n" and is_hidden(char) else char for char in text)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1] if not char.isascii() else f"\\u{ord(char):04x}"


def _plain(kind: Kind) -> str:
    return kind.value.replace("-", " ")


def _text(body: Body, *path: str) -> str:
    """The text at a place, "" where there is none."""
    found: Json = dict(body)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _said(text: str, reason: str) -> str:
    return f"{text}: {reason}" if reason else text


def _proposed(body: Body) -> str:
    editor = _text(body, "action", "edited_by")
    who = editor or _text(body, "action", "agent")
    return f"{who} {'wrote a new version of' if editor else 'proposed'} {_text(body, 'action', 'tool')}"


def _decided(body: Body) -> str:
    effect = {"allow": "allow it", "ask": "ask people", "deny": "deny it"}
    answer = effect.get(_text(body, "decision", "effect"), "decided")
    return _said(f"the gate's answer: {answer}", _text(body, "decision", "reason"))


def _answered(body: Body) -> str:
    yes = _text(body, "vote", "say") == "approve"
    group = _text(body, "vote", "group")
    words = f"{_text(body, 'vote', 'person')} {'approved' if yes else 'denied it'}"
    for_whom = f" for {group}" if yes and group else ""
    signed = ", signed with a passkey" if _text(body, "vote", "method") == "passkey" else ""
    reason = _text(body, "vote", "reason") or _text(body, "vote", "guidance")
    return _said(f"{words}{for_whom}{signed}", reason)


def _escalated(body: Body) -> str:
    groups = body.get("groups")
    names = ", ".join(str(name) for name in groups) if isinstance(groups, list) else "others"
    return f"put to {names} as well"


def _ended(word: str) -> Callable[[Body], str]:
    return lambda body: _said(word, _text(body, "reason"))


def _by(word: str) -> Callable[[Body], str]:
    return lambda body: _said(
        f"{word} by {_text(body, 'by') or 'nobody named'}", _text(body, "reason")
    )


def _outcome(word: str) -> Callable[[Body], str]:
    def say(body: Body) -> str:
        who = _text(body, "by")
        told = f"{who} reports: {word}" if who else word
        return _said(told, _text(body, "outcome", "summary") or _text(body, "reason"))

    return say


def _grant(word: str) -> Callable[[Body], str]:
    def say(body: Body) -> str:
        what = f"{_text(body, 'grant', 'agent')} may {_text(body, 'grant', 'tool')}"
        return f"{_text(body, 'by')} {word} a standing grant: {what}, within its bounds"

    return say


def _key(word: str) -> Callable[[Body], str]:
    def say(body: Body) -> str:
        return f"a key of {_text(body, 'key', 'name')} ({_text(body, 'key', 'scope')}) was {word}"

    return say


def _closed(body: Body) -> str:
    whose = f"the episode {_text(body, 'episode')} of {_text(body, 'agent')}"
    by_agent = _text(body, "by") == "agent"
    return f"{whose} {'was closed by its agent' if by_agent else 'ended in silence'}"


def _measured(body: Body) -> str:
    grader = f"{_text(body, 'grader')} {_text(body, 'version')}"
    return f"{grader} measured the episode {_text(body, 'episode')} of {_text(body, 'agent')}"


def _policy(body: Body) -> str:
    return f"the policy {_text(body, 'digest')[7:15]} was put in force by {_text(body, 'by')}"


def _other(event: Event) -> str:
    """A sentence for a kind without one of its own: what and who."""
    body, verb = event.body, _PERSON.get(event.kind)
    if verb and event.subject.startswith("person:"):
        name = event.subject.removeprefix("person:")
        method = _text(body, "method")
        return f"{name} {verb}" + (f" by {method}" if method else "")
    who = _text(body, "by") or _text(body, "person") or _text(body, "name")
    return _said(
        f"{_plain(event.kind)} {event.subject}" + (f" by {who}" if who else ""),
        _text(body, "reason"),
    )


_PERSON = {
    Kind.SIGNED_IN: "signed in",
    Kind.SIGNED_OUT: "signed out",
    Kind.SIGN_IN_REFUSED: "was refused to sign in",
    Kind.PERSON_CHANGED: "has an account that was changed",
    Kind.PASSKEY_ADDED: "has a new passkey",
    Kind.PASSKEY_REMOVED: "has a passkey less",
}
_SAY: dict[Kind, Callable[[Body], str]] = {
    Kind.PROPOSED: _proposed,
    Kind.DECIDED: _decided,
    Kind.ANSWERED: _answered,
    Kind.ESCALATED: _escalated,
    Kind.EXPIRED: _ended("expired, which denies"),
    Kind.LAPSED: _ended("the grant lapsed"),
    Kind.WITHDRAWN: _by("withdrawn"),
    Kind.SUPERSEDED: _by("replaced"),
    Kind.REDEEMED: lambda body: f"{_text(body, 'by')} used the permit and runs it",
    Kind.DONE: _outcome("done"),
    Kind.FAILED: _outcome("it failed"),
    Kind.UNKNOWN: _outcome("nobody knows how it ended"),
    Kind.REFUSED: _by("an attempt was refused, made"),
    Kind.STOPPED: _by("stopped"),
    Kind.LIFTED: _by("the stop was lifted"),
    Kind.GRANT_MADE: _grant("made"),
    Kind.GRANT_REVOKED: _grant("revoked"),
    Kind.KEY_ENROLLED: _key("enrolled"),
    Kind.KEY_REVOKED: _key("revoked"),
    Kind.POLICY_LOADED: _policy,
    Kind.PLANTED: lambda body: f"{_text(body, 'by')} planted a request, to see who notices",
    Kind.EPISODE_OPENED: lambda body: (
        f"{_text(body, 'agent')} opened the episode {_text(body, 'episode')}"
    ),
    Kind.EPISODE_CLOSED: _closed,
    Kind.MEASURED: _measured,
    Kind.RING_DESIGN: lambda body: f"the ring test {_text(body, 'design')} was declared",
    Kind.GATE_STARTED: lambda body: f"the gate started, version {_text(body, 'version')}",
}
