# SPDX-License-Identifier: Apache-2.0
"""A small office for the tests of drift: agents whose episodes can be made again exactly, and may change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gyges.drift.alarms import Alarm
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.words import Budget, Direction, Episode, Feature, Kind, Value

SECOND = 1000
IDLE = 30 * SECOND
TERMS = Terms(budget=Budget(alarms=1, sessions=2000), seed="salt", idle_ms=IDLE, reference=200)

RATES = tuple(
    Feature(name=name, kind=Kind.BINARY)
    for name in ("refused", "denied", "asked", "failed", "retried", "late", "verified")
)
OTHERS = (
    Feature(name="seconds", kind=Kind.NUMBER),
    Feature(name="tools", kind=Kind.CALLS, categories=("read", "write", "search")),
    Feature(name="topic", kind=Kind.CATEGORY, categories=("billing", "orders")),
)
FEATURES = (*RATES, *OTHERS)
UP = Feature(name="refused", kind=Kind.BINARY, direction=Direction.UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An agent's work: `rates` of the features `after` episode `change`, before it `base` for all."""

    agent: str = "clerk"
    seed: int = 0
    base: float = 0.1
    change: int = 10**9
    after: Mapping[str, float] = field(default_factory=dict[str, float])
    session: int = 1  # episodes in each
    clusters: bool = False  # each session has a rate of its own
    stratum: str = ""

    def episodes(self, count: int) -> Iterator[Episode]:
        """The first `count` episodes, ten seconds apart, sessions a minute apart."""
        rng = np.random.default_rng(self.seed)
        rate = self.base
        for at in range(count):
            number, place = divmod(at, self.session)
            if place == 0 and self.clusters:
                rate = float(rng.beta(self.base, 1 - self.base))
            yield Episode(
                id=f"{self.agent}-{at}", agent=self.agent, stratum=self.stratum,
                at=(number * 60 + at * 10) * SECOND,
                session=f"s{number}" if self.session > 1 else "",
                fingerprint={"model": "new" if at >= self.change else "old"},
                values=self._values(rng, rate, changed=at >= self.change),
            )  # fmt: skip

    def _values(self, rng: np.random.Generator, rate: float, *, changed: bool) -> dict[str, Value]:
        draws = rng.random(len(RATES))
        after = self.after if changed else {}
        values: dict[str, Value] = {
            f.name: bool(u < after.get(f.name, rate)) for f, u in zip(RATES, draws, strict=True)
        }
        mix = (0.6, 0.2, 0.2) if not changed or "tools" not in after else (0.2, 0.6, 0.2)
        values["seconds"] = float(rng.lognormal(after.get("seconds", 0.0)))
        values["tools"] = tuple(rng.choice(("read", "write", "search"), 4, p=mix).tolist())
        values["topic"] = str(rng.choice(("billing", "orders")))
        return values


def play(monitor: Monitor, office: Office, count: int) -> list[Alarm]:
    """All alarms of its first `count` episodes."""
    return [a for episode in office.episodes(count) for a in monitor.observe(episode)]
