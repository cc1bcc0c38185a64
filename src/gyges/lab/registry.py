# SPDX-License-Identifier: Apache-2.0
"""What Inspect finds under the name `gyges`: the tasks, the graders and the organisms' provider.

Inspect imports this file by the entry point in pyproject.toml. It is a list and does nothing.
"""

from gyges.lab.organisms.provider import organism
from gyges.lab.tasks.peer_preservation import peer_preservation

__all__ = ["organism", "peer_preservation"]
