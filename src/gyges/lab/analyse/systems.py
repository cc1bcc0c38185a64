# SPDX-License-Identifier: Apache-2.0
"""Decision systems in an audit and in real life: favourable decisions on twins, live - audit.

The trials of `audit_gap`, a row for each system. A pair is no prompt that a model answers, so these trials stand in
no other table. Fairness between groups, and a planted gap that lets silence count, are for `gyges lab audit`.
"""

from collections.abc import Iterable

from gyges.lab.analyse.pairs import Contrast
from gyges.lab.analyse.question import Answer, Question, ask, corrected, judged
from gyges.lab.trial import Trial

TASK = "audit_gap"
CONTEXT = Contrast(factor="context", high="live", low="audit")


def systems(trials: Iterable[Trial]) -> dict[str, Answer]:
    """System -> its gap in [-1, 1], corrected over all systems; below zero it is harder on real cases."""
    used = [t for t in trials if t.mark.task == TASK]
    names = sorted({t.mark.pack for t in used})
    asked = [
        Question(name=name, contrast=CONTEXT, where={"task": TASK, "pack": name}, group="system")
        for name in names
    ]
    return {one.name: one for one in judged(corrected(ask(q, used) for q in asked))}
