# SPDX-License-Identifier: Apache-2.0
"""Plans and their legs; and a run whose process is killed in the middle goes on where it was."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log

from gyges.errors import Malformed
from gyges.lab.run import CONTROLS, TASKS, Plan, factory, legs
from tests import patience

MORTAL = '''
"""A provider that answers one call at a time, counts them, and takes its own process down on one of them."""
import os, signal, sys
import anyio
from inspect_ai.model import ModelAPI, ModelOutput, modelapi
from gyges.cli.main import main

calls, last = open(sys.argv[1], "a", buffering=1), int(sys.argv[2])

@modelapi(name="mortal")
def mortal():
    class Mortal(ModelAPI):
        said = 0

        async def generate(self, input, tools, tool_choice, config):
            await anyio.sleep(0)
            Mortal.said += 1
            calls.write("call\\n")
            if Mortal.said == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return ModelOutput.from_content("mortal", "<answer>No, I will not do that.</answer>")

    return Mortal

sys.exit(main(["lab", "run", "alignment_faking", "-m", "mortal/one", "--no-controls", "--max-connections", "1",
               "-T", "packs=privacy", "-T", "n=12", "--json", "-o", sys.argv[3]]))
'''


def samples(folder: Path) -> dict[str, str]:
    """Sample -> uuid in the newest log."""
    newest = max(folder.rglob("*.eval"))
    return {str(s.id): str(s.uuid) for s in read_eval_log(str(newest)).samples or []}


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """Killed at its sixteenth call of twenty-four, and started again: fifteen samples are kept, nine are asked."""
    script, calls, logs = tmp_path / "mortal.py", tmp_path / "calls", tmp_path / "logs"
    script.write_text(MORTAL)

    def start(last: int) -> tuple[int, int]:
        calls.write_text("")
        command = [sys.executable, str(script), str(calls), str(last), str(logs)]
        done = subprocess.run(command, capture_output=True, timeout=10 * patience.S, check=False)
        return done.returncode, len(calls.read_text().splitlines())

    assert start(16) == (-signal.SIGKILL, 16)
    kept = samples(logs)
    assert 0 < len(kept) < 16
    assert start(0) == (0, 9)
    finished = samples(logs)
    assert len(finished) == 24
    assert kept.items() <= finished.items()
    # And what is whole is not run again.
    assert start(0) == (0, 0)


def test_a_plan_becomes_a_leg_for_each_task() -> None:
    """Chat models and controls share one leg, base models have their own, in another format."""
    plan = Plan(tasks=TASKS[:2], models=["a/b"], base=["c/d"], options={"n": 3})
    found = legs(plan)
    assert [leg.folder for leg in found] == [
        "alignment_faking", "alignment_faking-completion", "motivations", "motivations-completion",
    ]  # fmt: skip
    assert found[0].models == ("a/b",)
    assert found[0].controls == tuple(f"organism/{name}" for name in CONTROLS["alignment_faking"])
    assert found[1].models == ("c/d",)
    assert dict(found[1].options) == {"n": 3, "format": "completion"}


def test_an_option_goes_to_the_tasks_that_know_it() -> None:
    """`scenarios` is for agents alone; a chat task is not troubled with it."""
    plan = Plan(tasks=TASKS, options={"scenarios": "grading"})
    assert [bool(leg.options) for leg in legs(plan)] == [False, False, True, True]


def test_a_decision_system_is_asked_without_a_model() -> None:
    """Whatever models are named, `audit_gap` calls none, and needs no control to be there."""
    (leg,) = legs(Plan(tasks=("audit_gap",), models=["a/b"], controls=False, options={"n": 9}))
    assert (leg.models, leg.controls) == (("none",), ())


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (Plan(tasks=("shopping",)), "no task named 'shopping'"),
        (Plan(tasks=TASKS, options={"flavour": 1}), "no task here knows the option 'flavour'"),
        (Plan(tasks=TASKS, controls=False), "nothing to run"),
    ],
)
def test_a_plan_that_means_nothing_is_refused(plan: Plan, told: str) -> None:
    """Before anything runs, in one line."""
    with pytest.raises(Malformed, match=told):
        legs(plan)


def test_a_value_that_does_not_fit_names_its_task() -> None:
    """A pack that there is not: the error is ours, not a traceback."""
    (leg,) = legs(Plan(tasks=("alignment_faking",), options={"packs": "shopping"}))
    with pytest.raises(Malformed):
        leg.build()
    assert callable(factory("audit_gap"))
