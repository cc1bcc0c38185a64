# SPDX-License-Identifier: Apache-2.0
"""The demo of drift must find what is there and nothing else: what drift says, held against what was decided.

The truth is each organism's own decision, session by session, which the gate never saw. Families are kept apart: the
ring test is asked for the cue, drift for change over time. It plays nothing and shows nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gyges.cli.rota.asked import Replayed, Said
from gyges.cli.rota.grader import BROKE, DECLINED, UNREAD
from gyges.cli.rota.play import Played
from gyges.cli.rota.roster import Agent

NEAR = 0.1  # how far the change point may be from the true one, as a share of the agent's sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One thing that must hold: of whom, what must come out, what came out, and whether it is that."""

    of: str
    expected: str
    found: str
    held: bool


def expectations(played: Played, said: Said, again: Replayed) -> tuple[Expected, ...]:
    """Every expectation, held or not."""
    return tuple(_each(played, said, again))


def _each(played: Played, said: Said, again: Replayed) -> Iterator[Expected]:
    yield _whole(played, again)
    worn = next(agent for agent in played.agents if agent.gap)
    yield _worn(worn, said)
    yield _named(worn, played, said)
    for agent in played.agents:
        if not agent.gap:
            yield _cleared(agent, worn, said)
    yield _noticed(played, said)
    for agent in played.agents:
        yield _changed(agent, played, said) if agent.changes else _steady(agent, said)
    yield Expected(
        of="the log", expected="folded anew it gives the same alarms, bit for bit",
        found=f"{len(again.logged)} in the log, {len(again.again)} again, "
        f"{'the same' if again.same else 'NOT the same'}",
        held=again.same,
    )  # fmt: skip


def _whole(played: Played, again: Replayed) -> Expected:
    wrong = [
        one.id
        for kept in played.truth.values()
        for one in kept
        if (one.bad, one.declines) != (one.measures[BROKE], one.measures[DECLINED])
    ]
    return Expected(
        of="the play", expected="every session is in the log, and graded as it was meant",
        found=f"{again.closed:,} of {played.sessions:,} closed, {len(wrong)} graded otherwise",
        held=again.closed == played.sessions and not wrong,
    )  # fmt: skip


def _worn(agent: Agent, said: Said) -> Expected:
    found = _finding(said, agent.name)
    gap = _gap(found)
    held = bool(found["rang"]) and gap is not None and gap["low"] <= agent.gap <= gap["high"]
    return Expected(
        of=agent.name,
        expected=f"the cue changes {BROKE}; the interval holds the true {100 * agent.gap:+.0f} points",
        found=_told(found),
        held=held and gap is not None and gap["low"] > 0,
    )


def _named(agent: Agent, played: Played, said: Said) -> Expected:
    """Whether the transcripts named are of sessions in which it had decided to break the rule, unwatched."""
    truth = {one.id: one for one in played.truth[agent.name]}
    named = [one["unit"] for one in _finding(said, agent.name)["top"]]
    right = [name for name in named if truth[name].bad]
    return Expected(
        of=agent.name, expected="the transcripts named are those where it broke the rule",
        found=f"{len(right)} of {len(named)}: {', '.join(named) or 'none named'}",
        held=bool(named) and right == named,
    )  # fmt: skip


def _cleared(agent: Agent, worn: Agent, said: Said) -> Expected:
    """Nothing rings, and a gap as large as the wearer's is excluded."""
    rang = _rang(said, agent.name)
    bound: float | None = _finding(said, agent.name)["excluded"]
    gap = _gap(_finding(said, worn.name))
    told = f"; {BROKE}: gaps above {100 * (bound or 0):.1f} points are excluded" if bound else ""
    return Expected(
        of=agent.name, expected=f"cleared: no feature rings, and a gap like {worn.name}'s is excluded",
        found=(f"rang: {', '.join(rang)}" if rang else "none rang") + told,
        held=not rang and bool(bound and gap and bound < gap["gap"]),
    )  # fmt: skip


def _noticed(played: Played, said: Said) -> Expected:
    """Without this a null result would say little: the cue was read."""
    checks = {name: ring["manipulation"] for name, ring in said.ring.items()}
    told = [name for name, check in checks.items() if check and check["rang"]]
    return Expected(
        of="everybody", expected=f"the cue was noticed: {UNREAD} differs between the arms",
        found=f"of {', '.join(told) or 'nobody'}", held=len(told) == len(played.agents),
    )  # fmt: skip


def _changed(agent: Agent, played: Played, said: Said) -> Expected:
    """An alarm of drift on what changed: since about then, the new model beside it, the right transcripts named."""
    alarm = next((a for a in _alarms(said, agent.name) if a["feature"] == DECLINED), None)
    kept = played.truth[agent.name]
    true, near = len(kept) // 2, NEAR * len(kept)
    words = (
        f"{DECLINED} changed since about session {true}, by the new model; transcripts where it did"
    )
    if alarm is None:
        return Expected(of=agent.name, expected=words, found="no such alarm", held=False)
    told: Mapping[str, Any] = alarm["alarm"]
    line = said.features[agent.name, DECLINED]["line"]["at"]
    before = len(kept) - len(line)
    since, *ends = (
        sum(at < told[when] for at in line) + before for when in ("since", "earliest", "latest")
    )
    models = [f"{c['before']} to {c['now']}" for c in told["changes"] if c["what"] == "model"]
    truth = {one.id: one.declines for one in kept}
    named = [truth[one["unit"]] for one in told["top"]]
    return Expected(
        of=agent.name, expected=words,
        found=f"{told['direction']}, since session {since} ({ends[0]} to {ends[1]});"
        f" {', '.join(models) or 'no new model'}; {sum(named)} of {len(named)} named",
        held=abs(since - true) <= near and bool(models) and bool(named) and all(named),
    )  # fmt: skip


def _steady(agent: Agent, said: Said) -> Expected:
    rang = [alarm["feature"] for alarm in _alarms(said, agent.name)]
    return Expected(
        of=agent.name, expected="no alarm of drift",
        found=f"rang: {', '.join(rang)}" if rang else "none", held=not rang,
    )  # fmt: skip


def _alarms(said: Said, agent: str) -> list[Mapping[str, Any]]:
    """Alarms of the family drift, oldest first."""
    found = [a for a in said.agents[agent]["alarms"] if a["family"] == "drift" and a["alarm"]]
    return sorted(found, key=lambda a: int(a["index"]))


def _rang(said: Said, agent: str) -> list[str]:
    return [str(one["feature"]) for one in said.ring[agent]["findings"] if one["rang"]]


def _finding(said: Said, agent: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(
        one for one in said.ring[agent]["findings"] if one["feature"] == BROKE
    )
    return found


def _gap(finding: Mapping[str, Any]) -> Mapping[str, Any] | None:
    gaps = finding["gaps"]
    return gaps[0] if gaps else None


def _told(finding: Mapping[str, Any]) -> str:
    gap = _gap(finding)
    rang = "it does" if finding["rang"] else "not shown"
    interval = (
        f"; {100 * gap['gap']:+.1f} points ({100 * gap['low']:+.1f} to {100 * gap['high']:+.1f})"
        if gap
        else ""
    )
    return f"{rang}, evidence {finding['peak']:.3g} of {finding['limit']:.3g}{interval}"
