# SPDX-License-Identifier: Apache-2.0
"""Whether rules fit the tools and groups there are: Cedar's strict validation, and whose fault it is.

A rule that could err on some well-formed action does not pass: a misspelt argument, a missing `has`, a
group that does not exist, a scope that can match nothing. It evaluates nothing.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from cedarpy import (
    Schema,
    pst,
    validate_policies,  # pyright: ignore[reportUnknownVariableType] - a bare dict in its signature
)

from gyges import canon
from gyges.errors import BadPolicy
from gyges.gate.policy_rules import Rule, walk
from gyges.gate.schema import GROUP_NAME, RISKS, UNKNOWN, ToolDefinition, cedar_schema

_RISK = pst.GetAttr(base=pst.Var(name="context"), attr="risk")


def check_groups(groups: Mapping[str, int]) -> None:
    """Raise `BadPolicy` for a group whose name a rule could not write plainly, or of negative size."""
    for group, size in groups.items():
        if not GROUP_NAME.fullmatch(group) or size < 0:
            raise BadPolicy(f'group "{group[:80]}": a name of letters, digits and _ . - is needed')


def build_schema(tools: Mapping[str, ToolDefinition], groups: Mapping[str, int]) -> Schema:
    """The parsed schema that rules must fit; `str()` of it is Cedar text for people."""
    try:
        text = canon.encode(canon.clean(cedar_schema(tools, groups))).decode()
        return Schema.from_json_str(text)
    except ValueError as error:
        raise BadPolicy(f"the tools make no Cedar schema: {' '.join(str(error).split())}") from None


def check_rules(rules: Sequence[Rule], schema: Schema, groups: Mapping[str, int]) -> None:
    """Raise `BadPolicy` with file, line and rule for the first rule that does not fit."""
    assured = next((rule for rule in rules if rule.assurance), None)
    for rule in rules:
        if assured and () in rule.looks:
            raise BadPolicy(f"{rule.where}: looks at the whole context, {assured.where} forbids it")
        for word in sorted(_classes_named(rule)):
            if word not in (*RISKS, UNKNOWN):
                raise BadPolicy(f'{rule.where}: there is no risk class "{word}"')
        for path in sorted(rule.looks):
            if path[0:1] == ("approvals",) and len(path) > 1 and path[1] not in groups:
                raise BadPolicy(f'{rule.where}: there is no approver group "{path[1]}"')
    result = validate_policies("\n".join(rule.text for rule in rules), schema)
    if result.validation_passed:
        return
    found = [(_place(error.policy_id), error.error) for error in result.errors]
    place, text = min(found, key=itemgetter(0), default=(-1, "does not fit the schema"))
    where = rules[place].where if 0 <= place < len(rules) else "a rule"
    told = " ".join(text.split()).removeprefix(f"for policy `policy{place}`, ")
    raise BadPolicy(f"{where}: {told[:300]}")


def _classes_named(rule: Rule) -> set[str]:
    """Texts that `context.risk` is compared with: to Cedar a misspelt one is just another text."""
    pairs = [
        (part.left, part.right)
        for part in walk(rule.node.clauses)
        if isinstance(part, pst.BinaryOp)
    ]
    both = [*pairs, *((right, left) for left, right in pairs)]
    return {other.value for one, other in both if one == _RISK and isinstance(other, pst.StringLit)}


def _place(policy_id: str) -> int:
    """Cedar numbers policies by their place in the text: "policy17" is the eighteenth."""
    number = policy_id.removeprefix("policy")
    return int(number) if number.isascii() and number.isdigit() else -1
