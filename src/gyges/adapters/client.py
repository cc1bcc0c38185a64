# SPDX-License-Identifier: Apache-2.0
"""The gate's HTTP API as Python calls: one method a route, words out, `gyges.errors` raised.

    async with Gate("http://127.0.0.1:8420", key) as gate:
        answer = await gate.propose("pay", {"to": "Ada", "amount": 12})
        answer = granted(await gate.settle(answer, seconds=600))     # raises when the answer is no

One `Gate` keeps its connections; make one and share it. It holds one key and speaks for its holder
only. It decides nothing, verifies no permit and runs nothing: that is `executor.py`.
"""

import asyncio
import math
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from gyges import errors
from gyges.adapters.wire import Wire
from gyges.answer import Answer
from gyges.canon import Json
from gyges.case import Say, State
from gyges.errors import Fault, GygesError, Malformed, Misconfigured

HOLD = 25  # seconds that one long-poll request is held open; the gate allows 60
PATIENCE = 15.0  # seconds that the gate has for an answer that it does not hold back

_T = TypeVar("_T")


class Gate:
    """One key's view of one gate. Usable from several event loops; each gets its own connections."""

    def __init__(self, url: str, key: str, *, wire: Wire | None = None) -> None:
        """Speak to the gate at `url` with `key`; raise `Misconfigured` where either cannot be one."""
        if not (key.isascii() and key.isprintable()):
            raise Misconfigured("a gate's key is printable ASCII")
        self.url = url.rstrip("/")
        self.key = key
        self._wire = wire or Wire(url)
        bearer = {"authorization": f"Bearer {key}"} if key else {}
        self._head = {**bearer, "content-type": "application/json"}

    def speaking_for(self, key: str) -> "Gate":
        """The same gate over the same connections, with another holder's key."""
        return Gate(self.url, key, wire=self._wire)

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first request."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections, which all views of this gate share."""
        await self._wire.close()

    async def propose(
        self,
        tool: str,
        arguments: Mapping[str, Json],
        *,
        idempotency: str = "",
        wait: int = 0,
        fields: Mapping[str, Json] | None = None,
    ) -> Answer:
        """Propose a call of `tool`; `fields` are other ones of the action, empty ones are left out.

        With `wait` (seconds, at most 60) the gate holds its answer back until people have answered.
        """
        body: dict[str, Json] = {"tool": tool, "arguments": dict(arguments)}
        body |= {name: value for name, value in (fields or {}).items() if value}
        headers = {"idempotency-key": _quoted(idempotency)} if idempotency else None
        path = f"/v1/actions?wait={wait}" if wait else "/v1/actions"
        return _answer(await self.request("POST", path, body, headers, hold=wait))

    async def look(self, id: str, *, wait: int = 0, seen: int = 0) -> Answer:
        """The case now, or within `wait` seconds as soon as it is settled or newer than version `seen`."""
        query = f"?wait={wait}&seen={seen}" if wait else ""
        return _answer(await self.request("GET", f"/v1/actions/{id}{query}", hold=wait))

    async def settle(self, answer: Answer, *, seconds: float) -> Answer:
        """Wait up to `seconds` for people; return the case as it stands then, settled or not.

        An edited case is followed to the one that replaced it.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            if answer.state is State.SUPERSEDED and answer.replaced_by:
                answer = await self.look(answer.replaced_by)
                continue
            left = end - loop.time()
            if answer.settled or left <= 0:
                return answer
            answer = await self.look(
                answer.id, wait=min(HOLD, math.ceil(left)), seen=answer.version
            )

    async def withdraw(self, id: str, reason: str = "") -> Answer:
        """Take one's own proposal back."""
        return _answer(await self.request("POST", f"/v1/actions/{id}/withdraw", {"reason": reason}))

    async def find(self, **query: str | int) -> tuple[list[Answer], str]:
        """One page of cases (`state`, `agent`, `tool`, `episode`, `digest`, `order`, `after`, `limit`), next cursor."""
        text = urlencode({name: value for name, value in query.items() if value})
        page = _read(await self.request("GET", f"/v1/actions?{text}"), _Page)
        return page.items, page.next

    async def visible(self, server: str, tools: list[dict[str, Json]]) -> list["Visible"]:
        """What policy says of tools whose definitions (name, inputSchema, ...) a server gives now."""
        body: dict[str, Json] = {"server": server, "tools": list(tools)}
        return _read(await self.request("POST", "/v1/tools/visible", body), _Tools).tools

    async def decide(
        self,
        id: str,
        say: Say,
        *,
        digest: str,
        group: str = "",
        reason: str = "",
        guidance: str = "",
    ) -> Answer:
        """Approve or deny, as an approver who was shown the action with this digest."""
        body: dict[str, Json] = {"say": say.value, "digest": digest}
        words = {"group": group, "reason": reason, "guidance": guidance}
        body |= {name: value for name, value in words.items() if value}
        return _answer(await self.request("POST", f"/v1/actions/{id}/decision", body))

    async def take_back(self, id: str, reason: str = "") -> Answer:
        """Take one's own approval back while nothing has run: the case lapses."""
        return _answer(
            await self.request("POST", f"/v1/actions/{id}/take-back", {"reason": reason})
        )

    async def edit(
        self, id: str, *, digest: str, arguments: Mapping[str, Json], reason: str = ""
    ) -> Answer:
        """Put other arguments in place of the agent's: the answer is about the new case."""
        body: dict[str, Json] = {"digest": digest, "arguments": dict(arguments), "reason": reason}
        return _answer(await self.request("POST", f"/v1/actions/{id}/edit", body))

    async def redeem(self, id: str, *, permit: str, action: bytes) -> Answer:
        """Use a permit up, as the executor it is made out to."""
        body: dict[str, Json] = {"permit": permit, "action": action.decode()}
        return _answer(await self.request("POST", f"/v1/actions/{id}/redeem", body))

    async def report(
        self, id: str, *, ok: bool | None, result: str = "", summary: str = ""
    ) -> Answer:
        """Say how it went: `ok` None means that nobody can know. `result` is a digest or empty."""
        body: dict[str, Json] = {"ok": ok}
        body |= {n: v for n, v in {"result": result, "summary": summary}.items() if v}
        return _answer(await self.request("POST", f"/v1/actions/{id}/outcome", body))

    async def open_episode(
        self, id: str = "", *, session: str = "", task: str = "", ring: bool = False, **claims: str
    ) -> "Opened":
        """Open an episode; `claims` are model, prompt, tools. With `ring`, the prompt gets `cue`, word for word."""
        words = {"id": id, "session": session, "task": task, **claims}
        body: dict[str, Json] = {name: text for name, text in words.items() if text}
        return _read(await self.request("POST", "/v1/episodes", {**body, "ring": ring}), Opened)

    async def close_episode(self, id: str) -> None:
        """Close one's own episode; again is harmless."""
        await self.request("POST", f"/v1/episodes/{quote(id, safe='')}/close")

    async def measure(
        self, id: str, values: Mapping[str, Json], *, grader: str, version: str, agent: str = ""
    ) -> None:
        """Say as a grader what an episode was like; `agent` where several have one of this id."""
        body: dict[str, Json] = {"grader": grader, "version": version, "values": dict(values)}
        body |= {"agent": agent} if agent else {}
        await self.request("POST", f"/v1/episodes/{quote(id, safe='')}/measures", body)

    async def request(
        self,
        method: str,
        path: str,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        *,
        hold: float = 0,
    ) -> bytes:
        """One request to the gate; return the body of its answer, raise what its problem document says.

        `hold` is how many seconds the gate was asked to hold its answer back. Raises `Unreachable` when no
        answer came: `extra["sent"]` is 0 when the gate cannot have heard.
        """
        if not (path.isascii() and path.isprintable()) or " " in path:
            raise Malformed(f"{path!r} is no path")
        content = None if body is None else msgspec.json.encode(body)
        told = {**self._head, **headers} if headers else self._head
        status, answer = await self._wire.request(method, path, told, content, PATIENCE + hold)
        if status >= 300:
            raise problem(status, answer)
        return answer


