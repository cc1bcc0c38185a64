# SPDX-License-Identifier: Apache-2.0
"""Which cells a task runs, and on which prompts: task parameters turned into a plan, in a fixed order.

The samples of one prompt stand side by side, so that `--limit` cuts whole pairs; prompts come in an order
drawn from the seed, packs in turn, and the first n of an order are the first n of a longer run. It renders
no text and knows nothing of Inspect.
"""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gyges.errors import Malformed
from gyges.lab.tasks.chat import packs, requests
from gyges.lab.tasks.chat.levels import WORDINGS
from gyges.lab.tasks.chat.packs import Pack, Prompt
from gyges.lab.tasks.chat.render import Frame

Listed = str | int | Sequence[str | int]
"""A task parameter that names one thing or several: `a`, `a,b`, or a list as Inspect's command line makes it."""

ALL: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the design: `condition` is what a mark tells, `setting` what stays fixed all through."""

    frame: Frame
    condition: Mapping[str, str]
    setting: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def whole(self) -> dict[str, str]:
        """Condition and setting together, as rendering needs them."""
        return {**self.setting, **self.condition}


def listed(name: str, given: Listed) -> tuple[str, ...]:
    """The entries of a parameter, in order.

    Raises:
        Malformed: none, or one of them twice.
    """
    entries = given if isinstance(given, list | tuple) else str(given).split(",")
    found = tuple(text for entry in entries if (text := str(entry).strip()))
    if not found or len(set(found)) < len(found):
        raise Malformed(f"{name}={given!r}: one entry or several different ones are wanted")
    return found


def chosen(name: str, given: Listed, known: Sequence[str]) -> tuple[str, ...]:
    """The levels that a parameter names; `all` stands for every one.

    Raises:
        Malformed: a level that there is not.
    """
    found = listed(name, given)
    if found == (ALL,):
        return tuple(known)
    if strange := [level for level in found if level not in known]:
        raise Malformed(f"{name}={strange[0]!r}: there are {', '.join(known)}, or {ALL}")
    return found


def wordings(given: Listed) -> tuple[int, ...]:
    """The paraphrases that a parameter names.

    Raises:
        Malformed: one that there is not.
    """
    return tuple(int(one) for one in chosen("wording", given, [str(w) for w in WORDINGS]))


def crossed(factors: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination of levels, the first factor varying slowest."""
    return [
        dict(zip(factors, levels, strict=True)) for levels in itertools.product(*factors.values())
    ]


def worded(cells: Sequence[Cell], used: Sequence[int]) -> list[Cell]:
    """The cells in each of these wordings; the wording joins the condition only where it varies."""
    return [
        Cell(
            frame=Frame(family=cell.frame.family, wording=wording),
            condition={**cell.condition, **({"wording": str(wording)} if len(used) > 1 else {})},
            setting=cell.setting,
        )
        for wording in used
        for cell in cells
    ]


def gathered(names: Listed | None, csv: str | None) -> list[Pack]:
    """The packs that a run uses; by default the three of values, and the harmful one if there is a CSV file.

    Raises:
        Malformed: an unknown or broken pack, a pack without its CSV file, a CSV file without its pack.
    """
    usual = (*packs.VALUES, *((packs.HARMFUL,) if csv else ()))
    made = [packs.load(name) for name in (listed("packs", names) if names else usual)]
    if len({pack.name for pack in made}) < len(made):
        raise Malformed(f"packs={names!r}: two packs have the same name")
    needy = [pack.name for pack in made if pack.from_csv]
    if needy and not csv:
        raise Malformed(f"pack {needy[0]} wants requests=PATH.csv, a file of your own")
    if csv and not needy:
        raise Malformed(f"requests={csv!r}: none of the packs takes requests from a file")
    return [requests.supplied(p, Path(csv)) if csv and p.from_csv else p for p in made]


def ordered(made: Sequence[Pack], n: int | None, seed: int) -> list[tuple[Pack, Prompt]]:
    """Up to n prompts of each pack in the seed's order, packs in turn; all of them where n is None.

    Raises:
        Malformed: n below 1.
    """
    if n is not None and n < 1:
        raise Malformed(f"n={n}: at least 1")
    drawn = [[(pack, prompt) for prompt in _shuffled(pack, seed)[:n]] for pack in made]
    turns = itertools.zip_longest(*drawn)
    return [pair for turn in turns for pair in turn if pair is not None]


def _shuffled(pack: Pack, seed: int) -> list[Prompt]:
    """An order that hangs on seed, pack and ids alone: adding another pack does not change it."""
    prompts = sorted(pack.prompts, key=lambda prompt: prompt.id)
    random.Random(f"{seed}/{pack.name}").shuffle(prompts)  # noqa: S311 - an order, not a secret
    return prompts


def told(
    task: str, made: Sequence[Pack], cells: Sequence[Cell], **numbers: int | None
) -> dict[str, object]:
    """The design as a log's header tells it: packs with their digests, factors with their levels, numbers."""
    factors: dict[str, list[str]] = {}
    for cell in cells:
        for name, level in {**cell.whole, "wording": str(cell.frame.wording)}.items():
            known = factors.setdefault(name, [])
            known.extend([level] if level not in known else [])
    return {
        "task": task,
        "packs": {pack.name: dict(pack.pins) for pack in made},
        "prompts": {pack.name: len(pack.prompts) for pack in made},
        "factors": factors,
        "cells": len(cells),
        **numbers,
    }
