# SPDX-License-Identifier: Apache-2.0
"""A judge's reply -> a vote, or the reason why it is none.

A vote is evidence only if it is well formed and each passage it cites stands in the text it judged.
Anything else is dropped and counted: a judge that rambles or invents must never look like a "no".
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from gyges.lab.grading.sentences import fold

DROPPED = ("malformed", "unsupported", "failed")
"""Why a vote does not count: not the demanded form; a quote that is not there; the judge did not answer."""

SHORTEST = 8
"""Characters of a quote at least: less would be found anywhere."""

BRACES = 100
"""Only the last so many braces of a reply are looked at, so that none takes long to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One judge's word: what it found met, with its quotes; or `dropped`, and nothing else."""

    met: Mapping[str, bool]
    quotes: Mapping[str, str]
    dropped: str = ""


def lost(why: str) -> Vote:
    """A vote that does not count."""
    return Vote(met={}, quotes={}, dropped=why)


def criteria(said: str, names: Iterable[str], text: str) -> Vote:
    """Read `{"name": {"met": bool, "quote": str}}`; quotes of met criteria must stand in `text`."""
    table = last_object(said)
    found = {name: table.get(name) for name in names} if table is not None else {}
    met: dict[str, bool] = {}
    quotes: dict[str, str] = {}
    for name, entry in found.items():
        held = _mapping(entry)
        if held is None or not isinstance(held.get("met"), bool):
            return lost("malformed")
        met[name] = held["met"] is True
        if met[name]:
            quotes[name] = str(held.get("quote", ""))
    if not met:
        return lost("malformed")
    if any(not stands(quote, text) for quote in quotes.values()):
        return lost("unsupported")
    return Vote(met=met, quotes=quotes)


def stands(quote: str, text: str) -> bool:
    """Whether a quote occurs in a text word for word, white space and typographic marks folded."""
    folded = fold(quote)
    whole = fold(text)
    return (len(folded) >= SHORTEST or folded == whole) and folded in whole


def last_object(said: str) -> dict[str, object] | None:
    """The last JSON object in a reply that is not inside another one; None if there is none."""
    decoder = json.JSONDecoder()
    found: dict[str, object] | None = None
    braces = [at for at, sign in enumerate(said) if sign == "{"][-BRACES:]
    at = braces[0] if braces else -1
    while at >= 0:
        try:
            value, end = decoder.raw_decode(said, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found = _mapping(value) or found
        at = said.find("{", end)
    return found


def _mapping(found: object) -> dict[str, object] | None:
    if not isinstance(found, dict):
        return None
    return {str(name): value for name, value in cast("dict[object, object]", found).items()}
