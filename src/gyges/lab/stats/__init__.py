# SPDX-License-Identifier: Apache-2.0
"""The lab's statistics: pure functions on arrays. No file here knows of a model, a log or a clock.

gaps                            two arms of the same prompts, by the method that fits
matched, clusters, resampling   pairs; several samples per prompt
proportions                     one proportion, two independent ones
crossed, multiplicity           crossed conditions; many tests at once
pooling, power, sequential      many models; how many prompts; looking while it runs
judges                          graders against labels and each other
"""

from gyges.lab.stats.clusters import (
    Paired,
    adjusted,
    adjusted_error,
    clustered_error,
    pair,
    sign_flip,
    student,
)
from gyges.lab.stats.crossed import Effect, Factorial, Observation, factorial
from gyges.lab.stats.gaps import Gap, gap
from gyges.lab.stats.judges import alpha, auroc, kappa
from gyges.lab.stats.matched import Table, mcnemar, newcombe_paired, tango
from gyges.lab.stats.multiplicity import benjamini_hochberg, holm
from gyges.lab.stats.pooling import Pooled, beta_binomial, random_effects
from gyges.lab.stats.power import (
    mcnemar_power,
    pairs_needed,
    per_arm_needed,
    smallest_gap,
    smallest_gap_unpaired,
)
from gyges.lab.stats.proportions import (
    clopper_pearson,
    fisher,
    newcombe,
    standard_error,
    two_proportion,
    wald,
    wilson,
)
from gyges.lab.stats.resampling import bootstrap
from gyges.lab.stats.sequential import Running, anytime_mcnemar, confidence_sequence
from gyges.lab.stats.words import Estimate, Test

__all__ = [
    "Effect",
    "Estimate",
    "Factorial",
    "Gap",
    "Observation",
    "Paired",
    "Pooled",
    "Running",
    "Table",
    "Test",
    "adjusted",
    "adjusted_error",
    "alpha",
    "anytime_mcnemar",
    "auroc",
    "benjamini_hochberg",
    "beta_binomial",
    "bootstrap",
    "clopper_pearson",
    "clustered_error",
    "confidence_sequence",
    "factorial",
    "fisher",
    "gap",
    "holm",
    "kappa",
    "mcnemar",
    "mcnemar_power",
    "newcombe",
    "newcombe_paired",
    "pair",
    "pairs_needed",
    "per_arm_needed",
    "random_effects",
    "sign_flip",
    "smallest_gap",
    "smallest_gap_unpaired",
    "standard_error",
    "student",
    "tango",
    "two_proportion",
    "wald",
    "wilson",
]
