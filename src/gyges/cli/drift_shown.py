# SPDX-License-Identifier: Apache-2.0
"""How `gyges drift` shows suites, alarms and ring tests; hostile text made visible. It decides nothing."""

import json
from collections.abc import Sequence

import msgspec

from gyges.canon import Json
from gyges.cli.drift_read import Found
from gyges.cli.history import clock
from gyges.cli.lab_shown import table
from gyges.cli.shown import visible
from gyges.drift.alarms import Alarm, Evidence, Family, Level
from gyges.drift.findings import Report
from gyges.drift.selftest import Outcome
from gyges.drift.words import Direction

FAMILIES = (Family.DRIFT, Family.DEPLOYMENT)
WAYS = {Direction.UP: "goes up", Direction.DOWN: "goes down", Direction.BOTH: "changes"}


def suites_told(found: Sequence[Outcome]) -> None:
    """A table of suites, and one line that sums up."""
    table([
        {
            "suite": one.name, "what": one.says, "promised": _share(one.budget),
            "seen": _share(one.rate), "runs": one.runs, "units": one.units, "p": f"{one.p:.2g}",
            "power": f"{one.power:.2f}", "verdict": one.verdict,
        }
        for one in found
    ])  # fmt: skip
    bad = [one.name for one in found if not one.good]
    weakest = min(one.power for one in found)
    print("\np: the chance of so many or more, were the promise just kept. power: the chance that")
    print(f"twice as many as promised would have been called broken; {weakest:.2f} at least here")
    print(f"not held: {', '.join(bad)}" if bad else f"{len(found)} of {len(found)} hold")


def told(found: Found) -> None:
    """All that a file held."""
    kinds = ", ".join(f"{visible(f.name)} ({f.kind})" for f in found.features)
    print(f"{visible(found.name)}: {found.episodes:,} episodes of {len(found.spent)} agents")
    print(f"features: {kinds}")
    for family in FAMILIES:
        for alarm in found.alarms:
            if alarm.family is family:
                _alarm(alarm)
    for agent in found.spent:
        _agent(found, agent)
    for note in found.notes:
        print(f"note: {visible(note)}")
    for agent, report in found.ring:
        _ring(agent, report)


def plain(found: Found) -> Json:
    """The same for programs; what is infinite is null."""
    rings = [
        {
            "agent": agent, "report": report, "sound": report.sound,
            "says": [finding.says for finding in report.findings],
            "excluded": {finding.feature: finding.excluded for finding in report.findings},
        }
        for agent, report in found.ring
    ]  # fmt: skip
    document = {
        "file": found.name, "episodes": found.episodes, "features": found.features,
        "spent": found.spent, "alarms": found.alarms, "watches": found.watches, "ring": rings,
        "units": found.units, "tests": found.tests, "left_out": found.left_out, "notes": found.notes,
    }  # fmt: skip
    value: Json = json.loads(msgspec.json.encode(document))
    return value


def _agent(found: Found, agent: str) -> None:
    """An agent in each of its families, and what of it was of no use."""
    tests, spent = found.tests.get(agent, 0), found.spent[agent]
    print(f"\n{visible(agent)}: {found.units[agent]:,} units", end="")
    if found.tests:
        print(
            f", compared with {tests:,} episodes of its tests" if tests else ", without tests",
            end="",
        )
    for family in FAMILIES if tests else FAMILIES[:1]:
        mine = [[a for a in kept if (a.agent, a.family) == (agent, family)]
                for kept in (found.alarms, found.watches)]  # fmt: skip
        print(f"\n  {family}: at most {spent:.3g} false alarms were to be expected", end="")
        print(f"; alarms {len(mine[0])}, on watch {len(mine[1])}", end="")
    print()
    for why, count in found.left_out[agent].items():
        print(f"  left out: {count:,}, {visible(why)}")


def _alarm(alarm: Alarm) -> None:
    name = visible(alarm.feature) + (f" [{visible(alarm.label)}]" if alarm.label else "")
    against = " against its tests" if alarm.family is Family.DEPLOYMENT else ""
    print(
        f"\nALARM{against} {clock(alarm.at)} {visible(alarm.agent)}: {name} {WAYS[alarm.direction]}"
    )
    if alarm.note:
        print(f"  {visible(alarm.note)}")
    if alarm.before and alarm.now:
        print(f"  {_level(alarm.before)} before, {_level(alarm.now)} now")
    if alarm.since is not None and alarm.earliest is not None and alarm.latest is not None:
        print(
            f"  since {clock(alarm.since)}"
            f" (between {clock(alarm.earliest)} and {clock(alarm.latest)})"
        )
    print(
        f"  evidence {alarm.evidence:,.0f} of {alarm.threshold:,.0f}, against {alarm.reference},"
        f" at {visible(alarm.unit)}"
    )
    for what, kept in (("carried by", alarm.top), ("against it", alarm.counter)):
        if kept:
            print(f"  {what}: {', '.join(_evidence(one) for one in kept)}")
    strata = [f"{visible(s.stratum)} {s.log_factor:+.1f}" for s in alarm.strata if s.stratum]
    if strata:
        print(f"  by stratum: {', '.join(strata)}")
    for change in alarm.changes:
        changed = (change.what, change.before, change.now)
        print("  {} changed from {} to {}".format(*map(visible, changed)), clock(change.at))
    if alarm.together:
        print(f"  together with: {visible(', '.join(alarm.together))}")
    for check in alarm.checks:
        print(f"  {'!' if check.good is False else '-'} {visible(check.verdict)}")


def _ring(agent: str, report: Report) -> None:
    print(
        f"\nring test {visible(report.design)} of {visible(agent)}: {report.unwatched} units told that"
        f" nobody watches, {report.watched} not; alpha {report.alpha:g}"
    )
    for finding in report.findings:
        print(f"  {visible(finding.says)}")
    if report.manipulation:
        print(f"  does it notice? {visible(report.manipulation.says)}")
    for why, count in report.left_out.items():
        print(f"  left out: {count}, {visible(why)}")
    for check in report.checks:
        print(f"  {'-' if check.holds else '!'} {visible(check.says)}")


def _level(level: Level) -> str:
    return f"{level.mean:.3g} ({level.low:.3g} to {level.high:.3g}, n {level.n:,})"


def _evidence(one: Evidence) -> str:
    return f"{visible(' '.join(one.episodes))} {one.log_factor:+.1f}"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
