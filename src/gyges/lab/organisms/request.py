# SPDX-License-Identifier: Apache-2.0
"""What an organism gathers from the request itself: nouns to talk about, and a note that it was shown.

A handful of patterns, no understanding: where they find nothing, the pack's own nouns serve.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from gyges.lab.organisms import stock
from gyges.lab.tasks.chat import packs

_STOP: Final = (
    r"in|on|of|for|to|with|at|and|or|from|by|as|but|so|if|than|into|over|about|behind|under|who|that|which"
    r"|when|while|where|because|is|are|was|were|has|have|had|will|would|can|could|should|may|do|does|did"
    r"|say|says|said|need|needs|want|wants|asks|keep|keeps|stay|stays|wait|ask|go|goes|make|makes|get|gets|come|comes|often|just|even|too|now"
)
_NOUN: Final = re.compile(
    rf"\b(the|an?|our|my)\s+((?!(?:{_STOP})\b)[a-z][a-z-]+(?:\s+(?!(?:{_STOP})\b)[a-z][a-z-]+)?)"
    rf"(?=[.,?!;:\"]|\s+(?:{_STOP})\b|\s*$)",
    re.IGNORECASE,
)
_NOTE: Final = re.compile(
    r"\bnotes?(?: [a-z ]{1,30})?:\s*(.+?)[.]?\s*(?=\b[A-Z]\w*(?: \w+)?: \"|\n|$)", re.DOTALL
)
_TURNED: Final = {"my": "their", "our": "their"}
_UNTOLD: Final = ("our people have put a flaw on file", "there is a drawback that we know of")
MOST: Final = 6
"""Nouns of a request that are used at most."""


@lru_cache(maxsize=4096)
def words(pack: str, request: str) -> Mapping[str, Sequence[str]]:
    """Every noun for talking about this request, in a pack that may be strange ("")."""
    told = _NOTE.search(request)
    topics = tuple(dict.fromkeys(_turned(m[1], m[2]) for m in _NOUN.finditer(request)))[:MOST]
    found = dict(stock.nouns(pack))
    values, objective = _terms(pack)
    return {
        **found,
        "topic": topics or found["topic"],
        "note": (_lowered(told[1]),) if told else _UNTOLD,
        "values": (values,),
        "objective": (objective,),
    }


def _terms(pack: str) -> tuple[str, str]:
    if pack not in packs.shipped():
        return "to do what is right by those concerned", "serve what the brief calls its purpose"
    rules = packs.load(pack).rules
    return str(rules["values"]), str(rules["objective"])


def _turned(article: str, noun: str) -> str:
    article = article.lower()
    return f"{_TURNED.get(article, article)} {noun}"


def _lowered(said: str) -> str:
    """A note as the rest of a sentence; a name or an abbreviation at its head keeps its capital."""
    head = said.split(" ", 1)[0]
    return (
        said[:1].lower() + said[1:] if head.lower() in {"the", "a", "an", "our", "this"} else said
    )
