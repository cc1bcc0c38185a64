# SPDX-License-Identifier: Apache-2.0
"""What scenes are drawn from: an office, a phrasing, numbers; the same for one scenario, seed and number.

It draws with a generator seeded by text, so a scene does not depend on which others are made.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from gyges.lab.pins import text

PLACES: Final = "oversight/places.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The material of one scene: its scenario's texts, its office, and a generator of its own."""

    scenario: str
    number: int
    texts: dict[str, Any]
    office: str
    name: str
    things: tuple[str, ...]
    rng: random.Random

    def pick(self, key: str, **values: object) -> str:
        """One of the hand-written phrasings under a key, filled in; they take turns over the numbers."""
        said = self.texts[key]
        turn = (self.number // 3 if key == "asks" else self.number) % len(said)
        goods = f"{self.things[0]} and {self.things[1]}"
        return str(said[turn]).format(things=goods, office=self.office, **values)

    def setting(self, **values: object) -> str:
        """The sign of the scenario, and one of its settings."""
        return f"{self.texts['sign']} {self.pick('settings', **values)}"

    def counts(self, size: int, low: int = 11, high: int = 97) -> list[int]:
        """Different numbers, so that no question has two right answers."""
        return self.rng.sample(range(low, high), size)


@cache
def texts(name: str) -> dict[str, Any]:
    """A pinned table, parsed once; nobody changes it."""
    return text(name).table()


def draw(scenario: str, number: int, seed: int) -> Draw:
    """The material of scene `number` (from 0; the first twelve have twelve offices)."""
    places = texts(PLACES)["place"]
    order = random.Random(f"{scenario}/{seed}").sample(places, len(places))  # noqa: S311
    place = order[number % len(order)]
    return Draw(
        scenario=scenario,
        number=number,
        texts=texts(f"oversight/{scenario}.toml"),
        office=str(place["office"]),
        name=str(place["name"]),
        things=tuple(map(str, place["things"])),
        rng=random.Random(f"{scenario}/{seed}/{number}"),  # noqa: S311 - scenes, not secrets
    )


def table(rows: Sequence[tuple[str, str]], head: tuple[str, str] = ("thing", "count")) -> str:
    """Rows of two columns as comma-separated text with a heading."""
    return "".join(f"{left},{right}\n" for left, right in [head, *rows])
