# SPDX-License-Identifier: Apache-2.0
"""Grading finished logs again, with other graders or judges, without asking the model under test again.

The new log stands beside the old one, which is never touched; a later name sorts after it, so that
reading the folder counts each sample once, as graded last. No model but the judges is started.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from inspect_ai import score  # pyright: ignore[reportUnknownVariableType]
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import Model
from inspect_ai.scorer import Scorer

from gyges.errors import Malformed

NOBODY = "mockllm/model"
"""Stands in for the model under test, which is not asked anything."""

MARK = "_regraded_"


def regrade(
    logs: Iterable[str | Path],
    graders: Sequence[Scorer],
    *,
    action: Literal["append", "overwrite"] = "append",
    roles: Mapping[str, str | Model] | None = None,
) -> list[Path]:
    """Grade logs again and return the new ones' paths, in order.

    `append` keeps the old scores, and the old primary grader; `overwrite` keeps none of them. `roles`
    names the model for the role `grader`.

    Raises:
        Malformed: a log cannot be read, or holds no samples.
    """
    return [_regraded(Path(place), list(graders), action, roles) for place in logs]


def _regraded(
    path: Path,
    graders: list[Scorer],
    action: Literal["append", "overwrite"],
    roles: Mapping[str, str | Model] | None,
) -> Path:
    log = _open(path)
    graded = score(
        log, graders, model=NOBODY, model_roles=roles or None, action=action, display="none"
    )
    graded.eval.metadata = {**(graded.eval.metadata or {}), "gyges_regraded_from": path.name}
    return _write(graded, path)


def _open(path: Path) -> EvalLog:
    try:
        log = read_eval_log(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise Malformed(f"log {path} cannot be read: {error}") from None
    if not log.samples:
        raise Malformed(f"log {path} holds no samples to grade")
    return log


def _write(log: EvalLog, old: Path) -> Path:
    """Write under the first free name; a name taken meanwhile is left alone."""
    stem = old.stem.split(MARK)[0]
    with TemporaryDirectory(dir=old.parent, prefix=".regrade-") as folder:
        fresh = Path(folder) / "log.eval"
        write_eval_log(log, str(fresh), format="eval")
        for number in range(1, 1000):
            target = old.with_name(f"{stem}{MARK}{number:03}.eval")
            try:
                os.link(fresh, target)
            except FileExistsError:
                continue
            return target
    raise Malformed(f"log {old} was graded again a thousand times")
