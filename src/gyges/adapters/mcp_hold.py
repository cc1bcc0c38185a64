# SPDX-License-Identifier: Apache-2.0
"""What an agent's client sees while people are asked: a held call with progress, or a link to the inbox.

    hold       the call stays open, with progress so that the client does not give up
    elicit     2026-07-28: input_required with a URL and sealed state; the client comes back by itself
               2025-11-25: elicitation/create with a URL, and the call stays open
    after the hold time: an error result that names the case; the same call again resumes it

What a client answers to an elicitation is manners, never authority: only the gate says whether a call runs.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from gyges.adapters.client import Gate
from gyges.adapters.mcp_words import pending, told, waiting_for
from gyges.answer import Answer

BEAT = 10.0  # seconds between two signs of life
STEP = 1e-6  # of progress for each, so that the tool's own progress still grows
APPROVAL = "approval"
Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How to ask: `seconds` a call is held, whether clients get links, and where the inbox is."""

    seconds: float = 240
    elicit: bool = False
    inbox: str = ""

    def link(self, case: str) -> str:
        """The case's page in the inbox."""
        return f"{self.inbox.rstrip('/')}/a/{case}"


async def hold(
    ctx: Context,
    agent: Gate,
    answer: Answer,
    asking: Asking,
    *,
    state: str,
    params: types.CallToolRequestParams,
) -> Answer | types.InputRequiredResult | dict[str, Any]:
    """The case once it is settled; else what to tell the client instead."""
    link = asking.link(answer.id)
    modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
    if asking.elicit and modern and _takes_links(ctx):
        if not params.request_state:
            return _ask(answer, link, state)
        if _turned_down(params.input_responses):
            return _left_open(answer, link)
    legacy = asking.elicit and not modern and _takes_links(ctx) and ctx.session.can_send_request
    async with _legacy_link(ctx, answer, link) if legacy else _nothing() as turned_down:
        answer = await _wait(ctx, agent, answer, asking.seconds, turned_down)
        if answer.settled:
            return answer
        return _left_open(answer, link) if turned_down.is_set() else pending(answer, link)


async def _wait(
    ctx: Context, agent: Gate, answer: Answer, seconds: float, stop: asyncio.Event
) -> Answer:
    loop = asyncio.get_running_loop()
    end, beat = loop.time() + seconds, 0
    while not answer.settled and not stop.is_set() and (left := end - loop.time()) > 0:
        await ctx.session.report_progress(beat * STEP, None, waiting_for(answer))
        beat += 1
        answer = await _first(agent.settle(answer, seconds=min(BEAT, left)), stop) or answer
    return answer


async def _first(looking: Any, stop: asyncio.Event) -> Answer | None:
    look, stopped = asyncio.ensure_future(looking), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({look, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return look.result() if look.done() else None
    finally:
        look.cancel()
        stopped.cancel()


@contextlib.asynccontextmanager
async def _legacy_link(ctx: Context, answer: Answer, link: str) -> AsyncGenerator[asyncio.Event]:
    """Show the link beside the held call; the event is set when the person at the client says no."""
    turned_down = asyncio.Event()

    async def show() -> None:
        with contextlib.suppress(MCPError):
            told = await ctx.session.elicit_url(
                _message(answer), link, answer.id, related_request_id=ctx.request_id
            )
            if told.action != "accept":
                turned_down.set()

    showing = asyncio.create_task(show())
    try:
        yield turned_down
    finally:
        showing.cancel()
        await asyncio.wait({showing})
        await ctx.session.send_elicit_complete(answer.id, related_request_id=ctx.request_id)


@contextlib.asynccontextmanager
async def _nothing() -> AsyncGenerator[asyncio.Event]:
    yield asyncio.Event()


def _ask(answer: Answer, link: str, state: str) -> types.InputRequiredResult:
    params = types.ElicitRequestURLParams(message=_message(answer), url=link)
    return types.InputRequiredResult(
        input_requests={APPROVAL: types.ElicitRequest(params=params)}, request_state=state
    )


def _message(answer: Answer) -> str:
    return f"{answer.action.tool} needs approval ({waiting_for(answer)}). Case {answer.id}"


def _left_open(answer: Answer, link: str) -> dict[str, Any]:
    text = f"The approval page was turned down at this client, so the call is no longer held. It waits at {link}"
    return told(f"{text}\nCase: {answer.id}", answer)


def _turned_down(responses: Mapping[str, Any] | None) -> bool:
    said = (responses or {}).get(APPROVAL)
    return isinstance(said, types.ElicitResult) and said.action != "accept"


def _takes_links(ctx: Context) -> bool:
    offered = ctx.session.client_capabilities
    return bool(offered and offered.elicitation and offered.elicitation.url is not None)
