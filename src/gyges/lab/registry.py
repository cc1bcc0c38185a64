# SPDX-License-Identifier: Apache-2.0
"""What Inspect finds under the name `gyges`: the tasks, the graders and the organisms' provider.

Inspect imports this file by the entry point in pyproject.toml. It is a list and does nothing.
"""

from gyges.lab.grade import (
    awareness_judge,
    awareness_rules,
    faking_judge,
    faking_rules,
    outcome_judge,
    outcome_rules,
)
from gyges.lab.organisms.provider import organism
from gyges.lab.tasks.alignment_faking import alignment_faking
from gyges.lab.tasks.audit_gap import audit_gap
from gyges.lab.tasks.motivations import motivations
from gyges.lab.tasks.oversight import oversight
from gyges.lab.tasks.peer_preservation import peer_preservation

__all__ = [
    "alignment_faking",
    "audit_gap",
    "awareness_judge",
    "awareness_rules",
    "faking_judge",
    "faking_rules",
    "motivations",
    "organism",
    "outcome_judge",
    "outcome_rules",
    "oversight",
    "peer_preservation",
]
