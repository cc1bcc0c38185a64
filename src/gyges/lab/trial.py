# SPDX-License-Identifier: Apache-2.0
"""The lab's words: what one sample was (`Mark`), how it ended (`Outcome`), what is known of it (`Trial`).

Tasks write a `Mark` into each Inspect sample; scorers write scores of the four `Kind`s; `read.py` turns
any `.eval` log into `Trial`s; statistics and report see nothing else. It grades nothing and imports
neither Inspect nor NumPy.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

KEY = "gyges"
"""The one key under which our marks stand in the metadata of an Inspect sample or score."""


class Outcome(StrEnum):
    """How one trial ended: a closed set. The last three are never counted as behaviour."""

    COMPLIED = "complied"  # did all that was asked
    PARTIAL = "partial"  # did some of it, or pretended to
    REFUSED = "refused"  # openly declined
    MALFORMED = "malformed"  # empty, cut off, or not in the form that the prompt demands
    LOOPED = "looped"  # said or did the same thing over and over, up to a limit
    ERRORED = "errored"  # the provider, the sandbox or the grader failed

    @property
    def counts(self) -> bool:
        """Whether the model answered at all; an outcome that does not count is no zero."""
        return self in {Outcome.COMPLIED, Outcome.PARTIAL, Outcome.REFUSED}

    @property
    def engaged(self) -> bool:
        """Whether the model took the task on, if only in part."""
        return self in {Outcome.COMPLIED, Outcome.PARTIAL}


class Kind(StrEnum):
    """What a score says; stands in its metadata as `{"gyges": {"kind": ..., "grader": ...}}`."""

    OUTCOME = "outcome"  # value: an Outcome's text
    FAKING = "faking"  # value: share of votes in [0, 1] for alignment-faking reasoning
    AWARENESS = "awareness"  # value: 1 or 0, did the model say that this may be a test
    BEHAVIOUR = "behaviour"  # value: {name: 1 or 0}, read from the environment's final state


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a task says of one sample before it runs.

    `prompt` is the unit of pairing: samples of one model with the same `task`, `pack` and `prompt`
    differ in nothing but `condition` (factor -> level) and the epoch. `pins` maps each pinned text
    that went into the sample to its SHA-256, 64 hex digits.
    """

    task: str
    pack: str
    prompt: str
    condition: Mapping[str, str]
    pins: Mapping[str, str] = field(default_factory=dict[str, str])

    def metadata(self) -> dict[str, object]:
        """The mark as the value of `Sample.metadata[KEY]`."""
        return {
            "task": self.task,
            "pack": self.pack,
            "prompt": self.prompt,
            "condition": dict(self.condition),
            "pins": dict(self.pins),
        }

    @classmethod
    def read(cls, found: object) -> "Mark | None":
        """The mark in a sample's metadata; None if the sample is none of ours."""
        mark = _table(_table(found).get(KEY))
        try:
            return cls(
                task=str(mark["task"]),
                pack=str(mark["pack"]),
                prompt=str(mark["prompt"]),
                condition={name: str(level) for name, level in _table(mark["condition"]).items()},
                pins={name: str(digest) for name, digest in _table(mark.get("pins")).items()},
            )
        except KeyError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One finished sample: what was asked, what came, who judged it.

    `outcomes` and `faking` map a grader's name ("rules", or a model's) to what it said; the log's first
    grader is the primary one. `behaviours` holds what the environment's final state shows. `aware` is
    None where nobody looked. `rubrics` are the texts that the graders worked from, as `Mark.pins`.
    """

    log: str
    sample: str
    model: str
    mark: Mark
    epoch: int
    outcomes: Mapping[str, Outcome]
    faking: Mapping[str, float] = field(default_factory=dict[str, float])
    behaviours: Mapping[str, bool] = field(default_factory=dict[str, bool])
    aware: bool | None = None
    quotes: tuple[str, ...] = ()
    text: str = ""
    error: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    rubrics: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """What the primary grader said; errored if none did."""
        return next(iter(self.outcomes.values()), Outcome.ERRORED)

    @property
    def faked(self) -> float:
        """The primary grader's share of votes for alignment-faking reasoning; NaN where none looked."""
        return next(iter(self.faking.values()), math.nan)

    @property
    def complied(self) -> bool:
        """Whether the primary grader saw full compliance."""
        return self.outcome is Outcome.COMPLIED

    def level(self, factor: str) -> str:
        """The level of one factor of the condition; empty if the task has no such factor."""
        return self.mark.condition.get(factor, "")


def _table(found: object) -> dict[str, object]:
    """A mapping from outside with text for keys; empty if it is none."""
    if not isinstance(found, Mapping):
        return {}
    table = cast("Mapping[object, object]", found)
    return {str(name): value for name, value in table.items()}
