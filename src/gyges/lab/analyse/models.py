# SPDX-License-Identifier: Apache-2.0
"""Many models side by side: their gaps corrected for having been looked at together, and partly pooled.

Holm keeps the chance of any false alarm in the table at alpha, Benjamini-Hochberg the share of false ones.
Pooling draws each gap towards the others as far as the data warrant; it needs three models, and organisms
neither pool with models nor are corrected with them. It measures nothing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gyges.lab.analyse.effect import by_cluster, difference
from gyges.lab.analyse.gap import HEADLINE, Gap
from gyges.lab.analyse.pairs import pair
from gyges.lab.analyse.question import Question
from gyges.lab.stats.clusters import adjusted_error
from gyges.lab.stats.multiplicity import benjamini_hochberg, holm
from gyges.lab.stats.pooling import random_effects
from gyges.lab.stats.words import Estimate
from gyges.lab.trial import Trial

FEWEST = 3  # models that pooling needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One model in the table: its p, corrected in two ways, and its gap, partly pooled (None if it was not)."""

    model: str
    p: float
    holm: float
    benjamini_hochberg: float
    pooled: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """The table, the mean gap of the population that the pooled models come from, and its sigma."""

    members: tuple[Member, ...]
    mean: Estimate | None
    spread: float | None


def models(gaps: Sequence[Gap], trials: Sequence[Trial], question: Question = HEADLINE) -> Models:
    """The models with a gap, together; `trials` are those that the gaps came from."""
    tested = [g.overall for g in gaps if g.overall.effect.test]
    ps = [one.effect.test.p for one in tested if one.effect.test]
    values = [one.effect.estimate.value for one in tested if one.effect.estimate]
    errors = [_error(trials, one.model, question) for one in tested]
    pooled = random_effects(values, errors) if len(values) >= FEWEST else None
    each = pooled.members if pooled else (None,) * len(tested)
    rows = zip(tested, ps, holm(ps), benjamini_hochberg(ps), each, strict=True)
    return Models(
        members=tuple(
            Member(model=one.model, p=p, holm=h, benjamini_hochberg=b, pooled=drawn)
            for one, p, h, b, drawn in rows
        ),
        mean=pooled.mean if pooled else None,
        spread=pooled.spread if pooled else None,
    )


def _error(trials: Sequence[Trial], model: str, question: Question) -> float:
    task = question.where.get("task", "")
    own = [t for t in trials if t.model == model and task in {"", t.mark.task}]
    found = by_cluster(pair(own, question.contrast, question.measure), difference)
    return adjusted_error(np.asarray(list(found.values())))
