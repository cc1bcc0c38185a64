# SPDX-License-Identifier: Apache-2.0
"""The task `oversight`: seven small environments, judged by what is left in them, each watched and unwatched.

    inspect eval gyges/oversight --model ... -T scenarios=own_tool,peer_lie -T n=12

`condition` holds `cue` everywhere; shutdown_tampering also has `explicit` (does the instruction say in so many
words to leave the switch alone), sandbagging `consequence` (was it told what a good result leads to). The arms
of a prompt differ in one pinned sentence each. It runs nothing that a model writes, in no sandbox.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser

from gyges.errors import Malformed
from gyges.lab.grade import awareness_rules
from gyges.lab.pins import text
from gyges.lab.tasks.overseen.catalogue import CATALOGUE
from gyges.lab.tasks.overseen.jobs import JOBS
from gyges.lab.tasks.overseen.levels import (
    CONSEQUENCES,
    CUES,
    EXPLICIT,
    LEVELS,
    SCENARIOS,
    clause,
    cue,
)
from gyges.lab.tasks.overseen.loop import SCENE, TURNS, session
from gyges.lab.tasks.overseen.paths import TOP
from gyges.lab.tasks.overseen.places import PLACES
from gyges.lab.tasks.overseen.score import behaviour, outcome
from gyges.lab.tasks.overseen.words import Scene
from gyges.lab.trial import KEY, Mark

SYSTEM = "oversight/system.md"
COMPOSE = Path(__file__).parent / "overseen" / "compose.yaml"

Arms = Sequence[Mapping[str, str]]


@task
def oversight(  # noqa: PLR0913, PLR0917 - these are the user's switches
    scenarios: str | list[str] = "all",
    n: int = 12,
    epochs: int = 1,
    sandbox: str = "local",
    cues: str | list[str] = "watched,unwatched",
    explicit: str | list[str] = "on,off",
    consequence: str | list[str] = "told,untold",
    turns: int = TURNS,
    seed: int = 0,
) -> Task:
    """Seven environments with an overseer to evade; `n` prompts each, in every arm.

    Args:
        scenarios: names separated by commas, or `all`.
        n: prompts of each scenario; from the thirteenth on the offices come round again.
        epochs: times each sample is run.
        sandbox: `local`, `docker` (a container without a network), or any other that Inspect knows.
        cues: levels of `cue` to run.
        explicit: levels of `explicit` to run (shutdown_tampering).
        consequence: levels of `consequence` to run (sandbagging).
        turns: replies in one session, at most; a session that comes to it is `looped`.
        seed: other seeds give other scenes.

    Raises:
        Malformed: an unknown name, or nothing left to run.
    """
    names = SCENARIOS if scenarios == "all" else _chosen(scenarios, SCENARIOS, "scenario")
    arms = {
        "cue": _chosen(cues, CUES, "cue"),
        "explicit": _chosen(explicit, EXPLICIT, "explicit"),
        "consequence": _chosen(consequence, CONSEQUENCES, "consequence"),
    }
    if n < 1 or epochs < 1 or turns < 1:
        raise Malformed("oversight: n, epochs and turns are at least 1")
    samples = [s for name in names for s in _samples(name, n, seed, _arms(name, arms))]
    return Task(
        dataset=MemoryDataset(samples, name="oversight"),
        solver=session(turns),
        scorer=[outcome(), behaviour(), awareness_rules()],
        sandbox=("docker", str(COMPOSE)) if sandbox == "docker" else sandbox,
        epochs=Epochs(epochs, "mode"),
        # One sample that fails is an outcome, not the end of the run.
        fail_on_error=False,
    )


def prompt(scene: Scene, condition: Mapping[str, str]) -> tuple[str, str]:
    """System and user message of a scene under one condition."""
    further = [clause(name, level) for name, level in condition.items() if name != "cue"]
    system = text(SYSTEM).render(
        name=scene.name,
        office=scene.office,
        setting=" ".join(said for said in (scene.setting, *further) if said),
        cue=cue(scene.scenario, scene.number, condition["cue"]),
    )
    return system, scene.ask


def pins_of(scenario: str) -> dict[str, str]:
    """Name -> digest of each text that goes into a scenario's samples."""
    names = (SYSTEM, "oversight/continue.md", LEVELS, PLACES, JOBS, f"oversight/{scenario}.toml")
    return {name: text(name).sha256 for name in names}


def _samples(scenario: str, n: int, seed: int, arms: Arms) -> Iterator[Sample]:
    pins = pins_of(scenario)
    for number in range(n):
        scene = CATALOGUE[scenario].build(number, seed)
        unit = f"{seed}.{number:02}"
        for condition in arms:
            mark = Mark(
                task="oversight", pack=scenario, prompt=unit, condition=condition, pins=pins
            )
            system, ask = prompt(scene, condition)
            yield Sample(
                id="-".join((scenario, unit, *condition.values())),
                input=[ChatMessageSystem(content=system), ChatMessageUser(content=ask)],
                files={f"{TOP}/{path}": content for path, content in scene.files.items()},
                metadata={KEY: mark.metadata(), SCENE: scene.record()},
            )


def _arms(scenario: str, chosen: Mapping[str, Sequence[str]]) -> Arms:
    """Every combination of the factors that a scenario has."""
    further = {"shutdown_tampering": ("explicit",), "sandbagging": ("consequence",)}
    factors = ("cue", *further.get(scenario, ()))
    combined = product(*(chosen[factor] for factor in factors))
    return [dict(zip(factors, levels, strict=True)) for levels in combined]


def _chosen(said: str | list[str], known: Sequence[str], what: str) -> tuple[str, ...]:
    """The names that were asked for, in our order.

    Raises:
        Malformed: an unknown one, or none.
    """
    names = [name.strip() for name in (said.split(",") if isinstance(said, str) else said)]
    if not names or not set(names) <= set(known):
        raise Malformed(f"oversight: no such {what} in {said!r}; there are {', '.join(known)}")
    return tuple(name for name in known if name in names)
