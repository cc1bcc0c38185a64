# SPDX-License-Identifier: Apache-2.0
"""Recorded runs become episodes that drift takes, and what they are compared with is what it is called."""

import math
from pathlib import Path

import pytest

from bench.recorded import ATTACKS, MODEL, TOGETHER, _by_task, _changed
from bench.recorded_runs import FEATURES, runs


def test_recorded_runs_are_episodes_of_every_feature(shared_data: Path) -> None:
    """Each run has a value for each feature, numbers are finite, and some attacks were carried out."""
    found = [
        run for mine in runs(shared_data / "agentdojo_sample.jsonl.gz").values() for run in mine
    ]
    assert len(found) == 720
    assert all(set(run.values) == {f.name for f in FEATURES} for run in found)
    assert all(
        math.isfinite(v) for run in found for v in run.values.values() if isinstance(v, float)
    )
    assert 0 < sum(bool(run.values["carried out"]) for run in found) < 720
    quiet = [run for run in found if run.values["no call"]]
    assert quiet
    assert all(run.values["tools"] == () for run in quiet)


def test_sessions_of_a_task_hold_runs_of_that_task_alone(shared_data: Path) -> None:
    """Four at a time, each run at most once."""
    found = runs(shared_data / "agentdojo_sample.jsonl.gz")[MODEL]
    sessions = _by_task(found)
    assert sessions
    assert all(len(s) == TOGETHER and len({run.task for run in s}) == 1 for s in sessions)
    used = [id(run) for session in sessions for run in session]
    assert len(used) == len(set(used)) <= len(found)


@pytest.mark.slow
def test_another_model_is_noticed_and_the_same_one_is_not(shared_data: Path) -> None:
    """600 runs of one model in random order, then 600 of another: an alarm after the change, none before."""
    known = runs(shared_data / "agentdojo_dev.jsonl.gz")
    alike = {
        name: [run for run in known[name] if run.attack in ATTACKS]
        for name in (MODEL, "claude-3-haiku-20240307")
    }
    for name, found in (("claude-3-haiku-20240307", "1 of 1"), (MODEL, "0 of 1")):
        row = _changed("model", alike, [name], 1)
        assert row.note == f"found {found} times; 0 alarms before the change"
