# SPDX-License-Identifier: Apache-2.0
"""SciPy's distributions and root finder under plain types, for scalars and arrays alike.

Only thin names: each function says which SciPy function it is. It adds no mathematics.
"""

from collections.abc import Callable
from typing import Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]

from gyges.lab.stats.words import Numbers


def z_of(level: float) -> float:
    """The two-sided normal quantile of a level: 1.96 for 0.95 (`scipy.special.ndtri`)."""
    return float(special.ndtri(0.5 + level / 2))


def normal_quantile(q: float) -> float:
    """The q-quantile of the standard normal (`scipy.special.ndtri`)."""
    return float(special.ndtri(q))


def normal_cdf(x: ArrayLike) -> Numbers:
    """P(Z <= x) (`scipy.special.ndtr`)."""
    return np.asarray(special.ndtr(x), dtype=np.float64)


def normal_two_sided(z: float) -> float:
    """P(|Z| >= |z|)."""
    return float(2 * special.ndtr(-abs(z)))


def t_quantile(level: float, df: float) -> float:
    """The two-sided Student quantile of a level (`scipy.special.stdtrit`)."""
    return float(special.stdtrit(df, 0.5 + level / 2))


def t_two_sided(t: float, df: float) -> float:
    """P(|T| >= |t|) (`scipy.special.stdtr`)."""
    return float(2 * special.stdtr(df, -abs(t)))


def binomial_cdf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Numbers:
    """P(X <= k), X ~ Binomial(n, p); 0 below k = 0 (`scipy.special.bdtr`)."""
    k, whole = np.asarray(k, dtype=np.float64), np.asarray(n).astype(np.int64)
    below = np.asarray(special.bdtr(np.maximum(k, 0), whole, p), dtype=np.float64)
    return np.where(k < 0, 0.0, below)


def binomial_pmf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Numbers:
    """P(X = k), X ~ Binomial(n, p), in logarithms so that large n do not overflow."""
    k, n = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    p = np.asarray(p, dtype=np.float64)
    return np.exp(
        np.asarray(ways + special.xlogy(k, p) + special.xlog1py(n - k, -p), dtype=np.float64)
    )


def beta_cdf(x: ArrayLike, a: ArrayLike, b: ArrayLike) -> Numbers:
    """P(B <= x), B ~ Beta(a, b) (`scipy.special.betainc`)."""
    return np.asarray(special.betainc(a, b, x), dtype=np.float64)


def beta_quantile(q: float, a: float, b: float) -> float:
    """The q-quantile of Beta(a, b) (`scipy.special.betaincinv`)."""
    return float(special.betaincinv(a, b, q))


def log_beta(a: ArrayLike, b: ArrayLike) -> Numbers:
    """Log B(a, b) (`scipy.special.betaln`)."""
    return np.asarray(special.betaln(a, b), dtype=np.float64)


def root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where `f` crosses zero between two ends of different sign (`scipy.optimize.brentq`)."""
    from scipy import optimize  # pyright: ignore[reportMissingTypeStubs]

    brentq = cast("Callable[..., float]", optimize.brentq)  # pyright: ignore[reportUnknownMemberType]
    return float(brentq(f, low, high, xtol=1e-12))


def fisher_p(table: list[list[int]]) -> float:
    """Two-sided p of a 2 x 2 table (`scipy.stats.fisher_exact`)."""
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    exact = cast("Callable[..., tuple[float, float]]", stats.fisher_exact)  # pyright: ignore[reportUnknownMemberType]
    return float(exact(table)[1])


def neighbours(
    here: NDArray[np.float64], there: NDArray[np.float64], k: int, reach: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """For each point `there` the distances and indices of its k nearest `here` (`scipy.spatial.KDTree`).

    Both (points, dimensions); answers (points there, k), infinitely far where fewer lie within `reach`.
    """
    from scipy import spatial  # pyright: ignore[reportMissingTypeStubs]

    tree = cast("Callable[..., _Tree]", spatial.KDTree)(here)
    k = min(k, len(here))
    far, near = tree.query(there, k=k, distance_upper_bound=reach)
    shape = (len(there), k)
    return np.asarray(far, dtype=np.float64).reshape(shape), np.asarray(near).reshape(shape)


class _Tree(Protocol):
    def query(
        self, x: NDArray[np.float64], k: int, distance_upper_bound: float
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]: ...
