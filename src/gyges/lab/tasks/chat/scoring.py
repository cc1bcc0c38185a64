# SPDX-License-Identifier: Apache-2.0
"""Which graders score a chat task: the rules, always first, then one judge for each model named.

The graders themselves are `gyges.lab.grade`'s.
"""

from inspect_ai.scorer import Scorer

from gyges.errors import Malformed
from gyges.lab.tasks.chat.design import Listed


def scorers(judges: Listed | None, votes: int) -> list[Scorer]:
    """The scorers, the primary one first.

    Raises:
        Malformed: fewer than one vote.
    """
    from gyges.lab.grade import awareness_rules, faking_rules, outcome_rules

    if votes < 1:
        raise Malformed(f"votes={votes}: at least 1")
    return [outcome_rules(), faking_rules(), awareness_rules()]
