# SPDX-License-Identifier: Apache-2.0
"""Policy in Cedar: loaded once, validated, sliced by action, and asked what it takes to allow an action.

    allowed as things stand               -> allow
    allowed with some set of approvals    -> ask, for the smallest such set
    denied with every approval there is   -> deny: the constitution, or nothing that permits it

Whatever cannot be evaluated is denied with the reason: an unknown tool, another definition, arguments
that do not fit, a rule that errs. It reads no file, no clock, and weighs no monitor's verdict.
"""

from collections.abc import Mapping, Sequence

from cedarpy import (
    Schema,
    validate_policies,  # pyright: ignore[reportUnknownVariableType] - a bare dict in its signature
)

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.decision import NOBODY, Effect, Facts, Requirement, Ruling
from gyges.errors import BadPolicy
from gyges.gate.policy_rules import Rule, read_rules
from gyges.gate.policy_scope import EVERY, could_ever, index
from gyges.gate.policy_search import CAP, TooMany, candidates
from gyges.gate.policy_slice import Question, Reply, Slice, question, slice_of
from gyges.gate.policy_tool import Unfit, prepare
from gyges.gate.schema import (
    CLASS_PREFIX,
    GROUP_NAME,
    UNKNOWN,
    ToolDefinition,
    cedar_schema,
    check_tools,
    stricter,
)


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
            return self._rule(self.ask(action, facts), self._given(facts))
        except Unfit as error:
            return self._deny(str(error))
        except Exception as error:  # noqa: BLE001 - the port's contract: what fails, denies
            return self._deny(f"policy could not be evaluated: {type(error).__name__}")

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
            seen={"risk": risk, "alarm": facts.alarm, **seen},
        )

    def _rule(self, asked: Question, given: dict[str, int]) -> Ruling:
        now = asked.put(given)
        if now.errors:
            return self._deny("a rule could not be evaluated: " + now.errors[0], now)
        if now.allowed:
            return self._ruling(Effect.ALLOW, now, self._reason(asked.slice, now.rules))
        try:
            sets = candidates(asked.slice.marks, given, self.groups)
        except TooMany:
            return self._deny(f"more than {CAP} sets of approvals would have to be tried", now)
        for approvals in sets:
            reply = asked.put(approvals)
            if reply.allowed:
                return self._asking(asked, given, approvals, now, reply)
        return self._constitution(asked, now, sets)

    def _asking(
        self,
        asked: Question,
        given: dict[str, int],
        found: dict[str, int],
        now: Reply,
        then: Reply,
    ) -> Ruling:
        """The smallest set, without those given approvals that it does not need."""
        needed = dict(found)
        for name in sorted(found):
            if found[name] == given.get(name, 0) > 0:
                lower = [n for n in range(needed[name]) if asked.put({**needed, name: n}).allowed]
                needed[name] = min(lower, default=needed[name])
        groups = {name: n for name, n in sorted(needed.items()) if n}
        rules = tuple(dict.fromkeys((*then.rules, *now.rules)))
        text = ", ".join(f"{n} of {name}" for name, n in groups.items())
        reason = self._reason(asked.slice, rules) or f"needs approval: {text}"
        return self._ruling(
            Effect.ASK, Reply(allowed=False, rules=rules), reason, Requirement(groups=groups)
        )

    def _constitution(self, asked: Question, now: Reply, sets: list[dict[str, int]]) -> Ruling:
        last = asked.put(sets[-1]) if sets else now
        rules = last.rules if last.rules and not last.errors else now.rules
        if not rules:
            return self._deny("no rule allows it", now)
        reason = (
            self._reason(asked.slice, rules) or f'rule "{rules[0]}" forbids it, whoever approves'
        )
        return self._ruling(Effect.DENY, Reply(allowed=False, rules=rules), reason)

    def _given(self, facts: Facts) -> dict[str, int]:
        return {name: n for name, n in facts.approvals.items() if name in self.groups and n > 0}

    @staticmethod
    def _reason(part: Slice, rules: Sequence[str]) -> str:
        reasons = (part.rules[name].reason for name in rules if name in part.rules)
        return next((reason for reason in reasons if reason), "")

    def _deny(self, reason: str, reply: Reply | None = None) -> Ruling:
        return self._ruling(
            Effect.DENY, reply or Reply(allowed=False), " ".join(reason.split())[:500]
        )

    def _ruling(
        self, effect: Effect, reply: Reply, reason: str, requirement: Requirement = NOBODY
    ) -> Ruling:
        return Ruling(
            effect=effect,
            policy=self.digest,
            rules=reply.rules,
            requirement=requirement,
            errors=reply.errors,
            reason=reason,
        )


def load(
    sources: Mapping[str, str], tools: Sequence[ToolDefinition], groups: Mapping[str, int]
) -> CedarPolicy:
    """A policy set from Cedar texts by file name, approved tools, and approver groups (name -> people, 0 unsaid).

    Raise `BadPolicy` naming file, line and rule: the caller keeps what was in force.
    """
    for group, size in groups.items():
        if not GROUP_NAME.fullmatch(group) or size < 0:
            raise BadPolicy(f'group "{group[:80]}": a name of letters, digits and _ . - is needed')
    known = check_tools(tools)
    rules = read_rules(sources)
    if not rules:
        raise BadPolicy("there is no rule: an empty policy is more likely lost than meant")
    schema = _schema(known, groups)
    for rule in rules:
        _check_rule(rule, schema, groups)
    document: dict[str, Json] = {
        "v": 1,
        "sources": dict(sources),
        "tools": [known[name].document() for name in sorted(known)],
        "groups": dict(groups),
    }
    return CedarPolicy(rules, known, groups, document)


def _schema(tools: Mapping[str, ToolDefinition], groups: Mapping[str, int]) -> Schema:
    try:
        return Schema.from_json_str(canon.encode(_json(cedar_schema(tools, groups))).decode())
    except ValueError as error:
        raise BadPolicy(f"the tools make no Cedar schema: {' '.join(str(error).split())}") from None


def _json(value: dict[str, object]) -> Json:
    return canon.clean(value)


def _check_rule(rule: Rule, schema: Schema, groups: Mapping[str, int]) -> None:
    for path in sorted(rule.looks):
        if path[0:1] == ("approvals",) and len(path) > 1 and path[1] not in groups:
            raise BadPolicy(f'{rule.where}: there is no approver group "{path[1]}"')
    result = validate_policies(rule.text, schema)
    if not result.validation_passed:
        first = result.errors[0].error if result.errors else "does not fit the schema"
        text = " ".join(first.split()).removeprefix("for policy `policy0`, ")
        raise BadPolicy(f"{rule.where}: {text[:300]}")
