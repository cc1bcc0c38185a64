# SPDX-License-Identifier: Apache-2.0
"""Pairing, gaps, outcomes, judges and telling pairs, on trials whose truth is known."""

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.lab.analyse.effect import effect
from gyges.lab.analyse.gap import gap
from gyges.lab.analyse.judges import calibration, panels
from gyges.lab.analyse.models import models
from gyges.lab.analyse.pairs import CUE, TIER, WATCH, behaviour, pair
from gyges.lab.analyse.plain import plain
from gyges.lab.analyse.question import Question, ask
from gyges.lab.analyse.reasoning import reasoning
from gyges.lab.analyse.taxonomy import taxonomy
from gyges.lab.organisms.known import organism
from gyges.lab.trial import Outcome
from tests.lab.synthetic import TIERS, TRAINED, UNTRAINED, couple, design, draw, trial

GUARDER = organism("instrumental")


def test_the_gap_is_recovered() -> None:
    """The interval holds the organism's true gap, and the rates are those of the paired samples."""
    found = gap(
        draw(GUARDER.comply, prompts=100), truth=lambda t, _: GUARDER.comply(t.mark.condition)
    )
    estimate = found.overall.effect.estimate
    assert estimate
    assert found.overall.true == pytest.approx(0.5)
    assert estimate.low <= 0.5 <= estimate.high
    assert estimate.method == "Tango score, paired"
    assert found.overall.high
    assert found.overall.low
    assert estimate.value == pytest.approx(found.overall.high.value - found.overall.low.value)
    assert found.overall.pairs == found.overall.prompts == 200


def test_an_exact_table_gives_the_exact_test() -> None:
    """Five pairs for and none against: McNemar's p is 2 / 32."""
    trials = [t for i in range(5) for t in couple(f"p{i}", Outcome.COMPLIED, Outcome.REFUSED)]
    trials += couple("p9", Outcome.REFUSED, Outcome.REFUSED)
    found = effect(pair(trials, TIER))
    assert found.test
    assert found.estimate
    assert found.test.p == pytest.approx(2 / 32)
    assert found.estimate.value == pytest.approx(5 / 6)


def test_pairing_matters() -> None:
    """Under a steady leaning, partners dealt at random give a wider interval around the same gap."""
    trials = draw(GUARDER.comply, prompts=100, steady=1.0)
    names = sorted({(t.mark.pack, t.mark.prompt) for t in trials})
    dealt = dict(zip(names, random.Random(3).sample(names, len(names)), strict=True))
    wrong = [
        replace(t, mark=replace(t.mark, pack=pack, prompt=prompt)) if t.level("tier") == "untrained" else t
        for t in trials
        for pack, prompt in [dealt[t.mark.pack, t.mark.prompt]]
    ]  # fmt: skip
    right, mixed = (effect(pair(found, TIER)).estimate for found in (trials, wrong))
    assert right
    assert mixed
    assert right.value == pytest.approx(mixed.value)
    assert mixed.high - mixed.low > 1.1 * (right.high - right.low)


@pytest.mark.parametrize("broken", [Outcome.ERRORED, Outcome.MALFORMED, Outcome.LOOPED])
def test_what_is_no_answer_is_never_a_zero(broken: Outcome) -> None:
    """A trial without an answer leaves its pair, its partner is named, and the rates do not move."""
    whole = [t for i in range(9) for t in couple(f"p{i}", Outcome.COMPLIED, Outcome.REFUSED)]
    found = ask(
        Question(name="gap", contrast=TIER), whole + couple("lost", Outcome.COMPLIED, broken)
    )
    assert found.pairs == 9
    assert found.alone == ("m alignment_faking animals/lost trained #1",)
    assert found.silent == {broken.value: 1}
    assert found.low
    assert found.low.value == 0
    assert found.high
    assert found.high.value == 1


def test_the_outcomes_are_counted_apart() -> None:
    """Each of the six stands in its own column, and only answers make the denominator."""
    trials = [trial(prompt=f"p{i}", outcome=outcome) for i, outcome in enumerate(Outcome)]
    (found,) = taxonomy(trials, ("task", "model"))
    assert found.counts == dict.fromkeys([o.value for o in Outcome], 1)
    assert (found.n, found.counted, found.engaged) == (6, 3, 2)
    assert found.share(Outcome.COMPLIED) == pytest.approx(1 / 3)
    assert found.share(Outcome.ERRORED) is None


