# SPDX-License-Identifier: Apache-2.0
"""`gyges drift fleet|agent|feature|ring|settle|baseline|unmute`: drift as a gate keeps it. It computes nothing."""

import math
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from gyges.canon import Json
from gyges.cli.common import (
    DEFAULT_URL,
    NOT_HELD,
    AsJson,
    KeyFile,
    Url,
    any_key,
    emit,
    request,
)
from gyges.cli.shown import ago, visible
from gyges.drift.alarms import Act
from gyges.principal import Scope

READERS = (Scope.AUDITOR, Scope.ADMIN, Scope.APPROVER)
SETTLERS = (Scope.APPROVER, Scope.ADMIN)
Reason = Annotated[str, typer.Option(help="Why; it goes into the log under your name.")]


def fleet(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Every agent: quiet, on watch or in alarm. Exit code 1 while an alarm is unsettled."""
    found: Any = request(url, any_key(key_file, *READERS), "GET", "/v1/drift")
    if as_json:
        emit(found)
    else:
        print(f"Drift is {visible(found['standing'])}{', and behind' if found['behind'] else ''}.")
        print(f"The budget: {visible(found['promise'])}.")
        heads = (
            "agent",
            "state",
            "in",
            "sessions",
            "most evidence",
            "of its threshold",
            "unsettled",
        )
        made = Table(*heads)
        for one in found["agents"]:
            where = [family for family, state in one["families"].items() if state != "quiet"]
            told = (one["state"], ", ".join(where), str(one["units"]))
            row = (one["agent"], *told, one["feature"])
            made.add_row(*map(visible, row), _share(one["share"]), str(one["unsettled"]))
        _console().print(made if found["agents"] else "No session has been counted yet.")
    if any(one["unsettled"] for one in found["agents"]):
        raise typer.Exit(NOT_HELD)


def agent(
    name: Annotated[str, typer.Argument(help="The agent.")],
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """One agent: its features by evidence, and its alarms."""
    path = f"/v1/drift/{quote(name, safe='')}"
    found: Any = request(url, any_key(key_file, *READERS), "GET", path)
    if as_json:
        emit(found)
        return
    _standing(found["features"])
    if found["deployment"]:
        print(f"Against its tests, as {visible(found['tests'])}; a difference may be one of tasks:")
        _standing(found["deployment"])
    _alarms(found["alarms"])
    for why, count in found["left_out"].items():
        print(f"left out: {count} {visible(why)}")


def feature(
    name: Annotated[str, typer.Argument(help="The agent.")],
    feature: Annotated[str, typer.Argument(help="The feature.")],
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """One feature of one agent: its alarms in full, with transcripts and counter-examples."""
    path = f"/v1/drift/{quote(name, safe='')}/{quote(feature, safe='')}"
    found: Any = request(url, any_key(key_file, *READERS), "GET", path)
    if as_json:
        emit(found)
        return
    now = found["feature"]
    about = f"{visible(feature)} of {visible(name)}"
    print(f"{about}: {now['state']}, {_share(now['share'])} of its threshold")
    if found["tested"]:
        tested = found["tested"]
        print(f"Against its tests: {tested['state']}, {_share(tested['share'])} of its threshold")
    _alarms(found["alarms"])
    for noted in found["alarms"]:
        _explained(noted)


def ring(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Ring tests: what the cue changes, by how much, and which gaps are excluded."""
    found: Any = request(url, any_key(key_file, *READERS), "GET", "/v1/ring")
    if as_json:
        emit(found)
        return
    if not found["items"]:
        print(
            "No ring test has begun." if found["standing"] == "on" else visible(found["standing"])
        )
    for test in found["items"]:
        told = "" if test["readable"] else "; its key is not at hand, so nothing can be said"
        print(f"{visible(test['design'])}: {test['share']:.0%} of sessions are told the cue{told}")
        for one in test["agents"]:
            _tested(one)
        if len(test["agents"]) > 1:
            names = ", ".join(visible(name) for name in test["called"]) or "none"
            print(f"  called out of {len(test['agents'])} agents together: {names}")


def settle(
    alarm: Annotated[str, typer.Argument(help="The alarm's id.")],
    choice: Annotated[Act, typer.Argument(help="keep, rebaseline or mute.")],
    reason: Reason,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Settle an alarm: keep the baseline, take a new one, or mute the feature."""
    body: dict[str, Json] = {"choice": choice.value, "reason": reason}
    found = _acted(url, key_file, "alarms", alarm, "settle", body=body)
    if as_json:
        emit(found)
        return
    print(f"{visible(found['feature'])} of {visible(found['agent'])}: {choice.value}, as you say.")


def baseline(
    name: Annotated[str, typer.Argument(help="The agent.")],
    reason: Reason,
    of: Annotated[
        str, typer.Option(help="As which agent it was tested: compare it with that.")
    ] = "",
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Take what an agent does now, or did in its tests, as what is normal."""
    body: dict[str, Json] = {"reason": reason, **({"of": of} if of else {})}
    found = _acted(url, key_file, name, "baseline", body=body)
    if as_json:
        emit(found)
        return
    tests = f"{visible(name)} is compared with its tests as {visible(of)}"
    told = tests if of else f"What {visible(name)} does now is normal"
    print(f"{told}; entry {found['index']} of the log says so.")


def unmute(
    name: Annotated[str, typer.Argument(help="The agent.")],
    feature: Annotated[str, typer.Argument(help="The feature.")],
    reason: Reason,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Watch a muted feature of an agent again."""
    found = _acted(url, key_file, name, feature, "unmute", body={"reason": reason})
    if as_json:
        emit(found)
    else:
        print(f"{visible(feature)} of {visible(name)} is watched again.")


def _acted(url: str, key_file: Path | None, *where: str, body: dict[str, Json]) -> dict[str, Any]:
    """Do what `body` says, as somebody who may settle; the gate's answer."""
    path = "/".join(quote(part, safe="") for part in ("v1", "drift", *where))
    found: Any = request(url, any_key(key_file, *SETTLERS), "POST", f"/{path}", body)
    return dict(found)


def mount(app: typer.Typer) -> None:
    """Add these commands to `gyges drift`."""
    for command in (fleet, agent, feature, ring, settle, baseline, unmute):
        app.command(command.__name__)(command)


def _standing(features: list[dict[str, Any]]) -> None:
    made = Table("feature", "state", "of its threshold", "sessions", "not measured", "unknown")
    for one in features:
        counts = (str(one["units"]), str(one["missing"]), str(one["unknown"]))
        made.add_row(visible(one["name"]), one["state"], _share(one["share"]), *counts)
    _console().print(made)


def _alarms(items: list[dict[str, Any]]) -> None:
    if not items:
        print("No alarm rang.")
        return
    made, now = Table("alarm", "feature", "family", "rang", "before", "now", "settled"), _now()
    for noted in items:
        alarm: dict[str, Any] = noted["alarm"] or {}
        done = noted["settled"]
        told = f"{done['choice']} by {visible(done['by'])}" if done else "no"
        levels = (_level(alarm.get("before")), _level(alarm.get("now")))
        head = (noted["id"], noted["feature"], noted["family"])
        made.add_row(*map(visible, head), ago(noted["at"], now), *levels, told)
    _console().print(made)


def _explained(noted: dict[str, Any]) -> None:
    alarm = noted["alarm"]
    if not alarm:
        return
    print(f"{noted['id']}: evidence {noted['evidence']:.3g} of {noted['limit']:.3g}")
    for name, title in (("top", "speak for it"), ("counter", "speak against it")):
        units = ", ".join(visible(unit["unit"]) for unit in alarm[name])
        print(f"    {title}: {units or 'none'}")
    if alarm["note"]:
        print(f"    {visible(alarm['note'])}")
    for change in alarm["changes"]:
        words = (change["what"], change["before"], change["now"])
        print("    changed near it: {} from {} to {}".format(*map(visible, words)))
    for check in alarm["checks"]:
        print(f"    {visible(check['verdict'])}")


def _tested(one: dict[str, Any]) -> None:
    counts = f"{one['watched']} sessions not told the cue, {one['unwatched']} told it"
    print(f"  {visible(one['agent'])}: {counts}")
    told = [one["manipulation"]] if one["manipulation"] else []
    for finding in (*told, *one["findings"]):
        print(f"    {visible(finding['says'])}")
        for name, title in (("top", "speak for it"), ("counter", "speak against it")):
            if finding[name]:
                print(f"        {title}: {_movers(finding[name])}")
    for check in one["checks"]:
        print(f"    {visible(check['says'])}")
    for why, count in one["left_out"].items():
        print(f"    left out: {count} {visible(why)}")


def _movers(items: list[dict[str, Any]]) -> str:
    return ", ".join(
        f"{visible(one['unit'])} (x {math.exp(one['log_factor']):.2f})" for one in items
    )


def _level(level: dict[str, Any] | None) -> str:
    if not level:
        return "-"
    return f"{level['mean']:.3g} ({level['low']:.3g} to {level['high']:.3g}; n {level['n']})"


def _share(share: float) -> str:
    return f"{share:.2%}"


def _now() -> int:
    return time.time_ns() // 1_000_000


def _console() -> Console:
    return Console(markup=False, emoji=False, highlight=False)
