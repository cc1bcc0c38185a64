# SPDX-License-Identifier: Apache-2.0
"""Many tests at once: adjusted p-values, to be compared with alpha as if each test stood alone.

It combines nothing: no Fisher or Stouffer over cells that share prompts.
"""

from collections.abc import Sequence

import numpy as np

from gyges.lab.stats.words import Numbers, numbers


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down adjustment: the chance of any false alarm at all stays <= alpha, always.

    Holm, Scand. J. Statist. 6, 65-70 (1979). In the order given; none given, none back.

    Raises:
        Malformed: a p is NaN or outside [0, 1].
    """
    if not len(ps):
        return ()
    found, order = _ordered(ps)
    m = found.size
    stepped = np.maximum.accumulate(found[order] * (m - np.arange(m)))
    return _back(stepped, order)


def benjamini_hochberg(ps: Sequence[float]) -> tuple[float, ...]:
    """Benjamini and Hochberg's step-up adjustment: the expected share of false alarms stays <= alpha.

    J. R. Statist. Soc. B 57, 289-300 (1995); for independent or positively dependent tests.

    Raises:
        Malformed: a p is NaN or outside [0, 1].
    """
    if not len(ps):
        return ()
    found, order = _ordered(ps)
    m = found.size
    scaled = found[order] * m / (np.arange(m) + 1)
    return _back(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _ordered(ps: Sequence[float]) -> tuple[Numbers, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    found = numbers(ps, "p-values", 0, 1)
    return found, np.argsort(found, kind="stable")


def _back(adjusted: Numbers, order: np.ndarray[tuple[int], np.dtype[np.intp]]) -> tuple[float, ...]:
    result = np.empty(adjusted.size)
    result[order] = np.minimum(adjusted, 1.0)
    return tuple(float(p) for p in result)
