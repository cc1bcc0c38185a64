# SPDX-License-Identifier: Apache-2.0
"""The executor's side of a permit: check it offline, use it up, run exactly what it is for, tell how it went.

    verify (signature, audience, time, digest, tool) -> claim on disk -> redeem at the gate -> run -> report

Each step must hold before the next begins; any doubt before `run` means that nothing runs. What was
claimed and not finished when a process died is reported as unknown and never run again. It asks nobody
for leave: the permit is for the agent to bring.
"""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from gyges.action import Action, parse_action
from gyges.adapters.claims import Claims, Untold
from gyges.adapters.client import Gate
from gyges.adapters.keyset import KeySet
from gyges.adapters.reporter import Reporter
from gyges.errors import GygesError, PermitRefused, Stopped, StoreDown, Unreachable
from gyges.permit import Permit, check_action, read_permit

ISSUER = "gyges"  # of permits, as gates have it that are not told otherwise
_T = TypeVar("_T")


class OutcomeUnknown(Exception):
    """Raised by the work itself: it was begun, and nobody can know whether it happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Leave that is used up: run `action` now, once, then `finish`."""

    permit: Permit
    action: Action


class Executor:
    """One named executor. `gate` speaks with the executor's own key; `claims` is its memory."""

    def __init__(
        self,
        gate: Gate,
        *,
        name: str,
        claims: Claims,
        keys: KeySet | None = None,
        issuer: str = ISSUER,
        leeway: int = 2,
    ) -> None:
        self.name = name
        self._gate = gate
        self._keys = keys or KeySet(fetch=lambda: gate.request("GET", "/.well-known/jwks.json"))
        self._issuer = issuer
        self._leeway = leeway
        self._reporter = Reporter(gate, claims)

    async def __aenter__(self) -> Self:
        """Begin telling what a process before us left untold."""
        await self._reporter.recover()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop telling; what is still untold stays on disk."""
        await self._reporter.close()

    async def admit(self, token: str, action: bytes, *, schema: str = "") -> Admitted:
        """Verify, claim and redeem; return only when `action` may run now, raise in every other case.

        `schema` is the digest of the tool's definition as the executor knows it: the permit must name
        the same.
        """
        admitting = self._reporter.keep(self._admit(token, action, schema))
        try:
            return await asyncio.shield(admitting)
        except asyncio.CancelledError:
            admitting.add_done_callback(self._abandoned)
            raise

    def finish(
        self, admitted: Admitted, *, ok: bool | None, result: str = "", summary: str = ""
    ) -> None:
        """Have it written down how it went, and told to the gate until it has heard.

        Both go on by themselves, so that whoever waits for the result need not wait for them as well:
        `drain` does. A process that dies before the outcome is written down leaves it unknown.
        """
        permit = admitted.permit
        untold = Untold(nonce=permit.nonce, case=permit.case, ok=ok, result=result, summary=summary)
        self._reporter.keep(self._reporter.settle(untold))

    async def run(
        self,
        token: str,
        action: bytes,
        work: Callable[[Action], Awaitable[_T]],
        *,
        schema: str = "",
        digest: Callable[[_T], str] = lambda _: "",
    ) -> _T:
        """`admit`, do `work` on the parsed bytes, `finish`; whatever `work` raises is raised on."""
        admitted = await self.admit(token, action, schema=schema)
        try:
            result = await work(admitted.action)
        except BaseException as error:
            self.finish(admitted, ok=blame(error), summary=brief(error))
            raise
        self.finish(admitted, ok=True, result=digest(result))
        return result

    async def drain(self, seconds: float | None = None) -> None:
        """Wait until the gate has heard every outcome so far; raise `TimeoutError` after `seconds`."""
        await self._reporter.drain(seconds)

    async def _admit(self, token: str, action: bytes, schema: str) -> Admitted:
        await self._reporter.recover()
        keys = await self._keys.holding(_kid(token))
        now = time.time_ns() // 1_000_000
        permit = read_permit(
            token, keys, issuer=self._issuer, audience=self.name, now=now // 1000, leeway=self._leeway
        )  # fmt: skip
        admitted = Admitted(permit=permit, action=_action(permit, action, schema))
        await self._reporter.claim(permit.nonce, permit.case, now)
        try:
            await self._gate.redeem(permit.case, permit=token, action=action)
        except GygesError as error:
            unheard = isinstance(error, Unreachable) and not error.extra["sent"]
            if unheard or isinstance(error, Stopped | StoreDown):
                await self._reporter.release(permit.nonce)
            else:
                self.finish(admitted, ok=False, summary=f"not run: {brief(error)}")
            raise
        return admitted

    def _abandoned(self, admitting: asyncio.Task[Admitted]) -> None:
        if not admitting.cancelled() and admitting.exception() is None:
            why = "not run: the caller left before it began"
            self.finish(admitting.result(), ok=False, summary=why)


def _kid(token: str) -> str:
    """The key a permit says it is signed with: a hint for the lookup, believed for nothing else."""
    try:
        head = token.partition(".")[0]
        kid = msgspec.json.decode(
            base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)), type=_Head
        ).kid
    except (ValueError, msgspec.DecodeError) as error:
        raise PermitRefused(f"the permit does not verify: {error}") from None
    return kid


class _Head(msgspec.Struct):
    kid: str = ""


def _action(permit: Permit, data: bytes, schema: str) -> Action:
    check_action(permit, data)
    action = parse_action(data)
    if (permit.tool, permit.agent) != (action.tool, action.agent):
        raise PermitRefused(
            f"the permit of {permit.case} and its action name different tools or agents"
        )
    if schema and permit.tool_schema != schema:
        raise PermitRefused(f"the definition of {action.tool} is not the one that was approved")
    return action


def blame(error: BaseException) -> bool | None:
    """What an exception out of the work says of the outcome: False it failed, None nobody can know."""
    known = isinstance(error, Exception) and not isinstance(error, OutcomeUnknown)
    return False if known else None


def brief(error: BaseException) -> str:
    """One line of at most 200 characters for the log."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}"[:200] if lines else type(error).__name__
