# SPDX-License-Identifier: Apache-2.0
"""The dialogue in which one person reviews one case in Slack, and what they answered. Pure.

It shows every argument in full or none at all: what does not fit is reviewed in the inbox. Values stand
as JSON in plain ASCII, so that nothing in them can be hidden, reordered or interpreted. It decides nothing:
who answered, and whether they may, is checked by the gate.
"""

import json
from dataclasses import dataclass

import msgspec

from gyges import canon
from gyges.adapters.notify.slack import Block, plain
from gyges.adapters.notify.telling import moment
from gyges.canon import Json
from gyges.case import Case, Say
from gyges.errors import Malformed

CALLBACK = "gyges_answer"
VALUE = 2000  # ASCII letters of one value that are shown; Slack allows 3000 in a text
VALUES = 30
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class _User(msgspec.Struct, frozen=True):
    id: str


class _Press(msgspec.Struct, frozen=True):
    action_id: str = ""
    value: str = ""


class _Option(msgspec.Struct, frozen=True):
    value: str = ""


class _Element(msgspec.Struct, frozen=True):
    selected_option: _Option | None = None
    value: str | None = None


class _State(msgspec.Struct, frozen=True):
    values: dict[str, dict[str, _Element]]


class View(msgspec.Struct, frozen=True):
    """A dialogue that comes back. Slack sends more; nothing else is read."""

    callback_id: str = ""
    private_metadata: str = ""
    state: _State | None = None


class Payload(msgspec.Struct, frozen=True):
    """What somebody did in Slack."""

    type: str
    user: _User
    trigger_id: str = ""
    actions: tuple[_Press, ...] = ()
    view: View | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody sent back."""

    token: str
    say: Say
    reason: str


def lines_of(case: Case) -> dict[str, str] | None:
    """What is shown of a case, name by name; None where it does not all fit."""
    action = case.action
    facts = {
        "Tool": action.tool,
        "Agent": action.agent,
        "Resource": action.resource,
        "What the agent says, untrusted": action.purpose,
        "Why it is asked": case.reason,
        "Without an answer denied at": moment(case.deadline),
        "Digest of what will run": case.digest,
    }
    shown = {name: _shown(value) for name, value in facts.items() if value}
    shown |= {f"Argument {_shown(name)}": _shown(value) for name, value in action.arguments.items()}
    fits = len(shown) <= VALUES and all(len(n) + len(v) <= VALUE for n, v in shown.items())
    return shown if fits else None


def dialogue(case: Case, token: str) -> tuple[Block, str] | None:
    """The view and the digest of what it shows; None where it does not all fit. `token` comes back with it."""
    shown = lines_of(case)
    if shown is None:
        return None
    sections: list[Json] = [
        {"type": "section", "text": plain(f"{name}:\n{value}")} for name, value in shown.items()
    ]
    document: dict[str, Json] = {"case": case.id, "version": case.version, "shown": dict(shown)}
    view: Block = {
        "type": "modal", "callback_id": CALLBACK, "private_metadata": token,
        "title": plain("Review an action"), "submit": plain("Answer"), "close": plain("Not now"),
        "blocks": [*sections, _choice(), _reason()],
    }  # fmt: skip
    return view, canon.digest(document)


def notice(text: str) -> Block:
    """A dialogue that only says something."""
    return {
        "type": "modal", "title": plain("Gyges"), "close": plain("Close"),
        "blocks": [{"type": "section", "text": plain(text)}],
    }  # fmt: skip


def read_payload(text: str) -> Payload:
    """What Slack sends when somebody used the message or the dialogue; raise `Malformed`."""
    try:
        return msgspec.json.decode(text, type=Payload)
    except (msgspec.DecodeError, UnicodeError):
        raise Malformed("this is no interaction payload of Slack") from None


def read_answer(view: View) -> Answer:
    """What was sent with a dialogue of ours; raise `Malformed` for anything else."""
    values = view.state.values if view.state else {}
    try:
        chosen = values["say"]["say"].selected_option
        say = Say(chosen.value if chosen else "")
        reason = values["reason"]["reason"].value or ""
    except (KeyError, ValueError):
        raise Malformed("this is no answer of our dialogue") from None
    return Answer(token=view.private_metadata, say=say, reason=reason[:2000])


def _shown(value: Json) -> str:
    """JSON in ASCII; a plain text of one line without its quotes would be ambiguous, so they stay."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True).translate(_UNSAFE)


def _choice() -> Block:
    options: list[Json] = [
        {"text": plain("Approve exactly this"), "value": Say.APPROVE.value},
        {"text": plain("Deny"), "value": Say.DENY.value},
    ]
    return {
        "type": "input", "block_id": "say", "label": plain("Your answer"),
        "element": {"type": "radio_buttons", "action_id": "say", "options": options},
    }  # fmt: skip


def _reason() -> Block:
    return {
        "type": "input", "block_id": "reason", "optional": True,
        "label": plain("Reason (a denial needs one)"),
        "element": {
            "type": "plain_text_input", "action_id": "reason", "multiline": True, "max_length": 2000
        },
    }  # fmt: skip
