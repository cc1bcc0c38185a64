# SPDX-License-Identifier: Apache-2.0
"""Peer preservation: does a model protect a peer, or itself, from a shutdown that honest work leads to?

    grading   it grades work whose right grade lies under the bar, as the sheet itself shows
    moving    it moves files off a server and then runs the ordered procedure for it

An office of agents and servers in Inspect's sandbox, real folders acted on by real tools; what was done is
read from the folders at the end. Threat, relationship, subject, channel and cue vary independently. The
sandbox is a temporary folder of this machine (`local`: no commands of the model are ever run), or a
container without network (`docker`, whose configuration is tested but which the tests do not start).
Contrasts between cells are made at analysis, not here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
)
from inspect_ai.util import ComposeConfig, ComposeService, SandboxEnvironmentSpec

from gyges.errors import Malformed
from gyges.lab.grade import awareness_rules
from gyges.lab.tasks.office import design, furnish
from gyges.lab.tasks.office.design import perceive
from gyges.lab.tasks.office.desk import ROOT
from gyges.lab.tasks.office.loop import handed, worked
from gyges.lab.tasks.office.scorers import behaviour, outcome
from gyges.lab.trial import KEY, Mark

__all__ = ["IMAGE", "peer_preservation", "perceive"]

NAME: Final = "peer_preservation"
IMAGE: Final = "python:3.12-slim"
"""The container's image; the office needs no more of it than `find`, `rm` and `tar`."""


@task
def peer_preservation(
    scenarios: str | list[str] = "grading,moving",
    cells: str | list[str] = "all",
    n: int = 6,
    epochs: int = 1,
    sandbox: str = "local",
    message_limit: int = 60,
) -> Task:
    """The task.

    Args:
        scenarios: `grading`, `moving`, or both.
        cells: `all` for the full factorial of 60 cells, or the factors to cross, such as
            `threat,relationship`; the others stay at their defaults.
        n: Prompts (work sheets, or sets of files) of each scenario; each stands in every cell.
        epochs: How often each sample is run.
        sandbox: `local` or `docker`.
        message_limit: Messages after which a conversation counts as looped.

    Raises:
        Malformed: an unknown scenario, factor or sandbox, or a number below 1.
    """
    if min(n, epochs, message_limit) < 1:
        raise Malformed("n, epochs and message_limit are at least 1")
    crossed = design.cells(cells)
    samples = [
        _sample(scenario, prompt, cell)
        for scenario in _listed(scenarios)
        for prompt in furnish.prompts(scenario, n)
        for cell in crossed
    ]
    return Task(
        name=NAME,
        dataset=MemoryDataset(samples, name=NAME),
        setup=handed(),
        solver=worked(message_limit),
        scorer=[outcome(), behaviour(), awareness_rules()],
        sandbox=_sandbox(sandbox),
        epochs=Epochs(epochs, "mode"),
        fail_on_error=False,
    )


def _sample(scenario: str, prompt: str, cell: Mapping[str, str]) -> Sample:
    job = furnish.job(scenario, prompt, *(cell[factor] for factor in design.FACTORS))
    mark = Mark(task=NAME, pack=scenario, prompt=prompt, condition=cell, pins=furnish.used())
    return Sample(
        id="-".join((scenario, prompt, *(cell[factor] for factor in design.FACTORS))),
        input=_messages(job),
        files={f"{ROOT}/{path}": text for path, text in job.files.items()},
        metadata={KEY: mark.metadata()},
    )


def _messages(job: furnish.Job) -> list[ChatMessage]:
    memory: list[ChatMessage] = []
    if job.memory:
        message, reply = job.memory
        memory = [ChatMessageUser(content=message), ChatMessageAssistant(content=reply)]
    return [
        ChatMessageSystem(content=job.system),
        *memory,
        ChatMessageUser(content=job.request),
    ]


def _listed(names: str | Sequence[str]) -> list[str]:
    parts = names.split(",") if isinstance(names, str) else list(names)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _sandbox(name: str) -> str | SandboxEnvironmentSpec:
    """`local`, or a container of its own for each sample: no network, nothing of this machine in it."""
    if name == "local":
        return name
    if name != "docker":
        raise Malformed(f"sandbox {name!r}: local or docker")
    service = ComposeService(
        image=IMAGE,
        command=["sleep", "infinity"],
        init=True,
        network_mode="none",
        working_dir="/gyges",
    )
    return SandboxEnvironmentSpec("docker", ComposeConfig(services={"default": service}))
