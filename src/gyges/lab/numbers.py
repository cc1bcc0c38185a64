# SPDX-License-Identifier: Apache-2.0
"""Numbers as people read them: percent, percentage points, intervals, p. A dash stands for what there is not.

Rounding is for the eye alone; `results.json` holds every digit.
"""

import math
from collections.abc import Mapping

MINUS = "\u2212"
NOTHING = "\u2013"


def number(value: float | None, places: int = 1, *, signed: bool = False) -> str:
    """A number with so many decimals and a real minus sign; a dash for none."""
    if value is None or math.isnan(value):
        return NOTHING
    told = f"{value:+,.{places}f}" if signed else f"{value:,.{places}f}"
    if not float(told.replace(",", "")):
        told = told.lstrip("+-")
    return told.replace("-", MINUS)


def digits(value: float | None) -> str:
    """A whole number with separators."""
    return number(value, 0)


def pp(value: float | None) -> str:
    """A difference in [-1, 1] as signed percentage points, without the unit."""
    return number(None if value is None else 100 * value, signed=True)


def pct(value: float | None) -> str:
    """A rate in [0, 1] in percent, without the unit."""
    return number(None if value is None else 100 * value)


def interval(found: Mapping[str, float] | None, *, signed: bool = True) -> str:
    """The interval of an estimate, in percentage points or percent."""
    if found is None:
        return NOTHING
    low, high = (number(100 * found[end], signed=signed) for end in ("low", "high"))
    return f"[{low}, {high}]"


def share(found: Mapping[str, float] | None) -> str:
    """A rate with its interval, in percent."""
    if found is None:
        return NOTHING
    return f"{pct(found['value'])} {interval(found, signed=False)}"


def p_value(value: float | None) -> str:
    """A p-value with three decimals."""
    if value is None:
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
