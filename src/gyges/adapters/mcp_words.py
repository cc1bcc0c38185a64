# SPDX-License-Identifier: Apache-2.0
"""What the proxy says: a call as a proposal to the gate, and the gate's no as a tool result a model can read.

A refusal is a result with `isError`, not a protocol error: clients hide the latter from the model, and a
reason that nobody reads helps nobody. Nothing here is sent or decided.

    _meta of a call (all optional): gyges/purpose, gyges/episode, gyges/principal, gyges/resource,
    gyges/context, gyges/provenance, gyges/idempotency-key
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gyges import canon
from gyges.action import Action
from gyges.adapters.mcp_tools import Definition
from gyges.answer import Answer
from gyges.canon import Json
from gyges.case import Say, State
from gyges.errors import GygesError, Malformed

PREFIX = "gyges/"
TEXTS = ("purpose", "episode", "principal", "resource")
OURS = "mcp:"  # episodes named by the proxy begin so
_SAID = ("server", "tool_schema", "purpose", "principal", "resource", "context", "provenance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One tools/call as the gate is asked about it."""

    tool: Definition
    arguments: dict[str, Json]
    fields: dict[str, Json]  # further fields of the action
    key: str = ""  # the client's idempotency key

    def fingerprint(self) -> str:
        """What makes two calls the same call. An episode that the proxy made up does not count."""
        called: dict[str, Json] = {"tool": self.tool.name, "arguments": self.arguments}
        return _fingerprint(called | self.fields)


def proposal(
    tool: Definition, arguments: Mapping[str, Any] | None, meta: Mapping[str, Any], episode: str
) -> Proposal:
    """The proposal of a call; raise `Malformed` for arguments or `_meta` that cannot be said."""
    cleaned = canon.clean(dict(arguments or {}))
    fields: dict[str, Json] = {
        "server": tool.server,
        "tool_schema": tool.digest,
        "episode": episode,
    }
    for name in TEXTS:
        value = meta.get(PREFIX + name)
        if isinstance(value, str) and value:
            fields[name] = value
        elif value is not None:
            raise Malformed(f"_meta {PREFIX}{name} must be text")
    for name in ("context", "provenance"):
        if value := meta.get(PREFIX + name):
            fields[name] = canon.clean(value)
    key = meta.get(PREFIX + "idempotency-key", "")
    if not isinstance(key, str):
        raise Malformed(f"_meta {PREFIX}idempotency-key must be text")
    plain = key.isascii() and key.isprintable() and len(key) <= 200
    known = key if plain else canon.digest_bytes(key.encode())
    assert isinstance(cleaned, dict)
    return Proposal(tool=tool, arguments=cleaned, fields=fields, key=known)


def fingerprint_of(action: Action) -> str:
    """`Proposal.fingerprint` of the proposal that became `action`."""
    return _fingerprint(action.document())


def _fingerprint(document: Mapping[str, Json]) -> str:
    kept = {name: document[name] for name in _SAID if document.get(name)}
    episode = document.get("episode")
    if isinstance(episode, str) and episode and not episode.startswith(OURS):
        kept["episode"] = episode
    return canon.digest(kept | {"tool": document["tool"], "arguments": document["arguments"]})


def refusal(answer: Answer) -> dict[str, Any]:
    """The result that tells the model no, why, and what a person said it should do instead."""
    people = any(vote.say is Say.DENY for vote in answer.votes)
    first = {
        State.DENIED: "A person refused this call." if people else "Policy refused this call.",
        State.EXPIRED: "Nobody approved this call in time, which refuses it.",
        State.WITHDRAWN: "This call was withdrawn.",
        State.LAPSED: "This call was approved, but not used in time.",
        State.SUPERSEDED: "This call was replaced by another.",
    }.get(answer.state, f"This call is {answer.state.value} and is not run again.")
    lines = [f"{first} It did not run." if answer.state in _NEVER else first]
    lines += [f"Reason: {answer.reason}"] if answer.reason else []
    lines += [f"Guidance: {answer.guidance}"] if answer.guidance else []
    lines += [f"Rules: {', '.join(answer.rules)}"] if answer.rules and not people else []
    return told("\n".join([*lines, f"Case: {answer.id}"]), answer)


def pending(answer: Answer, inbox: str) -> dict[str, Any]:
    """The result after the hold time: nothing is decided, and the same call resumes."""
    text = (
        f"This call waits for approval ({waiting_for(answer)}) and has not run.\n"
        f"Case: {answer.id}\nApprovers find it at {inbox}\n"
        "Calling the tool again with the same arguments resumes this case; other arguments begin a new one."
    )
    return told(text, answer)


def waiting_for(answer: Answer) -> str:
    """Who must still approve, in words."""
    asked = [f"{n} of {group}" for group, n in sorted(answer.missing.items())]
    return "missing: " + ", ".join(asked) if asked else "being judged"


def failure(error: GygesError) -> dict[str, Any]:
    """The result when the gate or the permit refused before anything ran."""
    case = error.extra.get("case")
    text = f"Not run ({error.code}): {error}" + (f"\nCase: {case}" if case else "")
    return _error(text, {PREFIX + "code": error.code})


def edited_notice(answer: Answer) -> dict[str, Any]:
    """A content block that tells the model that a person changed what ran."""
    ran = canon.encode(answer.action.arguments).decode()
    who = answer.action.edited_by
    return _text(f"Note: {who} changed the arguments before this ran. It ran with: {ran}")


def told(text: str, answer: Answer) -> dict[str, Any]:
    """An error result with the case's id and state beside the text."""
    meta = {PREFIX + "case": answer.id, PREFIX + "state": answer.state.value}
    return _error(text, meta)


_NEVER = {State.DENIED, State.EXPIRED, State.WITHDRAWN, State.LAPSED, State.SUPERSEDED}


def _error(text: str, meta: dict[str, str]) -> dict[str, Any]:
    return {
        "resultType": "complete",
        "content": [_text(text)],
        "isError": True,
        "_meta": meta,
    }


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
