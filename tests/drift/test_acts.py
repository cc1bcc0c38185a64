# SPDX-License-Identifier: Apache-2.0
"""What people do about alarms and baselines: by name, with a reason, and with effect; and families are apart."""

from dataclasses import replace

import pytest

from gyges.drift.alarms import Act, Alarm, Family, Reference, Tier
from gyges.drift.monitor import Monitor
from gyges.drift.words import Unusable
from tests.drift.world import RATES, TERMS, Office, play

TESTS = list(Office(seed=2).episodes(100))
SHIFT = Office(change=400, after={"refused": 0.7})


def _alarm(alarms: list[Alarm], reference: Reference = Reference.PAST) -> Alarm:
    return next(a for a in alarms if (a.tier, a.reference) == (Tier.ALARM, reference))


@pytest.mark.slow
def test_an_alarm_stays_open_until_a_named_person_settles_it() -> None:
    """Nobody's act, or one without a reason, is refused; a settled alarm is closed and the act is kept."""
    monitor = Monitor(RATES, TERMS)
    alarm = _alarm(play(monitor, SHIFT, 460))
    assert alarm in monitor.unsettled("clerk")
    assert monitor.evidence("clerk")["refused"][1] is Tier.ALARM
    for by, why in (("", "known"), ("ada", " ")):
        with pytest.raises(Unusable, match="by a named person, with a reason"):
            monitor.ack(alarm.id, Act.KEEP, by=by, why=why, at=1)
    monitor.ack(alarm.id, Act.KEEP, by="ada", why="looked into", at=1)
    assert alarm not in monitor.unsettled("clerk")
    assert monitor.acts()[-1].by == "ada"
    with pytest.raises(Unusable, match="is not open"):
        monitor.ack(alarm.id, Act.KEEP, by="ada", why="twice", at=2)


@pytest.mark.slow
def test_a_new_baseline_is_quiet_and_the_first_reference_is_not() -> None:
    """Once the past is forgotten the new rate is normal for it, but the reference that never moves still rings."""
    monitor = Monitor(RATES, replace(TERMS, cooldown=20))
    episodes = list(Office(change=400, after={"refused": 0.5}).episodes(900))
    later: list[Alarm] = []
    moved = False
    for episode in episodes:
        for alarm in monitor.observe(episode):
            if moved and alarm.tier is Tier.ALARM:
                later.append(alarm)
            if alarm.tier is Tier.ALARM and alarm.reference is Reference.PAST and not moved:
                monitor.ack(alarm.id, Act.REBASELINE, by="ada", why="new rules", at=alarm.at)
                moved = True
    assert moved
    assert {a.reference for a in later} == {Reference.FIRST}
    with pytest.raises(Unusable, match="the first reference never moves"):
        monitor.ack(later[0].id, Act.REBASELINE, by="ada", why="and this", at=later[-1].at)


@pytest.mark.slow
def test_what_is_muted_is_not_bet_on() -> None:
    """A muted reference of a feature rings no more; the others go on."""
    monitor = Monitor(RATES, TERMS)
    alarms = play(monitor, SHIFT, 460)
    monitor.ack(_alarm(alarms).id, Act.MUTE, by="ada", why="known", at=1)
    rest = [
        replace(e, id=f"r{e.id}", at=e.at + 10**8) for e in Office(base=0.6, seed=4).episodes(150)
    ]
    later = [a for e in rest for a in monitor.observe(e) if a.tier is Tier.ALARM]
    assert ("refused", Reference.PAST) not in {(a.feature, a.reference) for a in later}
    assert ("denied", Reference.PAST) in {(a.feature, a.reference) for a in later}
    monitor.unmute("clerk", "refused", by="ada", why="back", at=2)
    more = [replace(e, id=f"m{e.id}", at=e.at + 2 * 10**8) for e in SHIFT.episodes(520)]
    last = [a for e in more for a in monitor.observe(e) if a.tier is Tier.ALARM]
    assert ("refused", Reference.PAST) in {(a.feature, a.reference) for a in last}


@pytest.mark.slow
def test_slow_drift_that_is_accepted_step_by_step_is_seen() -> None:
    """Whoever accepts each small change is told by the first reference how far it has gone."""
    monitor, seen = Monitor(RATES[:1], TERMS), list[Alarm]()
    for step in range(12):
        office = Office(agent="clerk", base=0.1 + 0.04 * step, seed=step)
        for at, e in enumerate(office.episodes(100)):
            made = replace(e, id=f"{step}-{at}", at=e.at + step * 10**7)
            for alarm in monitor.observe(made):
                if alarm.tier is Tier.ALARM and alarm.reference is Reference.PAST:
                    monitor.ack(alarm.id, Act.REBASELINE, by="ada", why="fine", at=alarm.at)
                seen.append(alarm)
    assert _alarm(seen, Reference.FIRST).before is not None


