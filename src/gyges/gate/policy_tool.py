# SPDX-License-Identifier: Apache-2.0
"""One approved tool, compiled: does an action fit its definition, and what may rules see of the arguments.

It knows nothing of rules; a reason for refusal names the tool or the argument, never the argument's value.
"""

from dataclasses import dataclass

from gyges.action import Action
from gyges.canon import Json
from gyges.gate.policy_arguments import ArgumentCheck
from gyges.gate.policy_types import Inexact, RecordShape, decimal, record_of
from gyges.gate.schema import ToolDefinition, risk_of
from gyges.pointer import MISSING, Missing, find


class Unfit(Exception):
    """An action that no rule can be asked about; the text says why, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A definition with its digest, the risk class that counts, and its compiled inputSchema."""

    definition: ToolDefinition
    digest: str
    risk: str
    check: ArgumentCheck
    shape: RecordShape

    def fit(self, action: Action) -> None:
        """Raise `Unfit` unless `action` is a call of exactly this tool with arguments that fit."""
        name, server = action.tool, self.definition.server
        if action.tool_schema and action.tool_schema != self.digest:
            raise Unfit(
                f'tool "{name}" has changed since its definition was approved: '
                "unknown until somebody approves the new one"
            )
        if server and action.server not in ("", server):
            raise Unfit(f'tool "{name}" is approved for server "{server}" only')
        if problem := self.check.problem(action.arguments):
            raise Unfit(problem)

    def seen(
        self, arguments: dict[str, Json], *, inputs: frozenset[str] | None, amount: bool
    ) -> dict[str, Json]:
        """The Cedar values of `input` (only `inputs`; None: all that rules can see) and of `amount`."""
        names = frozenset(self.shape.fields) if inputs is None else inputs
        pointer = self.definition.amount if amount else ""
        try:
            found: dict[str, Json] = {"input": self.shape.pick(arguments, names)}
        except Inexact as error:
            raise Unfit(f"argument {error}") from None
        value = find(arguments, pointer) if pointer else MISSING
        if not isinstance(value, Missing):
            try:
                found["amount"] = decimal(value)
            except Inexact as error:
                raise Unfit(f"argument {pointer} {error}") from None
        return found


def prepare(tool: ToolDefinition) -> Tool:
    """Compile `tool`; raise `BadPolicy` where its inputSchema cannot be used."""
    return Tool(
        definition=tool,
        digest=tool.digest,
        risk=risk_of(tool),
        check=ArgumentCheck(tool.name, tool.input_schema),
        shape=record_of(tool.input_schema),
    )
