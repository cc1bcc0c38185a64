# SPDX-License-Identifier: Apache-2.0
"""The rules that can speak about one action, parsed once, and one question put to them.

Cedar's cost lies in building the request, so a slice knows what its rules look at and hands over only
that: an argument that no rule names is never converted. That changes no answer, because a rule's value
depends only on what it reads. It decides nothing: `policy.py` reads the answers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import cedarpy
import msgspec
from cedarpy import pst

from gyges.canon import Json
from gyges.gate.policy_rules import Rule, policy_set
from gyges.gate.policy_search import Marks, marks_of
from gyges.gate.policy_signed import SIGNED, sees_signed
from gyges.gate.schema import CLASS_PREFIX

# cedarpy's own signatures speak of bare dicts, which strict checkers take for unknown.
_Authorize = Callable[[dict[str, object], cedarpy.PolicySet, cedarpy.Entities], cedarpy.AuthzResult]
_is_authorized = cast("_Authorize", getattr(cedarpy, "is_authorized"))  # noqa: B009
_entities = cast("Callable[[str], cedarpy.Entities]", getattr(cedarpy.Entities, "from_json_str"))  # noqa: B009

NONE: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What Cedar said. `allowed` is false whenever there are errors; `rules` are ids, sorted."""

    allowed: bool
    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Rules with one parsed handle. Empty sets mean: no rule looks; None: some rule looks at all of it."""

    rules: Mapping[str, Rule]
    handle: cedarpy.PolicySet
    inputs: frozenset[str] | None
    marks: Mapping[str, Marks]  # approver groups that rules mention
    roots: frozenset[str]  # of "approvals", "risk", "agent", "amount", "input": those looked at
    assured: bool = False  # whether some rule counts signed approvals only


def slice_of(rules: Iterable[Rule], groups: Iterable[str]) -> Slice:
    """A slice of `rules`; `groups` are all approver groups there are."""
    chosen = {rule.id: rule for rule in rules}
    looks = {path for rule in chosen.values() for path in rule.looks}
    whole = () in looks
    inputs = {path[1] for path in looks if path[0:1] == ("input",) and len(path) > 1}
    every = {"approvals", "risk", "agent", "amount", "input"}
    return Slice(
        rules=chosen,
        handle=policy_set({name: replace(_asked(rule), id=name) for name, rule in chosen.items()}),
        inputs=None if whole or ("input",) in looks else frozenset(inputs),
        marks=marks_of([rule.node for rule in chosen.values()], looks, groups),
        roots=frozenset(every if whole else {path[0] for path in looks}),
        assured=any(rule.assurance for rule in chosen.values()),
    )


def _asked(rule: Rule) -> pst.Template:
    return sees_signed(rule.node) if rule.assurance else rule.node


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One action under one slice; only the approvals are still open."""

    slice: Slice
    head: dict[str, object]  # principal, action, resource
    entities: cedarpy.Entities
    context: str  # JSON of the context without approvals, without its last brace

    def put(self, approvals: Mapping[str, int], signed: Mapping[str, int] = NONE) -> Reply:
        """Ask Cedar, with these approvals given, of which so many are signed, and 0 of every other group."""
        return self.put_to(self.slice.handle, approvals, signed)

    def put_to(
        self,
        handle: cedarpy.PolicySet,
        approvals: Mapping[str, int],
        signed: Mapping[str, int] = NONE,
    ) -> Reply:
        """The same question to other rules."""
        tail = f'"approvals":{self._counts(approvals)}'
        if self.slice.assured:
            tail += f',"{SIGNED}":{self._counts(signed)}'
        request = {**self.head, "context": f"{self.context}{tail}}}"}
        result = _is_authorized(request, handle, self.entities)
        told = result.diagnostics
        errors = tuple(told.errors)
        if result.decision is cedarpy.Decision.NoDecision and not errors:
            errors = ("Cedar gave no decision",)
        allowed = result.decision is cedarpy.Decision.Allow and not errors
        return Reply(allowed=allowed, rules=tuple(sorted(told.reasons)), errors=errors)

    def _counts(self, approvals: Mapping[str, int]) -> str:
        counts = ",".join(f'"{name}":{approvals.get(name, 0)}' for name in self.slice.marks)
        return f"{{{counts}}}"


def question(
    slice: Slice,
    *,
    who: tuple[str, tuple[str, ...]],
    action: str,
    server: str,
    seen: dict[str, Json],
) -> Question:
    """`who` is the agent's name and groups; `seen` holds risk, agent, input and, where known, amount."""
    agent, groups = who
    shown = {name: value for name, value in seen.items() if name in slice.roots}
    text = msgspec.json.encode(shown).decode()
    return Question(
        slice=slice,
        head={
            "principal": {"type": "Agent", "id": agent},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Server", "id": server},
        },
        entities=entities_of(agent, groups, action, str(seen["risk"])),
        context=text[:-1] + ("," if shown else ""),
    )


@lru_cache(maxsize=4096)
def entities_of(agent: str, groups: tuple[str, ...], action: str, risk: str) -> cedarpy.Entities:
    """The two entities with parents: the agent in its groups, the tool in its risk class."""
    known = [
        {"uid": {"type": "Agent", "id": agent}, "parents": [_group(g) for g in groups]},
        {
            "uid": {"type": "Action", "id": action},
            "parents": [{"type": "Action", "id": CLASS_PREFIX + risk}],
        },
    ]
    whole = [{**entity, "attrs": {}} for entity in known]
    return _entities(msgspec.json.encode(whole).decode())


def _group(name: str) -> dict[str, str]:
    return {"type": "Group", "id": name}
