# SPDX-License-Identifier: Apache-2.0
"""Which of an agent's calls wait for people, so that the same call made again resumes instead of asking twice.

A no that came after the agent had stopped waiting is kept for it, and told once. It is a cache of what the
gate knows: lost at a restart, and asked for again at an agent's first call.
"""

from gyges.adapters.client import Gate
from gyges.adapters.mcp_words import Proposal, fingerprint_of
from gyges.answer import Answer
from gyges.case import State

MANY = 200


class Waits:
    """Open cases by agent (the digest of its key) and call."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, str]] = {}

    async def find(self, gate: Gate, who: str, call: Proposal) -> Answer | None:
        """The case of the same call that is open, granted and not yet used, or refused and not yet told."""
        mine = self._open.get(who)
        if mine is None:
            mine = self._open.setdefault(who, await _recall(gate))
        case = mine.get(call.fingerprint()) if mine else None
        if case is None:
            return None
        answer = await gate.look(case)
        while answer.state is State.SUPERSEDED and answer.replaced_by:
            answer = await gate.look(answer.replaced_by)
        if answer.state in (State.PROPOSED, State.WAITING, State.GRANTED):
            return answer
        mine.pop(call.fingerprint(), None)
        return answer if answer.state in (State.DENIED, State.EXPIRED) else None

    def add(self, who: str, call: Proposal, case: str) -> None:
        """`case` waits for people."""
        self._open.setdefault(who, {})[call.fingerprint()] = case

    def drop(self, who: str, call: Proposal) -> None:
        """The caller hears how it ended: nothing is left to resume."""
        self._open.get(who, {}).pop(call.fingerprint(), None)


async def _recall(gate: Gate) -> dict[str, str]:
    page, _ = await gate.find(state="waiting,granted", limit=MANY)
    asked = [a for a in page if (a.votes or a.state is State.WAITING) and not a.amends]
    return {fingerprint_of(a.action): a.id for a in asked}