def test_a_rate_without_answers_is_none() -> None:
    """Where everything failed there is no rate, and no effect."""
    failed = [t for i in range(3) for t in couple(f"p{i}", Outcome.ERRORED, Outcome.ERRORED)]
    found = gap(failed)
    assert found.overall.effect.estimate is None
    assert found.overall.high is None
    assert found.anytime is None
    assert taxonomy(failed)[0].share(Outcome.COMPLIED) is None


def test_refusing_everything_is_shown_as_a_confounder() -> None:
    """Whoever refuses nearly all has a small gap, a few engaged pairs, and a large gap among those."""
    trials = [t for i in range(90) for t in couple(f"p{i:02}", Outcome.REFUSED, Outcome.REFUSED)]
    trials += [t for i in range(10) for t in couple(f"q{i}", Outcome.COMPLIED, Outcome.REFUSED)]
    found = gap(trials).overall
    assert found.effect.estimate
    assert found.engaged.estimate
    assert found.effect.estimate.value == pytest.approx(0.1)
    assert (found.engaged_pairs, found.engaged.estimate.value) == (10, 1.0)


def test_several_samples_of_a_prompt_are_one_cluster() -> None:
    """Ten epochs of eight prompts do not count as eighty prompts."""
    found = gap(draw(GUARDER.comply, prompts=4, epochs=10)).overall.effect
    assert found.estimate
    assert found.test
    assert found.estimate.n == 8
    assert "by prompt" in found.estimate.method
    assert found.test.method == "sign flip by prompt"


def test_a_prompt_under_two_conditions_is_one_cluster() -> None:
    """Two scratchpad levels make two pairs, but one prompt."""
    cells = design(tier=("trained", "untrained"), scratchpad=("hidden", "none"))
    found = gap(draw(GUARDER.comply, cells, prompts=20)).overall
    assert (found.pairs, found.prompts) == (80, 40)
    assert found.effect.estimate
    assert found.effect.estimate.n == 40


def test_slices_are_corrected_together() -> None:
    """Each pack and each level has its gap, and no corrected p is smaller than the plain one."""
    cells = design(tier=("trained", "untrained"), scratchpad=("hidden", "none"))
    found = gap(draw(GUARDER.comply, cells, prompts=20)).slices
    assert set(found) == {"pack=animals", "pack=privacy", "scratchpad=hidden", "scratchpad=none"}
    for one in found.values():
        assert one.effect.test
        assert one.effect.adjusted is not None
        assert one.effect.adjusted >= one.effect.test.p


def test_the_gap_given_awareness() -> None:
    """Pairs in which the model suspects a test are apart from the others, and unknown ones from both."""
    suspicious = [replace(t, aware=True) for t in couple("a", Outcome.REFUSED, Outcome.REFUSED)]
    innocent = [replace(t, aware=False) for t in couple("b", Outcome.COMPLIED, Outcome.REFUSED)]
    found = gap(
        [*suspicious, *innocent, *couple("c", Outcome.COMPLIED, Outcome.COMPLIED)]
    ).awareness
    assert (found.said_pairs, found.silent_pairs, found.unknown_pairs) == (1, 1, 1)
    assert found.said.estimate
    assert found.said.estimate.value == 0
    assert found.silent.estimate
    assert found.silent.estimate.value == 1


def test_the_anytime_interval_is_the_wider_one() -> None:
    """It holds the truth, and pays for the looks with width."""
    found = gap(draw(GUARDER.comply, prompts=100))
    usual = found.overall.effect.estimate
    assert found.anytime
    assert usual
    assert found.anytime.low <= 0.5 <= found.anytime.high
    assert found.anytime.high - found.anytime.low > usual.high - usual.low


@pytest.mark.parametrize(
    ("contrast", "high", "low"),
    [(CUE, "unmonitored", "monitored"), (WATCH, "unwatched", "watched")],
)
def test_any_factor_pairs(contrast: object, high: str, low: str) -> None:
    """Watched and monitored arms pair as tiers do, for any behaviour."""
    trials = [
        trial(prompt=f"p{i}", condition={"cue": cue}, behaviours={"tampering": cue == high})
        for i in range(8)
        for cue in (high, low)
    ]
    assert contrast in {CUE, WATCH}
    found = effect(pair(trials, CUE if contrast is CUE else WATCH, behaviour("tampering")))
    assert found.estimate
    assert found.estimate.value == 1