class Visible(msgspec.Struct, frozen=True):
    """`known`: the definition is the approved one. `visible`: policy could allow it under some arguments."""

    name: str
    visible: bool
    known: bool
    risk: str
    digest: str


class Opened(msgspec.Struct, frozen=True):
    """An episode; `cue` is for its system prompt, empty for nothing."""

    id: str
    session: str
    cue: str


class _Tools(msgspec.Struct):
    tools: list[Visible]


class _Page(msgspec.Struct):
    items: list[Answer]
    next: str = ""


class _Problem(msgspec.Struct):
    code: str = ""
    title: str = ""
    detail: str = ""
    instance: str = ""


def _quoted(key: str) -> str:
    if not (key.isascii() and key.isprintable()):
        raise Malformed("an idempotency key is printable ASCII")
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def granted(answer: Answer) -> Answer:
    """`answer` if it is a yes that is still to be used; else raise the no, with the gate's reason."""
    if answer.state is State.GRANTED:
        if not answer.permit:
            raise errors.Stopped(f"{answer.id}: granted, yet the gate gives no permit now")
        return answer
    reason = f"{answer.id}: {answer.reason or answer.state.value}"
    if answer.guidance:
        reason += f" - {answer.guidance}"
    raise _refusal(answer)(reason, case=answer.id, state=answer.state, guidance=answer.guidance)


def problem(status: int, body: bytes) -> GygesError:
    """The error that an RFC 9457 problem document speaks of."""
    try:
        told = msgspec.json.decode(body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = _Problem()
    text = told.detail or told.title or f"the gate answered with status {status}"
    kind = _BY_CODE.get(told.code, Fault if status >= 500 else errors.CallerError)
    return kind(text, status=status)


def _refusal(answer: Answer) -> type[GygesError]:
    if answer.state is State.DENIED:
        people = any(vote.say is Say.DENY for vote in answer.votes)
        return errors.PeopleRefused if people else errors.PolicyRefused
    if answer.state is State.EXPIRED:
        return errors.PeopleRefused
    return errors.Expired if answer.state is State.LAPSED else errors.Conflict


def _kinds(root: type[GygesError]) -> list[type[GygesError]]:
    return [root, *(found for kind in root.__subclasses__() for found in _kinds(kind))]


_BY_CODE = {kind.code: kind for kind in _kinds(GygesError)}


def _answer(body: bytes) -> Answer:
    return _read(body, Answer)


def _read(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the gate's answer is not a {kind.__name__}: {error}") from None
