# SPDX-License-Identifier: Apache-2.0
"""Which graders score a chat task: each judge that was named, then the rules.

The first grader of a log is the primary one, so whoever pays for a judge gets its word, with the rules
beside it for comparison. The graders themselves are `gyges.lab.grade`'s.
"""

from inspect_ai.scorer import Scorer

from gyges.errors import Malformed
from gyges.lab.grade import (
    awareness_judge,
    awareness_rules,
    faking_judge,
    faking_rules,
    outcome_judge,
    outcome_rules,
)
from gyges.lab.tasks.chat.design import Listed, listed


def scorers(judges: Listed | None, votes: int) -> list[Scorer]:
    """The scorers, the primary ones first; each judge gives `votes` votes on each of its rubrics.

    Raises:
        Malformed: fewer than one vote, or a judge named twice.
        Misconfigured: a judge whose provider is not there.
    """
    if votes < 1:
        raise Malformed(f"votes={votes}: at least 1")
    made = [
        grader
        for model in (listed("judges", judges) if judges else ())
        for grader in (
            outcome_judge(model, votes),
            faking_judge(model, votes),
            awareness_judge(model, votes),
        )
    ]
    return [*made, outcome_rules(), faking_rules(), awareness_rules()]
