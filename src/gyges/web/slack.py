# SPDX-License-Identifier: Apache-2.0
"""Where Slack calls when somebody pressed a button of ours or sent a dialogue: POST /hooks/slack/<channel>.

    Slack's signature -> the Slack user is an account here -> the button's secret names a case
    -> level and state still allow it -> a dialogue for this person -> their answer, checked like any other

The message gives nobody any right: who may answer is decided by the account, and the answer goes the way of
every answer, with the digest that was shown. What the dialogue shows in full is all that can be answered
here; a high risk never is.
"""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gyges.adapters.notify.channel import Later, Never
from gyges.adapters.notify.config import LEVELS, Slack
from gyges.canon import digest_bytes
from gyges.case import Attention, Case, Say, State
from gyges.errors import Conflict, Forbidden, GygesError, NotFound
from gyges.gate.attention import level_of
from gyges.gate.desk import How
from gyges.person import Person
from gyges.ports import DeliveryQuery
from gyges.principal import Scope

if TYPE_CHECKING:
    from gyges.adapters.notify.slack import Block, SlackChannel
    from gyges.adapters.notify.slack_review import Payload, View
    from gyges.wiring import Gate

LIMIT = 262_144  # bytes of one request; a dialogue's answer has some thousand
MOST = 1000  # dialogues that may be open at once; the oldest are forgotten
OPEN_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One dialogue that is open: what it shows, to whom, since when."""

    case: str
    version: int
    digest: str
    view: str  # digest of what it shows
    person: str
    opened: int


class SlackDesk:
    """One Slack channel of ours, from the side that listens."""

    def __init__(self, gate: "Gate", plan: Slack, channel: "SlackChannel") -> None:
        """Dialogues are remembered in memory only: after a restart one opens them again."""
        self._gate, self._plan, self._channel = gate, plan, channel
        self._open: OrderedDict[str, Shown] = OrderedDict()

    async def heard(self, body: bytes, headers: dict[str, str]) -> Response:
        """The answer to one request of Slack, or of somebody who would like to be Slack."""
        from gyges.adapters.notify.slack_review import CALLBACK, read_payload

        now = self._gate.clock.now()
        if not self._channel.genuine(body, headers, now):
            return JSONResponse({"error": "not signed by Slack"}, 401)
        payload = read_payload(parse_qs(body.decode()).get("payload", [""])[0])
        if payload.type == "block_actions":
            await self._pressed(payload, now)
        view = payload.view
        if payload.type == "view_submission" and view and view.callback_id == CALLBACK:
            return await self._answered(payload, view, now)
        return Response(status_code=200)

    async def _pressed(self, payload: "Payload", now: int) -> None:
        from gyges.adapters.notify.slack import REVIEW
        from gyges.adapters.notify.slack_review import notice

        press = next((one for one in payload.actions if one.action_id == REVIEW), None)
        if press is None:
            return
        try:
            view = await self._dialogue(payload.user.id, press.value, now)
        except GygesError as error:
            view = notice(f"{error}.")
        try:
            await self._channel.open(payload.trigger_id, view)
        except (Later, Never) as error:
            raise Conflict(f"the dialogue could not be shown: {error}") from None

    async def _dialogue(self, user: str, secret: str, now: int) -> "Block":
        """The dialogue for whoever pressed the button; raise why there is none."""
        from gyges.adapters.notify.slack_review import dialogue

        person = await self._person(user)
        person.key(Scope.APPROVER)
        case = await self._case(secret)
        self._check_level(case)
        token = secrets.token_urlsafe(24)
        found = dialogue(case, token)
        if found is None:
            raise Conflict(f"this does not fit here: {self._gate.courier.base}/a/{case.id}")
        view, digest = found
        self._open[token] = Shown(
            case=case.id, version=case.version, digest=case.digest, view=digest,
            person=person.name, opened=now,
        )  # fmt: skip
        while len(self._open) > MOST:
            self._open.popitem(last=False)
        return view

    async def _answered(self, payload: "Payload", view: "View", now: int) -> Response:
        from gyges.adapters.notify.slack_review import read_answer

        try:
            answer = read_answer(view)
            shown = self._open.get(answer.token)
            person = await self._person(payload.user.id)
            if shown is None or now - shown.opened > OPEN_MS or shown.person != person.name:
                raise Conflict("this dialogue is not open any more; press the button again")
            await self._decide(shown, person, answer.say, answer.reason, now)
        except GygesError as error:
            errors = {"reason": str(error)[:1000]}
            return JSONResponse({"response_action": "errors", "errors": errors})
        self._open.pop(answer.token, None)
        return JSONResponse({"response_action": "clear"})

    async def _decide(self, shown: Shown, person: Person, say: Say, reason: str, now: int) -> None:
        case = await self._gate.corridor.found(shown.case)
        if say is Say.APPROVE:
            self._check_level(case)
            if case.version != shown.version:
                raise Conflict("the case has changed since it was shown; press the button again")
        looked = Attention(shown=shown.view, opened=shown.opened, dwell_ms=now - shown.opened)
        await self._gate.corridor.answer(
            shown.case, by=person.key(Scope.APPROVER), say=say, digest=shown.digest, reason=reason,
            how=How(method="slack", attention=looked),
        )  # fmt: skip

    async def _person(self, user: str) -> Person:
        name = self._plan.people.get(user, "")
        person = await self._gate.store.person(name) if name else None
        if person is None:
            raise Forbidden("this Slack user is no account of the gate; see its notify.toml")
        return person

    async def _case(self, secret: str) -> Case:
        query = DeliveryQuery(channel=self._plan.name, token=digest_bytes(secret.encode()), limit=1)
        found = await self._gate.store.deliveries(query)
        case = await self._gate.store.case(found[0].case) if found else None
        if case is None:
            raise NotFound("this button belongs to no case; open the inbox")
        if case.state is not State.WAITING:
            raise Conflict(f"this case is {case.state} already")
        return case

    def _check_level(self, case: Case) -> None:
        level, most = level_of(case).value, self._gate.settings.unseen_approvals
        allowed = {"none": -1, **{name: rank for rank, name in enumerate(LEVELS)}}
        if LEVELS.index(level) > min(allowed[self._plan.review], allowed[most]):
            url = f"{self._gate.courier.base}/a/{case.id}"
            raise Forbidden(f"an action of {level} risk is answered in the inbox: {url}")


def slack_routes(gate: "Gate") -> list[Route]:
    """One route for each Slack channel in which things may be decided."""
    routes: list[Route] = []
    for name, leg in gate.courier.legs.items():
        if isinstance(leg.plan, Slack) and leg.plan.review != "none":
            desk = SlackDesk(gate, leg.plan, cast("SlackChannel", leg.channel))
            routes.append(Route(f"/hooks/slack/{name}", _endpoint(desk), methods=["POST"]))
    return routes


def _endpoint(desk: SlackDesk) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LIMIT:
                return JSONResponse({"error": "too long"}, 413)
        try:
            return await desk.heard(body, dict(request.headers))
        except GygesError as error:
            return JSONResponse({"error": str(error)}, error.status)

    return endpoint
