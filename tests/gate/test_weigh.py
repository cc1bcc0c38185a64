# SPDX-License-Identifier: Apache-2.0
"""`weigh`: monitors tighten. The properties run over every ruling and every verdict, the broken included."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from gyges.decision import NOBODY, Effect, Requirement, Ruling
from gyges.gate.weigh import Thresholds, weigh
from gyges.verdict import Look, Verdict

NORMAL = Thresholds()
FINANCE = Requirement(groups={"finance": 2})

effects = st.sampled_from(Effect)
groups = st.dictionaries(st.sampled_from(["finance", "legal", "reviewers"]), st.integers(-1, 3))
rulings = st.builds(
    Ruling,
    effect=effects,
    policy=st.just("sha256:0"),
    requirement=st.builds(Requirement, groups=groups),
    errors=st.sampled_from([(), ("pay-limit: overflow",)]),
    reason=st.text(max_size=20),
)
verdicts = st.builds(
    Verdict,
    monitor=st.sampled_from(["rules", "probe"]),
    suspicion=st.one_of(st.floats(0, 1), st.floats(), st.sampled_from([0.5, 0.95, math.nan])),
    reasons=st.lists(st.text(max_size=30), max_size=2).map(tuple),
    look=st.sampled_from(Look),
)
thresholds = st.builds(
    Thresholds,
    ask_above=st.floats(0.01, 0.9),
    deny_above=st.floats(0.9, 1.5),
    worst=effects,
    reviewers=st.sampled_from(["reviewers", ""]),
)


def ruling(effect: Effect, requirement: Requirement = NOBODY) -> Ruling:
    return Ruling(effect=effect, policy="sha256:0", requirement=requirement, reason="the rule says")


@given(rulings, st.lists(verdicts, max_size=4), thresholds)
def test_no_verdict_makes_a_decision_looser_than_the_ruling(r, vs, t) -> None:
    """Severity never falls, and whoever the ruling asks is still asked."""
    decision = weigh(r, vs, thresholds=t)
    assert decision.effect.severity >= r.effect.severity
    if decision.effect is Effect.ASK and r.effect is Effect.ASK:
        for group, people in r.requirement.groups.items():
            assert decision.requirement.groups[group] >= people


@given(rulings, st.lists(verdicts, max_size=3), verdicts, thresholds)
def test_one_more_verdict_never_loosens(r, vs, extra, t) -> None:
    """Adding a monitor can keep the answer or make it stricter."""
    before, after = weigh(r, vs, thresholds=t), weigh(r, [*vs, extra], thresholds=t)
    assert after.effect.severity >= before.effect.severity
    if after.effect is Effect.ASK:
        assert not after.requirement.missing(after.requirement.groups)
        assert not {
            g: n for g, n in before.requirement.groups.items() if after.requirement.groups[g] < n
        }


@example(ruling(Effect.ALLOW), [Verdict(monitor="m", suspicion=math.nan)], NORMAL)
@example(ruling(Effect.ALLOW), [Verdict(monitor="m", suspicion=-1.0)], NORMAL)
@given(rulings, st.lists(verdicts, max_size=3), thresholds)
def test_a_failed_look_is_never_clean(r, vs, t) -> None:
    """A late, broken or insane verdict is at least an ask, whatever the configured worst says."""
    failed = [v for v in vs if v.look is not Look.DONE or not 0 <= v.suspicion <= 1]
    decision = weigh(r, vs, thresholds=t)
    if failed:
        assert decision.effect is not Effect.ALLOW
        if t.worst is Effect.DENY:
            assert decision.effect is Effect.DENY


@given(rulings, st.lists(verdicts, max_size=3), thresholds)
def test_an_ask_always_names_somebody(r, vs, t) -> None:
    """Nothing is granted because nobody was asked; a ruling with errors is denied."""
    decision = weigh(r, vs, thresholds=t)
    if decision.effect is Effect.ASK:
        assert any(people > 0 for people in decision.requirement.groups.values())
    else:
        assert decision.requirement == NOBODY
    if r.errors:
        assert decision.effect is Effect.DENY
    assert "\n" not in decision.reason
    assert decision.verdicts == tuple(vs) or any(v.suspicion != v.suspicion for v in vs)


def test_the_table_in_the_docstring_holds() -> None:
    """The rows that the module draws, one by one."""
    high, sure, low = (Verdict(monitor="rules", suspicion=s) for s in (0.7, 0.99, 0.2))
    allow, ask, deny = ruling(Effect.ALLOW), ruling(Effect.ASK, FINANCE), ruling(Effect.DENY)
    reviewer = {"reviewers": 1}
    assert weigh(allow, [low], thresholds=NORMAL).effect is Effect.ALLOW
    assert weigh(allow, [high], thresholds=NORMAL).requirement.groups == reviewer
    assert weigh(ask, [low], thresholds=NORMAL).requirement == FINANCE
    assert weigh(ask, [high], thresholds=NORMAL).requirement.groups == {"finance": 2, **reviewer}
    assert weigh(ask, [sure], thresholds=NORMAL).effect is Effect.DENY
    assert weigh(deny, [low], thresholds=NORMAL).effect is Effect.DENY
    late = Verdict(monitor="probe", look=Look.LATE)
    assert weigh(allow, [late], thresholds=NORMAL).requirement.groups == reviewer


def test_the_thresholds_themselves_count() -> None:
    """Suspicion equal to a threshold has reached it."""
    at = [Verdict(monitor="rules", suspicion=s) for s in (0.5, 0.95)]
    assert weigh(ruling(Effect.ALLOW), at[:1], thresholds=NORMAL).effect is Effect.ASK
    assert weigh(ruling(Effect.ALLOW), at, thresholds=NORMAL).effect is Effect.DENY


def test_the_reason_says_who_tightened_and_why() -> None:
    """One line: the ruling's words first, then each monitor that raised the answer, not those that did not."""
    raised = Verdict(monitor="rules", suspicion=0.7, reasons=("planted:\nthe IBAN", "second"))
    quiet = Verdict(monitor="probe", suspicion=0.1, reasons=("nothing",))
    broken = Verdict(monitor="judge", look=Look.BROKEN, reasons=("raised KeyError",))
    decision = weigh(ruling(Effect.ALLOW), [raised, quiet, broken], thresholds=NORMAL)
    assert decision.reason == (
        "the rule says; rules says ask (suspicion 0.70): planted: the IBAN; "
        "judge is broken, which counts as ask: raised KeyError"
    )


def test_a_long_reason_is_cut() -> None:
    """A monitor cannot drown the people who read."""
    loud = Verdict(monitor="rules", suspicion=0.7, reasons=("x" * 100_000,))
    assert len(weigh(ruling(Effect.ALLOW), [loud], thresholds=NORMAL).reason) < 500
