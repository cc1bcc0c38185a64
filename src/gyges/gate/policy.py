# SPDX-License-Identifier: Apache-2.0
"""Policy in Cedar: loaded once, validated, sliced by action, and asked what it takes to allow an action.

    allowed as things stand               -> allow
    allowed with some set of approvals    -> ask, for the smallest such set
    denied with every approval there is   -> deny: the constitution, or nothing that permits it

Whatever cannot be evaluated is denied with the reason: an unknown tool, another definition, arguments
that do not fit, a rule that errs. It reads no file, no clock, and weighs no monitor's verdict.
"""

from collections.abc import Mapping, Sequence

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Facts, Ruling
from gyges.errors import BadPolicy
from gyges.gate.policy_check import build_schema, check_groups, check_rules
from gyges.gate.policy_rules import Rule, read_rules
from gyges.gate.policy_ruling import decide, refusal
from gyges.gate.policy_scope import EVERY, could_ever, index
from gyges.gate.policy_slice import Question, Slice, question, slice_of
from gyges.gate.policy_tool import Unfit, prepare
from gyges.gate.schema import CLASS_PREFIX, UNKNOWN, ToolDefinition, check_tools, stricter


class CedarPolicy:
    """One loaded policy set: `ports.Policy`, and what `explain` and `replay` need to look inside."""

    def __init__(
        self,
        rules: Sequence[Rule],
        tools: Mapping[str, ToolDefinition],
        groups: Mapping[str, int],
        document: dict[str, Json],
    ) -> None:
        self.rules = tuple(rules)
        self.tools = dict(tools)
        self.groups = dict(groups)
        self.document = document
        self.digest = canon.digest(document)
        self._tools = {name: prepare(tool) for name, tool in tools.items()}
        self._by_action = index(self.rules)
        self._slices: dict[tuple[str, str], Slice] = {}
        self._shared: dict[tuple[str, ...], Slice] = {}
        for name, tool in self._tools.items():
            self.slice(name, tool.risk)

    def rule(self, action: Action, facts: Facts) -> Ruling:
        """`ports.Policy.rule`: never raises for an action."""
        try:
            asked = self.ask(action, facts)
            given, signed = facts.approvals, facts.signed
            return decide(asked, given=given, signed=signed, sizes=self.groups, policy=self.digest)
        except Unfit as error:
            return refusal(self.digest, str(error))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - what fails, denies; a panic in Rust is no Exception
            return refusal(self.digest, f"policy could not be evaluated: {type(error).__name__}")

    def risk(self, tool: str) -> str:
        """The risk class that counts for `tool`; "unknown" for one nobody approved."""
        known = self._tools.get(tool)
        return known.risk if known else UNKNOWN

    def schema_digest(self, tool: str) -> str:
        """Digest of the approved definition of `tool`, "" for one nobody approved."""
        known = self._tools.get(tool)
        return known.digest if known else ""

    def visible(self, agent: str, tool: str, groups: tuple[str, ...] = ()) -> bool:
        """Whether some arguments and approvals might be allowed; False only where none can be.

        An over-approximation from scopes: a condition is taken to be satisfiable.
        """
        known = self._tools.get(tool)
        if known is None:
            return False
        who = {f"Agent::{agent}", *(f"Group::{group}" for group in groups)}
        rules = self.slice(tool, known.risk).rules.values()
        return could_ever(rules, who, known.definition.server)

    def slice(self, tool: str, risk: str) -> Slice:
        """The rules whose scope can match `tool` while it counts as `risk`."""
        found = self._slices.get((tool, risk))
        if found is None:
            keys = (EVERY, tool, CLASS_PREFIX + risk)
            chosen = {r.id: r for key in keys for r in self._by_action.get(key, ())}
            names = tuple(sorted(chosen))
            found = self._shared.get(names)
            if found is None:
                found = slice_of((chosen[name] for name in names), self.groups)
                self._shared[names] = found
            self._slices[tool, risk] = found
        return found

    def ask(self, action: Action, facts: Facts) -> Question:
        """The question that `action` puts to its slice; raise `Unfit` where there is none to put."""
        tool = self._tools.get(action.tool)
        if tool is None:
            raise Unfit(f'unknown tool "{action.tool[:80]}": somebody must approve its definition')
        tool.fit(action)
        risk = tool.risk if facts.risk == UNKNOWN else stricter(tool.risk, facts.risk)
        part = self.slice(action.tool, risk)
        seen = tool.seen(action.arguments, inputs=part.inputs, amount="amount" in part.roots)
        return question(
            part,
            who=(action.agent, facts.groups),
            action=action.tool,
            server=tool.definition.server or action.server,
            seen={"risk": risk, "agent": {"alarm": facts.alarm}, **seen},
        )


def load(
    sources: Mapping[str, str], tools: Sequence[ToolDefinition], groups: Mapping[str, int]
) -> CedarPolicy:
    """A policy set from Cedar texts by file name, approved tools, and approver groups (name -> people, 0 unsaid).

    Raise `BadPolicy` naming file, line and rule: the caller keeps what was in force.
    """
    check_groups(groups)
    known = check_tools(tools)
    rules = read_rules(sources)
    if not rules:
        raise BadPolicy("there is no rule: an empty policy is more likely lost than meant")
    check_rules(rules, build_schema(known, groups), groups)
    document: dict[str, Json] = {
        "v": 1,
        "sources": dict(sources),
        "tools": [known[name].document() for name in sorted(known)],
        "groups": dict(groups),
    }
    return CedarPolicy(rules, known, groups, document)
