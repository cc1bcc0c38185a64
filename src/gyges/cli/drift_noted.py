# SPDX-License-Identifier: Apache-2.0
"""What a file of episodes held that was not used, or was used in a way that one should know. It refuses nothing."""

from collections.abc import Mapping, Sequence

from gyges.cli.drift_file import LABELS, Read
from gyges.drift.alarms import Family
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.streams import STRATA
from gyges.drift.words import Feature

FEW = 64
"""Units of an agent below which a quiet one says next to nothing."""


def units_watched(monitor: Monitor, features: Sequence[Feature]) -> dict[str, int]:
    """The units that were watched of each agent."""
    return {
        agent: max(monitor.tally(agent, f.name).units for f in features)
        for agent in monitor.agents()
    }


def left_out(monitor: Monitor, features: Sequence[Feature]) -> dict[str, dict[str, int]]:
    """How many units of each agent were of no use, or of less, and why."""
    found: dict[str, dict[str, int]] = {}
    for agent in monitor.agents():
        counts: dict[str, int] = {}
        for f in features:
            told, tested = (monitor.tally(agent, f.name, family) for family in _FAMILIES)
            counts |= {
                f"{f.name}: not measured": told.missing,
                f"{f.name}: labels that are not among the {LABELS} most frequent": told.unknown,
                f"{f.name}: nothing frozen to compare with": told.unbet,
                f"{f.name}: no test to compare with": tested.unbet,
                f"strata beyond the first {STRATA}, taken together": told.crowded,
            }
        found[agent] = {why: count for why, count in counts.items() if count}
    return found


def notes(taken: Read, units: Mapping[str, int], terms: Terms) -> tuple[str, ...]:
    """One sentence for each thing that one should know."""
    found = [f"{name}: is never measured" for name in taken.unmeasured]
    for agent, count in units.items():
        if not count:
            found.append(
                f"{agent}: no unit is watched; all are what the others would be held against"
            )
        elif count < FEW:
            found.append(f"{agent}: {count} units watched; so few can hardly show a change")
        elif count <= terms.reference:
            found.append(
                f"{agent}: {count} units watched; slow drift is seen from {terms.reference} on"
            )
    shared = _shared({(e.agent, e.session) for e in taken.episodes if e.session})
    twice = _shared({(e.agent, e.id) for e in taken.episodes})
    if shared:
        found.append(
            f"{shared} sessions are of several agents: each agent's part is a unit of its own"
        )
    if twice:
        found.append(f"{twice} ids are of episodes of several agents")
    return tuple(found)


_FAMILIES = (Family.DRIFT, Family.DEPLOYMENT)


def _shared(names: set[tuple[str, str]]) -> int:
    """How many names several agents have."""
    return len(names) - len({name for _, name in names}) if names else 0
