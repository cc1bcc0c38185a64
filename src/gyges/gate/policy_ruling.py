# SPDX-License-Identifier: Apache-2.0
"""From Cedar's replies to a ruling: allow, ask for the smallest sufficient approvals, or deny.

It knows no tools and no files; the question holds the rules, and only approvals vary here.
"""

from collections.abc import Iterable, Mapping

from gyges.decision import NOBODY, Effect, Requirement, Ruling
from gyges.gate.policy_search import CAP, Approvals, TooMany, candidates
from gyges.gate.policy_slice import Question, Reply


def decide(
    asked: Question, *, given: Mapping[str, int], sizes: Mapping[str, int], policy: str
) -> Ruling:
    """The ruling on `asked` when `given` approvals are in; `sizes` are people a group has, 0 unsaid."""
    now = asked.put(given)
    if now.errors:
        return refusal(policy, "a rule could not be evaluated: " + now.errors[0], now)
    if now.allowed:
        reason = _reason(asked, now.rules)
        return Ruling(effect=Effect.ALLOW, policy=policy, rules=now.rules, reason=reason)
    try:
        sets = candidates(asked.slice.marks, given, sizes)
    except TooMany:
        return refusal(policy, f"more than {CAP} sets of approvals would have to be tried", now)
    for approvals in sets:
        then = asked.put(approvals)
        if then.allowed:
            needed = _needed(asked, given, approvals)
            return _asking(asked, needed, (*now.rules, *then.rules), policy)
    return _never(asked, now, sets, policy)


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


def _needed(asked: Question, given: Mapping[str, int], found: Approvals) -> Approvals:
    """`found` without those given approvals that it does not need."""
    needed = dict(found)
    for name in sorted(found):
        if found[name] == given.get(name, 0) > 0:
            lower = (n for n in range(found[name]) if asked.put({**needed, name: n}).allowed)
            needed[name] = next(lower, found[name])
    return {name: n for name, n in sorted(needed.items()) if n}


def _asking(asked: Question, groups: Approvals, rules: Iterable[str], policy: str) -> Ruling:
    """The rules that asked are the forbids that no longer hold then, and the permits that do."""
    named = tuple(dict.fromkeys(rules))
    wanting = [name for name in named if _looks_at_approvals(asked, name)]
    people = ", ".join(f"{n} of {name}" for name, n in groups.items())
    return Ruling(
        effect=Effect.ASK,
        policy=policy,
        rules=named,
        requirement=Requirement(groups=groups),
        reason=_reason(asked, wanting) or f"needs approval: {people}",
    )


def _never(asked: Question, now: Reply, sets: list[Approvals], policy: str) -> Ruling:
    """What still forbids it when all have approved; if nothing does, no rule permits it."""
    last = asked.put(sets[-1]) if sets else now
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
