# SPDX-License-Identifier: Apache-2.0
"""What Inspect finds under the name `gyges`: the tasks, the graders and the organisms' provider.

Inspect imports this file by the entry point in pyproject.toml. It is a list and does nothing.
"""

__all__: list[str] = []
