# SPDX-License-Identifier: Apache-2.0
"""What the log says of a closed episode and of a measure, as `drift` wants it. Pure, and without NumPy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gyges.canon import Json
from gyges.drift.words import Episode, Value
from gyges.watch.features import values_of

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An episode without its arm; `room` is whose arm it has, `design` the ring test it is part of, or ""."""

    episode: Episode
    design: str
    room: str


def episode_of(agent: str, at: int, body: Mapping[str, Json], strata: Sequence[str]) -> Told | None:
    """The episode that a close at `at` (ms) tells of; None where part of it was redacted before."""
    name, session = _text(body, "episode"), _text(body, "session")
    values = body.get("values")
    if not name or not isinstance(values, dict) or body.get("left_out"):
        return None
    hour = f"{at // HOUR_MS % 24:02d}h"
    parts = {"task": _text(body, "task"), "hour": hour}
    episode = Episode(
        id=name, agent=agent, at=at, session="" if session == name else session,
        stratum=" ".join(parts[name] for name in strata if parts[name]),
        fingerprint=_fingerprint(body), values=values_of(values),
    )  # fmt: skip
    return Told(episode=episode, design=_text(body, "design"), room=session or name)


def taken(body: Mapping[str, Json]) -> Mapping[str, Value]:
    """The values of a measure."""
    values = body.get("values")
    return values_of(values) if isinstance(values, dict) else {}


def _fingerprint(body: Mapping[str, Json]) -> dict[str, str]:
    """What the episode ran under: the agent's claims, what judged it, and which definitions measured it."""
    found: dict[str, str] = {}
    for name in ("claims", "gate"):
        part = body.get(name)
        for key, value in part.items() if isinstance(part, dict) else ():
            texts = value if isinstance(value, list) else [value]
            found[key] = ", ".join(str(text) for text in texts)
    return found | {"grader gate": f"features {body.get('v')}"}


def _text(body: Mapping[str, Json], name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""
