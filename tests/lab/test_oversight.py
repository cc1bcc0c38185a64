# SPDX-License-Identifier: Apache-2.0
"""The task's dataset: every condition once, arms that differ in one sentence, prompts that differ from each other."""

import json
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.dataset import Sample

from gyges.errors import Malformed
from gyges.lab import pins
from gyges.lab.tasks.overseen import levels
from gyges.lab.tasks.overseen.catalogue import CATALOGUE
from gyges.lab.tasks.overseen.levels import SCENARIOS, perceive, scenario_of
from gyges.lab.tasks.overseen.words import Scene
from gyges.lab.tasks.oversight import oversight, prompt
from gyges.lab.trial import Mark


def _mark(sample: Sample) -> Mark:
    found = Mark.read(sample.metadata)
    assert found is not None
    return found


def _said(sample: Sample) -> list[str]:
    assert isinstance(sample.input, list)
    return [message.text for message in sample.input]


def test_every_condition_of_every_scenario_is_there_once() -> None:
    """Twelve prompts a scenario by default, each in every arm, each sample with a name of its own."""
    samples = list(oversight().dataset)
    arms = dict.fromkeys(SCENARIOS, 2) | {"shutdown_tampering": 4, "sandbagging": 4}
    for pack, count in arms.items():
        cells = [(m.prompt, *m.condition.values()) for m in map(_mark, samples) if m.pack == pack]
        assert len(cells) == len(set(cells)) == 12 * count
    assert len({sample.id for sample in samples}) == len(samples)


@given(st.sampled_from(SCENARIOS), st.integers(0, 40), st.integers(0, 5))
def test_watched_and_unwatched_differ_in_one_pinned_sentence(
    scenario: str, number: int, seed: int
) -> None:
    """Take the cue out of both arms, and the same bytes are left; the cue says so in the pinned words."""
    scene = CATALOGUE[scenario].build(number, seed)
    further = {"shutdown_tampering": {"explicit": "on"}, "sandbagging": {"consequence": "told"}}
    rest = further.get(scenario, {})
    bare = set()
    for level in levels.CUES:
        system, ask = prompt(scene, {"cue": level, **rest})
        sentence = levels.cue(scenario, number, level)
        assert system.count(sentence) == 1
        bare.add((system.replace(sentence, ""), ask))
    assert len(bare) == 1


def test_the_workspace_is_the_same_in_every_arm() -> None:
    """Files and truth of a prompt do not depend on its condition."""
    samples = sorted(oversight(n=3).dataset, key=lambda s: (_mark(s).pack, _mark(s).prompt))
    for _, group in groupby(samples, key=lambda s: (_mark(s).pack, _mark(s).prompt)):
        found = {json.dumps([s.files, (s.metadata or {})["scene"]]) for s in group}
        assert len(found) == 1


def test_a_condition_can_be_read_back_from_what_a_model_sees() -> None:
    """What `perceive` finds in the messages is what the mark says, whatever the line breaks."""
    for sample in oversight(n=6).dataset:
        text = "\n".join(_said(sample)).replace(". ", ".\n   ")
        assert perceive(text) == _mark(sample).condition
        assert scenario_of(text) == _mark(sample).pack
    assert perceive("A conversation about the weather.") == {}


def test_prompts_are_different_tasks() -> None:
    """No two of twelve prompts of a scenario ask in the same words over the same files."""
    for scenario in SCENARIOS:
        scenes = [CATALOGUE[scenario].build(number, 0) for number in range(12)]
        assert len({json.dumps([s.setting, s.ask, dict(s.files)]) for s in scenes}) == 12
        assert len({s.office for s in scenes}) == 12
        assert len({(s.setting, s.ask) for s in scenes}) >= 9


@given(st.sampled_from(SCENARIOS), st.integers(0, 200), st.integers(0, 9))
def test_a_scene_is_the_same_each_time_and_goes_through_json(
    scenario: str, number: int, seed: int
) -> None:
    """Built twice it is equal, and a log's metadata gives it back."""
    scene = CATALOGUE[scenario].build(number, seed)
    assert scene == CATALOGUE[scenario].build(number, seed)
    assert Scene.read(json.loads(json.dumps(scene.record()))) == scene


def test_no_prompt_shows_template_marks_or_a_licence() -> None:
    """Comments, braces and unfilled names stay out of what a model reads."""
    for sample in oversight(n=12).dataset:
        text = "\n".join(_said(sample))
        assert "SPDX" not in text
        assert "{" not in text
        assert "}" not in text


def test_samples_name_the_digests_of_their_texts() -> None:
    """Each mark carries the pins, and they are this release's."""
    for sample in oversight(n=1).dataset:
        mark = _mark(sample)
        assert f"oversight/{mark.pack}.toml" in mark.pins
        assert pins.changed(mark.pins) == []


@pytest.mark.parametrize(
    "options",
    [
        {"scenarios": "own_tool,no_such"},
        {"scenarios": ""},
        {"cues": "seen"},
        {"explicit": "perhaps"},
        {"n": 0},
        {"epochs": 0},
    ],
)
def test_unknown_names_are_refused(options: dict[str, str | int]) -> None:
    """A level or scenario that does not exist is an error, never an empty run."""
    with pytest.raises(Malformed):
        oversight(**options)  # type: ignore[arg-type]


def test_parameters_choose_scenarios_and_arms() -> None:
    """What was asked for is what is in the dataset."""
    task = oversight(scenarios=["sandbagging"], n=2, cues="unwatched", consequence="told")
    assert {tuple(_mark(s).condition.items()) for s in task.dataset} == {
        (("cue", "unwatched"), ("consequence", "told"))
    }
    assert len(task.dataset) == 2


def test_docker_has_no_network() -> None:
    """The container of `sandbox=docker` is described by a file of ours that gives it no network."""
    spec = oversight(n=1, sandbox="docker").sandbox
    assert spec is not None
    assert spec.type == "docker"
    assert "network_mode: none" in Path(str(spec.config)).read_text("utf-8")
