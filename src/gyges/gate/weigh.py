# SPDX-License-Identifier: Apache-2.0
"""Ruling and verdicts become one decision: the more severe of them. Pure.

    ruling       verdicts            decision
    allow        0.2                 allow
    allow        0.7                 ask    {reviewers: 1}
    ask {f: 2}   0.7                 ask    {f: 2, reviewers: 1}
    allow        late, broken, NaN   ask    {reviewers: 1}   (or deny: the configured worst)
    ask {f: 2}   0.99                deny
    deny         0.0                 deny

A verdict can tighten and nothing else, so no verdict, and no absence of one, makes a decision looser than
the ruling. It looks at nothing itself: policy has ruled and the panel has looked before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gyges.decision import NOBODY, Decision, Effect, Requirement, Ruling
from gyges.verdict import Look, Verdict

LINE = 400  # characters of a reason that people read


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which suspicion a verdict asks or denies, what a verdict that is none counts as, and who is asked."""

    ask_above: float = 0.5
    deny_above: float = 0.95
    worst: Effect = Effect.ASK
    reviewers: str = "reviewers"


def weigh(ruling: Ruling, verdicts: Sequence[Verdict], *, thresholds: Thresholds) -> Decision:
    """The gate's answer. An ASK that names nobody to ask is a DENY: nobody could ever grant it."""
    start = _ruled(ruling)
    tighter = [v for v in verdicts if _raises(v, start, thresholds)]
    effects = [start, *(_amounts_to(v, thresholds) for v in tighter)]
    effect = max(effects, key=lambda e: e.severity)
    requirement = _requirement(ruling, start, bool(tighter), thresholds.reviewers)
    if effect is Effect.ASK and not _asks_somebody(requirement):
        effect = Effect.DENY
    return Decision(
        effect=effect,
        ruling=ruling,
        verdicts=tuple(verdicts),
        requirement=requirement if effect is Effect.ASK else NOBODY,
        reason=_reason(ruling, tighter, thresholds),
    )


def _ruled(ruling: Ruling) -> Effect:
    # Policy sees to both by itself; should it ever forget, this is the second lock.
    unasked = ruling.effect is Effect.ASK and not _asks_somebody(ruling.requirement)
    return Effect.DENY if ruling.errors or unasked else ruling.effect


def _amounts_to(verdict: Verdict, thresholds: Thresholds) -> Effect:
    if verdict.look is not Look.DONE or not verdict.sane:
        return Effect.DENY if thresholds.worst is Effect.DENY else Effect.ASK
    if verdict.suspicion >= thresholds.deny_above:
        return Effect.DENY
    return Effect.ASK if verdict.suspicion >= thresholds.ask_above else Effect.ALLOW


def _raises(verdict: Verdict, start: Effect, thresholds: Thresholds) -> bool:
    effect = _amounts_to(verdict, thresholds)
    return effect is not Effect.ALLOW and effect.severity >= start.severity


def _requirement(ruling: Ruling, start: Effect, raised: bool, reviewers: str) -> Requirement:
    asked = ruling.requirement if start is Effect.ASK else NOBODY
    return asked.join(Requirement(groups={reviewers: 1})) if raised and reviewers else asked


def _asks_somebody(requirement: Requirement) -> bool:
    return any(group and people > 0 for group, people in requirement.groups.items())


def _reason(ruling: Ruling, tighter: Sequence[Verdict], thresholds: Thresholds) -> str:
    said = ruling.reason or "; ".join((*ruling.errors, *ruling.rules)) or f"policy: {ruling.effect}"
    voices = [f"{v.monitor} {_voice(v, _amounts_to(v, thresholds))}" for v in tighter]
    return "; ".join(_line(text) for text in (said, *voices))


def _voice(verdict: Verdict, effect: Effect) -> str:
    why = f": {verdict.reasons[0]}" if verdict.reasons else ""
    if verdict.look is not Look.DONE:
        return f"is {verdict.look}, which counts as {effect}{why}"
    if not verdict.sane:
        return f"gave no number in [0, 1], which counts as {effect}{why}"
    return f"says {effect} (suspicion {verdict.suspicion:.2f}){why}"


def _line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LINE else flat[: LINE - 3] + "..."
