# SPDX-License-Identifier: Apache-2.0
"""The mean of pair differences, with what is left of the pairs' own differences regressed out.

Matched pairs are alike, not equal. Over pairs i with outcome difference d_i and covariate differences x_i it
fits d_i = gap + b x_i: the gap is what differs where the covariates do not. It chooses no pairs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.errors import Malformed
from gyges.lab.stats import special
from gyges.lab.stats.words import Estimate, Numbers, Test, check_level, estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Intercept:
    """A mean with its standard error (> 0) and degrees of freedom, over `n` pairs."""

    value: float
    error: float
    df: float
    n: int

    def minus(self, other: "Intercept") -> "Intercept":
        """The difference of two that share no pair; degrees of freedom by Welch and Satterthwaite."""
        one, two = self.error**2, other.error**2
        df = (one + two) ** 2 / (one**2 / self.df + two**2 / other.df)
        error = float(np.hypot(self.error, other.error))
        return Intercept(value=self.value - other.value, error=error, df=df, n=self.n + other.n)

    def estimate(self, level: float = 0.95) -> Estimate:
        """Student's interval."""
        half = special.t_quantile(check_level(level), self.df) * self.error
        name = "matched pairs, adjusted"
        return estimate(self.value, self.value - half, self.value + half, level, self.n, name)

    @property
    def test(self) -> Test:
        """Student's test of a mean of zero, two-sided."""
        t = self.value / self.error
        p = special.t_two_sided(t, self.df)
        return Test(p=p, statistic=t, n=self.n, method="matched pairs, adjusted t")


def intercept(
    differences: Numbers, covariates: NDArray[np.float64] | None = None, reach: float = 1.0
) -> Intercept:
    """The gap at equal covariates; `covariates` is (n, k), live minus audit, or None.

    The error is the HC3 sandwich (MacKinnon & White, J. Econometrics 29, 1985), with the two imagined pairs
    of `clusters.adjusted_error` added so that unanimous pairs do not claim certainty; `reach` is the size
    of a large difference: 1 for rates, a standard deviation for numbers. Covariates that do not vary are
    left out, and so are the last ones where there are fewer than 10 pairs for each.

    Raises:
        Malformed: fewer than 3 pairs, or a difference that is not finite.
    """
    n = differences.size
    if n < 3 or not bool(np.isfinite(differences).all()):
        raise Malformed(f"a gap needs at least 3 pairs with finite differences, not {n}")
    design = np.ones((n, 1))
    if covariates is not None:
        moving = covariates[:, covariates.std(axis=0) > 1e-12][:, : n // 10]
        design = np.hstack([design, moving])
    bread = np.linalg.pinv(design.T @ design)
    fitted = bread @ (design.T @ differences)
    leverage = np.einsum("ij,jk,ik->i", design, bread, design)
    left = (differences - design @ fitted) / np.maximum(1 - leverage, 0.05)
    sandwich = bread @ ((design * left[:, None] ** 2).T @ design) @ bread
    imagined = reach**2 / ((n + 1) * (n + 2))
    error = float(np.sqrt(max(0.0, float(sandwich[0, 0])) + imagined))
    return Intercept(value=float(fitted[0]), error=error, df=n - design.shape[1] + 1.0, n=n)