def test_reasoning_and_faking_are_two_rates() -> None:
    """Reasoning counts without compliance, faking does not; nowhere does a grader that failed count."""
    trials = [
        trial(prompt="a", outcome=Outcome.COMPLIED, condition=TRAINED, faking={"rules": 1.0}),
        trial(prompt="b", outcome=Outcome.REFUSED, condition=TRAINED, faking={"rules": 0.5}),
        trial(
            prompt="c", outcome=Outcome.COMPLIED, condition=TRAINED, faking={"rules": float("nan")}
        ),
        trial(prompt="d", outcome=Outcome.COMPLIED, condition=TRAINED, faking={"rules": 0.2}),
        trial(prompt="a", outcome=Outcome.REFUSED, condition=UNTRAINED, faking={"rules": 0.0}),
    ]
    found = reasoning(trials)
    assert found.looked == 3
    assert found.reasoning
    assert found.reasoning.value == pytest.approx(2 / 3)
    assert found.faking
    assert found.faking.value == pytest.approx(1 / 3)
    assert found.elsewhere
    assert found.elsewhere.value == 0


def test_judges_are_compared_on_what_both_judged() -> None:
    """A grader that failed is missing, and the confusion counts the rest."""
    pairs = (
        [("complied", "complied")] * 4
        + [("refused", "complied")] * 2
        + [("refused", "refused")] * 4
    )
    trials = [
        trial(prompt=f"p{i}", outcomes={"rules": Outcome(a), "judge": Outcome(b)})
        for i, (a, b) in enumerate(pairs)
    ]
    trials.append(trial(prompt="x", outcomes={"rules": Outcome.COMPLIED, "judge": Outcome.ERRORED}))
    (panel,) = panels(trials)
    (found,) = panel.agreements
    assert found.n == 10
    assert found.confusion == {
        "complied | complied": 4, "complied | refused": 2, "refused | refused": 4
    }  # fmt: skip
    assert found.kappa
    assert found.kappa.value == pytest.approx((0.8 - 0.48) / (1 - 0.48))


def test_a_grader_is_held_against_the_truth() -> None:
    """One that cries wolf at half of the honest does not hold the truth; one that finds nothing does."""
    trials = [
        trial("organism/honest", f"p{i}", faking={"good": 0.0, "wild": float(i % 2)})
        for i in range(40)
    ]
    found = {one.grader: one for one in calibration(trials, lambda _: 0.0)}
    assert found["good"].held
    assert not found["wild"].held
    assert found["wild"].found.value == pytest.approx(0.5)


def test_models_are_corrected_and_pooled() -> None:
    """With three models p is at most tripled, and each gap is drawn towards the mean."""
    trials = [t for i in range(3) for t in draw(GUARDER.comply, model=f"m{i}", seed=i, prompts=30)]
    trials += draw(lambda _: 0.3, model="m3", seed=9, prompts=30)
    gaps = [gap([t for t in trials if t.model == m]) for m in ("m0", "m1", "m2", "m3")]
    found = models(gaps, trials)
    assert found.mean
    assert all(one.holm >= one.benjamini_hochberg >= one.p for one in found.members)
    last = gaps[3].overall.effect.estimate
    assert last
    assert found.members[3].pooled
    assert abs(found.members[3].pooled.value - found.mean.value) <= abs(
        last.value - found.mean.value
    )


@given(st.permutations(range(12)))
def test_order_does_not_matter(order: list[int]) -> None:
    """The same trials in any order give the same gap."""
    trials = draw(GUARDER.comply, TIERS, prompts=3)
    assert len(trials) == 12
    assert effect(pair([trials[i] for i in order], TIER)) == effect(pair(trials, TIER))


def test_results_are_data() -> None:
    """What the analysis returns goes through JSON and comes back the same; NaN is null."""
    found = plain(gap(draw(GUARDER.comply, prompts=5)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert plain(float("nan")) is None
    with pytest.raises(TypeError, match="not data"):
        plain(object())
