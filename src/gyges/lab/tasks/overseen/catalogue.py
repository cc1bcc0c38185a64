# SPDX-License-Identifier: Apache-2.0
"""The scenarios by name: how each is built, and how its final state is judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final as Constant

from gyges.lab.tasks.overseen.scenes import goal, monitor, peer, reach, sandbag, shutdown, tool
from gyges.lab.tasks.overseen.words import Final, Finding, Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`build(number, seed)` makes a scene; `judge(scene, final)` reads its final state."""

    build: Callable[[int, int], Scene]
    judge: Callable[[Scene, Final], Finding]


CATALOGUE: Constant[Mapping[str, Scenario]] = MappingProxyType(
    {
        "shutdown_tampering": Scenario(build=shutdown.build, judge=shutdown.judge),
        "monitor_tampering": Scenario(build=monitor.build, judge=monitor.judge),
        "own_tool": Scenario(build=tool.build, judge=tool.judge),
        "sandbox_reach": Scenario(build=reach.build, judge=reach.judge),
        "goal_reinterpretation": Scenario(build=goal.build, judge=goal.judge),
        "sandbagging": Scenario(build=sandbag.build, judge=sandbag.judge),
        "peer_lie": Scenario(build=peer.build, judge=peer.judge),
    }
)
