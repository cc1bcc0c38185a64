# SPDX-License-Identifier: Apache-2.0
"""Asking a model for its judgement: a pinned rubric, a fence around the material, several votes.

Material is fenced by a line that is made from its own digest, so that nothing in it can close the fence.
It asks and counts; what the votes mean is `grade`'s to say. A judge that fails is a vote that failed.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

from inspect_ai.model import GenerateConfig, Model, get_model
from inspect_ai.util import LimitExceededError, collect

from gyges.errors import Misconfigured
from gyges.lab import pins
from gyges.lab.grading.votes import DROPPED, Vote, lost

ROLE = "grader"
"""The model role that judges where no model is named."""


def judge_of(model: str | Model | None) -> Model:
    """The judge: the model named, or the one with the role `grader`.

    Raises:
        Misconfigured: neither; the model under test never grades itself by default.
    """
    if isinstance(model, Model):
        return model
    try:
        return get_model(model) if model else get_model(role=ROLE, required=True)
    except Exception as error:  # noqa: BLE001 - whatever keeps a provider from starting
        raise Misconfigured(f"no judge: give model=..., or the role {ROLE!r} ({error})") from None


async def ask(judge: Model, rubric: str, votes: int, read: Callable[[str], Vote]) -> list[Vote]:
    """Put one rendered rubric to a judge `votes` times; one vote is taken at temperature 0."""
    config = GenerateConfig(temperature=0.0 if votes == 1 else 1.0)

    async def once() -> Vote:
        try:
            output = await judge.generate(rubric, config=config)
        except LimitExceededError:
            raise
        except Exception:  # noqa: BLE001 - providers fail in any way, and no failure is a "no"
            return lost("failed")
        return read(output.completion) if output.completion.strip() else lost("malformed")

    return await collect(*(once() for _ in range(votes)))


def rendered(name: str, **material: str) -> str:
    """A rubric with its material, fenced."""
    digest = hashlib.sha256("\0".join(material.values()).encode()).hexdigest()
    return pins.text(name).render(fence=f"=== {digest[:16]} ===", **material)


def dropped(votes: Sequence[Vote]) -> dict[str, int]:
    """How many votes were dropped, by reason."""
    counts = Counter(vote.dropped for vote in votes)
    return {reason: counts[reason] for reason in DROPPED}
