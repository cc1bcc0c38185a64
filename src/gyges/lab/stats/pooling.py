# SPDX-License-Identifier: Apache-2.0
"""Partial pooling over models: each estimate is drawn towards the others as far as the data warrant.

`beta_binomial` pools rates, `random_effects` pools gaps that come with standard errors. Both average over
the whole posterior on a grid, so that a spread near zero is allowed for and never assumed. The intervals
are posterior: right for a table of models side by side, not for peeking while data grow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gyges.errors import Malformed
from gyges.lab.stats import special
from gyges.lab.stats.words import Estimate, Numbers, check_counts, check_level, estimate, numbers

GRID = 64
KAPPA = (0.05, 20_000.0)
"""From models that share nothing to models that are all alike; nodes lie evenly in log kappa."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """`members` in the order given; `mean` of the population they come from; `spread`, its sigma."""

    members: tuple[Estimate, ...]
    mean: Estimate
    spread: float


def beta_binomial(successes: Sequence[int], trials: Sequence[int], level: float = 0.95) -> Pooled:
    """Rates of several models under theta_j ~ Beta(mu kappa, (1 - mu) kappa).

    Priors: mu uniform; kappa with density 1 / (1 + kappa)^2, so that complete pooling and none at all
    are equally thinkable (the share kappa / (1 + kappa) is uniform). Gelman et al., Bayesian Data
    Analysis, 3rd ed., section 5.3, with another prior. Needs at least two models.

    Raises:
        Malformed: fewer than two models, lengths that differ, or impossible counts.
    """
    check_level(level)
    if len(successes) != len(trials) or len(trials) < 2:
        raise Malformed("pooling needs counts of at least two models")
    for part, whole in zip(successes, trials, strict=True):
        check_counts(part, whole)
    mu, kappa, weight = _posterior(np.array(successes, float), np.array(trials, float))
    a, b = mu * kappa, (1 - mu) * kappa
    members = tuple(
        _mixed_beta(a + y, b + n - y, weight, level, n)
        for y, n in zip(successes, trials, strict=True)
    )
    spread = float((weight * np.sqrt(mu * (1 - mu) / (kappa + 1))).sum())
    return Pooled(members=members, mean=_on_grid(mu, weight, level, len(trials)), spread=spread)


def random_effects(gaps: Sequence[float], errors: Sequence[float], level: float = 0.95) -> Pooled:
    """Gaps y_j with standard errors s_j > 0 under y_j ~ N(theta_j, s_j^2), theta_j ~ N(mu, tau^2).

    mu flat and integrated out, tau flat on a grid; Gelman et al., section 5.4. Take the errors from
    `clusters.adjusted_error`, which is never 0. Needs at least three models, or tau is not identified.

    Raises:
        Malformed: fewer than three models, lengths that differ, an error that is not positive.
    """
    check_level(level)
    y, s = numbers(gaps, "gaps"), numbers(errors, "standard errors")
    if y.size != s.size or y.size < 3:
        raise Malformed("pooling gaps needs at least three models, each with a standard error")
    if bool((s <= 0).any()):
        raise Malformed("a standard error of zero: use the adjusted one")
    top = 4 * max(float(y.std()), float(s.max()))
    tau = (np.arange(4 * GRID) + 0.5) * top / (4 * GRID)
    precision = 1 / (s**2 + tau[:, None] ** 2)
    total = precision.sum(axis=1)
    mu = (precision * y).sum(axis=1) / total
    fit = np.log(precision).sum(axis=1) - np.log(total)
    weight = _normal(0.5 * (fit - (precision * (y - mu[:, None]) ** 2).sum(axis=1)))
    members = tuple(_member(y[j], s[j], tau, mu, 1 / total, weight, level) for j in range(y.size))
    mean = _mixed_normal(mu, 1 / total, weight, level, y.size)
    return Pooled(members=members, mean=mean, spread=float((weight * tau).sum()))


def _posterior(y: Numbers, n: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The nodes (mu, kappa) that matter, flattened, and their posterior weights."""
    middles = (np.arange(GRID) + 0.5) / GRID
    pooled = (float(y.sum()) + 0.5) / (float(n.sum()) + 1)
    reach = min(0.5, 12 * float(np.sqrt(pooled * (1 - pooled) / n.sum())))
    near = pooled + (2 * middles - 1) * reach
    edges = np.unique(np.concatenate((middles, near[(near > 0) & (near < 1)])))
    rows, columns = np.meshgrid(edges, np.geomspace(*KAPPA, GRID), indexing="ij")
    prior = np.gradient(edges)[:, None] * columns / (1 + columns) ** 2
    mu, kappa = rows.ravel(), columns.ravel()
    a, b = (mu * kappa)[:, None], ((1 - mu) * kappa)[:, None]
    fit = (special.log_beta(a + y, b + n - y) - special.log_beta(a, b)).sum(axis=1)
    weight = _normal(fit + np.log(prior.ravel()))
    kept = weight > 1e-7
    return mu[kept], kappa[kept], weight[kept] / weight[kept].sum()


def _normal(logs: Numbers) -> Numbers:
    weight = np.exp(logs - logs.max())
    result: Numbers = weight / weight.sum()
    return result


def _mixed_beta(a: Numbers, b: Numbers, weight: Numbers, level: float, n: int) -> Estimate:
    value = float((weight * a / (a + b)).sum())

    def cdf(x: float) -> float:
        return float((weight * special.beta_cdf(x, a, b)).sum())

    low, high = _ends(cdf, level, 0.0, 1.0)
    return estimate(value, low, high, level, n, "Beta-Binomial, partly pooled")


def _ends(
    cdf: Callable[[float], float], level: float, least: float, most: float
) -> tuple[float, float]:
    """The two quantiles that cut off equal tails."""

    def quantile(q: float) -> float:
        return least if cdf(least) >= q else special.root(lambda x: cdf(x) - q, least, most)

    return quantile((1 - level) / 2), quantile((1 + level) / 2)


def _on_grid(nodes: Numbers, weight: Numbers, level: float, n: int) -> Estimate:
    order = np.argsort(nodes)
    mass, tail = np.cumsum(weight[order]), (1 - level) / 2
    low, high = np.interp([tail, 1 - tail], mass, nodes[order])
    value = float((weight * nodes).sum())
    return estimate(value, float(low), float(high), level, n, "mean of the models, Beta-Binomial")


def _member(
    y: float,
    s: float,
    tau: Numbers,
    mu: Numbers,
    mu_variance: Numbers,
    weight: Numbers,
    level: float,
) -> Estimate:
    """One model's gap: for each tau a normal, drawn towards mu by s^2 / (s^2 + tau^2)."""
    pull = s**2 / (s**2 + tau**2)
    centre = (1 - pull) * y + pull * mu
    return _mixed_normal(centre, (1 - pull) * s**2 + pull**2 * mu_variance, weight, level, 1)


def _mixed_normal(
    centre: Numbers, variance: Numbers, weight: Numbers, level: float, n: int
) -> Estimate:
    value, sigma = float((weight * centre).sum()), np.sqrt(variance)
    far = 12 * float(sigma.max()) + float(np.ptp(centre))

    def cdf(x: float) -> float:
        return float((weight * special.normal_cdf((x - centre) / sigma)).sum())

    low, high = _ends(cdf, level, value - far, value + far)
    return estimate(value, low, high, level, n, "random effects, partly pooled")
