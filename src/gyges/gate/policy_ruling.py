# SPDX-License-Identifier: Apache-2.0
"""From Cedar's replies to a ruling: allow, ask for the smallest sufficient approvals, or deny.

It knows no tools and no files; the question holds the rules, and only approvals vary here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gyges.decision import NOBODY, Effect, Requirement, Ruling
from gyges.gate.policy_search import CAP, Approvals, TooMany, candidates
from gyges.gate.policy_signed import PASSKEY
from gyges.gate.policy_slice import NONE, Question, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One set of approvals worth asking for, on top of the approvals `given`."""

    given: Mapping[str, int]
    groups: Approvals
    signed: Mapping[str, int] | None = None  # None: every one of them is signed

    @property
    def assurance(self) -> str:
        return PASSKEY if self.signed is None else ""

    def put(self, asked: Question, groups: Approvals) -> Reply:
        return asked.put(groups, groups if self.signed is None else self.signed)


def decide(
    asked: Question, *, given: Mapping[str, int], sizes: Mapping[str, int], policy: str,
    signed: Mapping[str, int] = NONE,
) -> Ruling:  # fmt: skip
    """The ruling on `asked` when `given` approvals are in; `sizes` are people a group has, 0 unsaid.

    `signed` are those among the given that were signed with a passkey.
    """
    signed = {name: min(n, given.get(name, 0)) for name, n in signed.items()}
    now = asked.put(given, signed)
    if now.errors:
        return refusal(policy, "a rule could not be evaluated: " + now.errors[0], now)
    if now.allowed:
        reason = _reason(asked, now.rules)
        return Ruling(effect=Effect.ALLOW, policy=policy, rules=now.rules, reason=reason)
    try:
        tries = _tries(asked, given, signed, sizes)
    except TooMany:
        return refusal(policy, f"more than {CAP} sets of approvals would have to be tried", now)
    for one in tries:
        then = one.put(asked, one.groups)
        if then.allowed:
            needed = Requirement(groups=_needed(asked, one), assurance=one.assurance)
            return _asking(asked, needed, (*now.rules, *then.rules), policy)
    return _never(asked, now, tries, policy)


def _tries(
    asked: Question, given: Mapping[str, int], signed: Mapping[str, int], sizes: Mapping[str, int]
) -> list[_Try]:
    """Fewest people first; among equals those that need no passkey, then by name."""
    marks = asked.slice.marks
    plain = [_Try(given=given, groups=s, signed=signed) for s in candidates(marks, given, sizes)]
    if not asked.slice.assured:
        return plain
    # Approvals that were not signed count for nothing once signatures are asked for.
    sure = [_Try(given=signed, groups=s) for s in candidates(marks, signed, sizes)]
    return sorted([*plain, *sure], key=lambda one: sum(one.groups.values()))


def refusal(policy: str, reason: str, reply: Reply | None = None) -> Ruling:
    """A denial in one line, with the rules and errors of `reply`."""
    return Ruling(
        effect=Effect.DENY,
        policy=policy,
        rules=reply.rules if reply else (),
        errors=reply.errors if reply else (),
        requirement=NOBODY,
        reason=" ".join(reason.split())[:500],
    )


def _needed(asked: Question, one: _Try) -> Approvals:
    """The set without those given approvals that it does not need."""
    found, needed = one.groups, dict(one.groups)
    for name in sorted(found):
        if found[name] == one.given.get(name, 0) > 0:
            fewer = range(found[name])
            lower = (n for n in fewer if one.put(asked, {**needed, name: n}).allowed)
            needed[name] = next(lower, found[name])
    return {name: n for name, n in sorted(needed.items()) if n}


def _asking(asked: Question, needed: Requirement, rules: Iterable[str], policy: str) -> Ruling:
    """The rules that asked are the forbids that no longer hold then, and the permits that do."""
    named = tuple(dict.fromkeys(rules))
    wanting = [name for name in named if _looks_at_approvals(asked, name)]
    people = ", ".join(f"{n} of {name}" for name, n in needed.groups.items())
    how = ", signed with a passkey" if needed.assurance else ""
    return Ruling(
        effect=Effect.ASK,
        policy=policy,
        rules=named,
        requirement=needed,
        reason=_reason(asked, wanting) or f"needs approval: {people}{how}",
    )


def _never(asked: Question, now: Reply, tries: list[_Try], policy: str) -> Ruling:
    """What still forbids it when all have approved; if nothing does, no rule permits it."""
    last = tries[-1].put(asked, tries[-1].groups) if tries else now
    rules = now.rules if last.errors else last.rules
    if not rules:
        return refusal(policy, "no rule allows it")
    reason = _reason(asked, rules) or f'rule "{rules[0]}" forbids it, whoever approves'
    return refusal(policy, reason, Reply(allowed=False, rules=rules))


def _looks_at_approvals(asked: Question, name: str) -> bool:
    rule = asked.slice.rules.get(name)
    return rule is not None and any(path[0:1] in ((), ("approvals",)) for path in rule.looks)


def _reason(asked: Question, rules: Iterable[str]) -> str:
    known = (asked.slice.rules.get(name) for name in rules)
    return next((rule.reason for rule in known if rule and rule.reason), "")