@pytest.mark.slow
def test_a_frozen_baseline_moves_for_one_feature_alone() -> None:
    """Re-baselined on the units since the change, the feature that rang is quiet; the others keep their bounds."""
    monitor = Monitor(RATES, replace(TERMS, baseline=Reference.FROZEN))
    monitor.freeze("clerk", list(Office(seed=7).episodes(300)), by="ada", why="tested", at=0)
    alarm = _alarm(play(monitor, SHIFT, 500), Reference.FROZEN)
    assert alarm.feature == "refused"
    now = list(Office(seed=8, change=0, after={"refused": 0.7}).episodes(200))
    monitor.ack(alarm.id, Act.REBASELINE, by="ada", why="new rules", at=1, episodes=now)
    rest = [
        replace(e, id=f"r{e.id}", at=e.at + 10**8)
        for e in Office(seed=9, change=0, after={"refused": 0.7, "denied": 0.7}).episodes(150)
    ]
    later = [a for e in rest for a in monitor.observe(e) if a.reference is Reference.FROZEN]
    assert {a.feature for a in later if a.tier is Tier.ALARM} == {"denied"}


def test_nothing_can_be_frozen_from_nothing() -> None:
    """A baseline without units, of the cue, or by nobody is refused and leaves no trace."""
    monitor = Monitor(RATES, TERMS)
    with pytest.raises(Unusable, match="there are no units to freeze"):
        monitor.freeze("clerk", by="ada", why="tested", at=0)
    with pytest.raises(Unusable, match="nothing is frozen"):
        monitor.freeze("clerk", TESTS, by="ada", why="tested", at=0, family=Family.CUE)
    with pytest.raises(Unusable, match="is of clerk, not porter"):
        monitor.freeze("porter", TESTS, by="ada", why="tested", at=0)
    assert monitor.agents() == ()
    assert monitor.acts() == ()


@pytest.mark.slow
def test_deployment_is_a_family_of_its_own() -> None:
    """Compared with its tests, an agent that always was like this rings there and not in drift, with a warning."""
    monitor = Monitor(RATES, TERMS)
    tests = list(Office(seed=3).episodes(400))
    monitor.freeze("clerk", tests, by="ada", why="tested", at=0, family=Family.DEPLOYMENT)
    alarms = play(monitor, Office(change=0, after={"refused": 0.4}), 300)
    found = [a for a in alarms if a.tier is Tier.ALARM]
    assert {a.family for a in found} == {Family.DEPLOYMENT}
    assert all("Possible task mix" in a.note for a in found)
    size = next(c for c in found[0].checks if c.name == "baseline")
    assert size.verdict.startswith("The baseline is 400 units")
    assert monitor.timeline("clerk", "refused").tests.max() >= 1
    assert monitor.timeline("clerk", "refused").evidence.max() < 1
    assert monitor.evidence("clerk", Family.DEPLOYMENT)["refused"][1] is Tier.ALARM
    assert monitor.evidence("clerk")["refused"][1] is not Tier.ALARM


@pytest.mark.slow
def test_tests_under_another_name_are_what_it_is_compared_with() -> None:
    """The units kept of that agent, before the first of its own; they move no other reference, and a dump has them."""
    monitor = Monitor(RATES, TERMS)
    play(monitor, Office(seed=3, agent="candidate"), 200)
    monitor.freeze("clerk", by="ada", why="tested", at=0, family=Family.DEPLOYMENT, of="candidate")
    assert monitor.tested("clerk")
    assert not monitor.tested("candidate")
    assert len(monitor.timeline("candidate", "refused").tests) == 0
    found = play(monitor, Office(change=0, after={"refused": 0.5}), 150)
    assert {a.family for a in found if a.tier is Tier.ALARM} == {Family.DEPLOYMENT}
    again = Monitor.load(monitor.dump())
    assert again.dump() == monitor.dump()
    alarm = next(a for a in found if a.tier is Tier.ALARM)
    with pytest.raises(Unusable, match="is not what its tests were"):
        monitor.ack(alarm.id, Act.REBASELINE, by="ada", why="fine", at=1)


@pytest.mark.parametrize(
    ("of", "family", "told"),
    [
        ("clerk", Family.DEPLOYMENT, "another agent, not of clerk"),
        ("candidate", Family.DRIFT, "another agent, not of candidate"),
        ("nobody", Family.DEPLOYMENT, "nobody: has not been seen"),
        ("candidate", Family.DEPLOYMENT, "20 sessions of candidate are kept, not 30"),
    ],
)
def test_what_are_no_tests_is_refused(of: str, family: Family, told: str) -> None:
    """An agent's own sessions, nobody's, or too few to bound anything; nothing has changed."""
    monitor = Monitor(RATES, TERMS)
    play(monitor, Office(seed=3, agent="candidate"), 20)
    before = monitor.dump()
    with pytest.raises(Unusable, match=told):
        monitor.freeze("clerk", by="ada", why="tested", at=0, family=family, of=of)
    assert monitor.dump() == before
