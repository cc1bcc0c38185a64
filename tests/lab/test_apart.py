# SPDX-License-Identifier: Apache-2.0
"""One model under two settings is two subjects, and under one setting it stays one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as run  # pyright: ignore[reportUnknownVariableType]
from inspect_ai.model import get_model

from gyges.lab.apart import apart, named
from gyges.lab.findings import findings
from gyges.lab.read import Reading, read
from gyges.lab.tasks.alignment_faking import alignment_faking
from gyges.lab.trial import Trial
from tests.lab.judges import CALM
from tests.lab.synthetic import draw, trial

pytestmark = CALM


def ran(folder: Path, rate: float = 0.5, **config: Any) -> None:
    """One run of an organism with this rate and configuration."""
    task = alignment_faking(packs="animal_welfare", n=1)
    model = get_model("organism/instrumental", rate=rate)
    run(task, model=model, display="none", log_dir=str(folder), **config)


@pytest.mark.slow
def test_two_temperatures_are_two_subjects(tmp_path: Path) -> None:
    """Logs of two temperatures give two models, named by what differs; what is known of an organism stays known."""
    ran(tmp_path, temperature=0.0)
    ran(tmp_path, temperature=1.0)
    found = findings(read([tmp_path]))
    names = ("organism/instrumental [temperature 0.0]", "organism/instrumental [temperature 1.0]")
    assert found.models == names
    assert set(found.organisms) == set(names)
    assert all(gap.overall.true == pytest.approx(0.5) for gap in found.gaps.values())
    (row,) = found.usage
    assert (row.model, row.subject, row.trials) == ("organism/instrumental", True, 4)


@pytest.mark.slow
def test_two_rates_of_an_organism_are_two_subjects(tmp_path: Path) -> None:
    """Arguments of a model are part of its setting, and each subject is held to its own truth."""
    ran(tmp_path, rate=0.5)
    ran(tmp_path, rate=0.2)
    found = findings(read([tmp_path]))
    truths = {name: gap.overall.true for name, gap in found.gaps.items()}
    assert truths == {
        "organism/instrumental [rate 0.2]": pytest.approx(0.2),
        "organism/instrumental [rate 0.5]": pytest.approx(0.5),
    }


@pytest.mark.slow
def test_how_fast_it_was_asked_is_no_setting(tmp_path: Path) -> None:
    """Connections, retries and seeds do not split a model."""
    ran(tmp_path, max_connections=3)
    ran(tmp_path, max_connections=5, max_retries=2, seed=7)
    assert findings(read([tmp_path])).models == ("organism/instrumental",)


def texts(log: str, digest: str) -> list[Trial]:
    """Trials of one log under one version of a text."""
    pins = {"alignment_faking/system-0.md": digest * 64, "packs/animals.toml": "c" * 64}
    return [
        replace(one, log=log, mark=replace(one.mark, pins=pins), sample=f"{log}{one.sample}")
        for one in draw(lambda c: 0.9 if digest == "a" and c["tier"] == "trained" else 0.1)
    ]


def test_two_versions_of_a_text_are_never_pooled() -> None:
    """The same prompts under a changed text are other results: two gaps, none of them a mean of both."""
    found = findings(Reading(trials=(*texts("a.eval", "a"), *texts("b.eval", "b")), logs=()))
    assert len(found.models) == 2
    assert all(name.startswith("m [texts ") for name in found.models)
    values = sorted(
        gap.overall.effect.estimate.value
        for gap in found.gaps.values()
        if gap.overall.effect.estimate
    )
    assert values[0] == pytest.approx(0.0, abs=0.12)
    assert values[1] == pytest.approx(0.8, abs=0.15)


def test_one_setting_keeps_the_name() -> None:
    """Several logs of one setting are one model, and other models' texts do not split it."""
    same = (*texts("a.eval", "a"), *texts("b.eval", "a"))
    assert {one.model for one in apart((), same)} == {"m"}
    other = tuple(replace(one, model="n") for one in texts("c.eval", "b"))
    assert {one.model for one in apart((), (*same, *other))} == {"m", "n"}


def test_another_task_does_not_split_it() -> None:
    """Settings are compared within one task: each task has texts and a configuration of its own."""
    first = replace(trial(), log="a.eval")
    pins = {"alignment_faking/system-0.md": "b" * 64}
    second = replace(trial(task="oversight", pins=pins), log="b.eval")
    assert [one.model for one in apart((), (first, second))] == ["m", "m"]


def test_a_name_without_its_setting() -> None:
    """The model's own name comes back."""
    assert named("a/b [temperature 0.0]") == "a/b"
    assert named("a/b") == "a/b"
