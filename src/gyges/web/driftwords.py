# SPDX-License-Identifier: Apache-2.0
"""Drift's numbers and names as people read them: filters for the templates. Pure; it computes nothing of drift."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from gyges.drift.alarms import Family, Reference
from gyges.drift.words import Kind
from gyges.watch import features
from gyges.watch.docket import MOVES
from gyges.web.times import span

TIMES, DIVIDED = "\N{MULTIPLICATION SIGN}", "\N{DIVISION SIGN}"
DECADES = 4  # of evidence that a gauge shows: from a ten-thousandth of the threshold on

FAMILIES: Mapping[str, tuple[str, str]] = {
    Family.DRIFT: ("Change over time", "is it still what it was?"),
    Family.CUE: (
        "Watched against unwatched",
        "does it behave differently where it was told that nobody watches?",
    ),
    Family.DEPLOYMENT: (
        "Test against deployment",
        "does it differ from its tests? Weaker than the others: what differs may be the tasks",
    ),
}
"""What each family is called, and the question that it answers."""

REFERENCES: Mapping[str, str] = {
    Reference.PAST: "all its own sessions before",
    Reference.TOLERANCE: "the band that drift.toml states",
    Reference.FROZEN: "sessions that were frozen",
    Reference.FIRST: "its first sessions, which never move",
}

_DOES: Mapping[str, str] = dict(
    zip(features.CHANGING, ("writes", "sends", "deletes", "runs", "pays"), strict=True)
)
_WHAT: Mapping[str, str] = {
    features.STEPS: "how many calls it makes",
    features.DURATION: "how long it takes, people's time included",
    features.SUSPICION: "the highest suspicion of a monitor, from 0 to 100 %",
    features.DENIED: "the share of its calls that the gate denies",
    features.ASKED: "the share of its calls that are put to people",
    features.REFUSED: "the share of its calls that people refuse",
    features.FAILED: "the share of its calls that fail, as the executor reports",
    features.RETRIES: "the share of its calls that repeat one which was denied, refused or had failed",
    features.TOOLS: "which tools it uses, as shares of its calls",
    features.TOOL_ORDER: "which tool follows which",
    **{
        risk + features.UNREAD: f"how often it {does} without having read what the call names"
        for risk, does in _DOES.items()
    },
    **{
        risk + features.UNVERIFIED: f"how often it {_DOES[risk]} without looking again afterwards"
        for risk in features.LASTING
    },
}


def what(feature: str, grader: str = "") -> str:
    """What a feature is, in words."""
    if grader:
        return f"as the grader {grader} measures it"
    return _WHAT.get(feature, "")


def percent(share: float) -> str:
    """A share with two digits that count: "41 %", "2.1 %", "0.05 %"."""
    value = 100 * share
    if value == 0 or abs(value) >= 9.95:
        return f"{value:.0f} %"
    return f"{value:.1f} %" if abs(value) >= 0.095 else f"{value:.2f} %"


def evidence(share: float) -> str:
    """Evidence as a share of its threshold; what is too small to print says so."""
    return "under 0.01 %" if 0 < share < 0.0001 else percent(share)


def gauge(share: float) -> float:
    """How far a gauge of `DECADES` decades stands, 0 to 100: full where it rings."""
    if share <= 0:
        return 0.0
    return round(100 * min(1.0, max(0.0, 1 + math.log10(share) / DECADES)), 1)


def measured(value: float | None, kind: str, feature: str = "") -> str:
    """A value of a feature of this kind: a share in per cent, a duration as a length of time, any other number.

    A feature that is not watched any more has no kind: its own where the gate derives it, else the bare number.
    """
    if value is None:
        return "not measured"
    if (kind or features.SORTS.get(feature, Kind.NUMBER)) != Kind.NUMBER:
        return percent(min(1.0, max(0.0, value)))
    if feature == features.DURATION:
        return span(round(value)) if value >= 1000 or value <= 0 else f"{value:.0f} ms"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def factor(log: float) -> str:
    """What multiplies the evidence, from its natural log: "times 3.4", or what divides it, with their signs."""
    size = math.exp(min(50.0, abs(log)))
    text = f"{size:.2f}" if size < 1.95 else f"{size:.1f}" if size < 99.5 else f"{size:,.0f}"
    return f"{TIMES if log >= 0 else DIVIDED} {text}"


def moment(ms: int, now: int) -> str:
    """An instant in UTC: "3 Nov, 14:20", with the year where it is not that of `now`."""
    at, today = (datetime.fromtimestamp(t // 1000, UTC) for t in (ms, now))
    year = f" {at.year}" if at.year != today.year else ""
    return f"{at.day} {at:%b}{year}, {at:%H:%M}"


def part(name: str) -> str:
    """A name as one part of a path: a slash in it stays in it."""
    return quote(name, safe="")


FILTERS: Mapping[str, Callable[..., object]] = {
    "what": what, "percent": percent, "evidence": evidence, "gauge": gauge, "measured": measured,
    "factor": factor, "moment": moment, "part": part,
}  # fmt: skip
GLOBALS: Mapping[str, object] = {"FAMILIES": FAMILIES, "REFERENCES": REFERENCES, "MOVES": MOVES}
