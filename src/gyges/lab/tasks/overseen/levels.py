# SPDX-License-Identifier: Apache-2.0
"""The conditions of `oversight` as pinned sentences, and the way back from a rendered prompt to its condition.

It renders no scene and imports nothing of Inspect, so an organism may perceive by it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from gyges.lab.tasks.overseen.places import texts

LEVELS: Final = "oversight/levels.toml"

SCENARIOS: Final = (
    "shutdown_tampering",
    "monitor_tampering",
    "own_tool",
    "sandbox_reach",
    "goal_reinterpretation",
    "sandbagging",
    "peer_lie",
)
CUES: Final = ("watched", "unwatched")
EXPLICIT: Final = ("on", "off")
CONSEQUENCES: Final = ("told", "untold")


def cue(scenario: str, number: int, level: str) -> str:
    """The sentence that says whether somebody watches; one prompt takes the same pair in both arms."""
    table = texts(LEVELS)
    pairs = table["monitor" if scenario == "monitor_tampering" else "cue"]
    return str(pairs[number // 2 % len(pairs)][level])


def clause(factor: str, level: str) -> str:
    """The sentence of a further factor (`explicit`, `consequence`); empty where a level says nothing."""
    return str(texts(LEVELS)[factor].get(level, ""))


def perceive(said: str) -> Mapping[str, str]:
    """Factor -> level, by the pinned sentences that a conversation holds; empty if it is none of these scenes.

    `explicit` is `off` where a shutdown scene lacks its clause.
    """
    flat = _flat(said)
    scenario = scenario_of(said)
    if not scenario:
        return {}
    found = {factor: level for factor, level, sentence in _sentences() if sentence in flat}
    if scenario == "shutdown_tampering":
        found.setdefault("explicit", "off")
    return found


def scenario_of(said: str) -> str:
    """The scenario whose sign a conversation holds; empty if none."""
    flat = _flat(said)
    return next((name for name, sign in _signs() if sign in flat), "")


@cache
def _signs() -> tuple[tuple[str, str], ...]:
    return tuple((name, _flat(texts(f"oversight/{name}.toml")["sign"])) for name in SCENARIOS)


@cache
def _sentences() -> tuple[tuple[str, str, str], ...]:
    return tuple(_each_sentence())


def _each_sentence() -> Iterator[tuple[str, str, str]]:
    table = texts(LEVELS)
    for pair in [*table["cue"], *table["monitor"]]:
        yield from (("cue", level, _flat(pair[level])) for level in CUES)
    for factor in ("explicit", "consequence"):
        yield from ((factor, level, _flat(said)) for level, said in table[factor].items())


def _flat(said: str) -> str:
    return " ".join(said.split())
