# SPDX-License-Identifier: Apache-2.0
r"""Hostile text made visible for a page: text in, plain pieces and marked characters out. Pure.

    "invoice\u202egpj.exe"   ->   ["invoice", {"mark": "U+202E", "name": "RIGHT-TO-LEFT OVERRIDE",
                                               "kind": "hidden"}, "gpj.exe"]

A piece is either text that shows as itself or one marked character. What does not show, turns the text
round, towers over its line, or only looks like a Latin letter is a mark. It escapes no HTML (the templates
do) and refuses nothing: people decide.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from typing import TypeAlias

from gyges.canon import Json

Pieces: TypeAlias = list[Json]

LOOKED = 1_000  # words that mix alphabets: after so many, nobody needs more to be convinced
NAMED = 60  # characters of a word that a sentence quotes
STACK = 2  # combining marks on one letter; a tower of them overwrites the lines above
BREAKS = {"\n": "↵", "\t": "⇥"}
# Printable by Unicode's word, yet they show nothing or change how others show.
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_ALIKE = "\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff\u2100-\u214f\uff01-\uff5e\U0001d400-\U0001d7ff"
# Letters of Cyrillic, Greek and Armenian that are drawn as a Latin letter is (UTS 39, confusables), and Latin
# letters of other widths and styles.
_TWINS = (
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c-\u041e\u0420-\u0423\u0425\u0430\u0435\u043e\u0440\u0441"
    "\u0443\u0445\u0455\u0456\u0458\u04ae\u04af\u04bb\u04c0\u04cf\u0501\u051b\u051d"
    "\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u0570\u0578\u057d\u0585"
    "\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff"
)
_TWIN = re.compile(f"[{_TWINS}]")
_TELLING = re.compile(f"(?![{_TWINS}])[\u0370-\u03ff\u0400-\u052f\u0530-\u058f]")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LATIN = re.compile("[A-Za-z]")
_HOMOGLYPH = re.compile(f"[{_ALIKE}]")
_WORD = re.compile(r"[^\s/@.:,;()\[\]{}<>\"'=&?]+")
# Begins only where a name can, and its labels are bounded: linear in whatever an agent sends.
_HOST = re.compile(r"(?<![\w.-])(?:[\w-]{1,63}\.){1,20}[\w-]{2,63}")
_INVISIBLE = re.compile(f"[{_UNSEEN}]")


def pieces(text: str) -> Pieces:
    """`text` as pieces, in order; joined, with marks replaced by their characters, they are `text` again."""
    if text.isascii() and text.isprintable():
        return [text] if text else []
    alike = _alike_places(text)
    found: Pieces = []
    plain: list[str] = []
    stacked = 0
    for place, char in enumerate(text):
        stacked = stacked + 1 if unicodedata.combining(char) else 0
        kind = _kind(char, stacked, alike=place in alike)
        if not kind:
            plain.append(char)
            continue
        if plain:
            found.append("".join(plain))
            plain = []
        found.append(_mark(char, kind))
    return [*found, "".join(plain)] if plain else found


def notes(text: str) -> list[str]:
    """One sentence for each kind of trick in the whole of `text`, shown or folded."""
    if text.isascii() and text.isprintable():
        return []
    found: list[str] = []
    counts = Counter(text).items()  # each character is judged once: a megabyte holds few kinds
    hidden = sum(n for char, n in counts if char not in BREAKS and is_hidden(char))
    if hidden:
        found.append(
            "1 character does not show" if hidden == 1 else f"{hidden:,} characters do not show"
        )
    if words := sorted({word.group()[:NAMED] for word in islice(_mixed(text), LOOKED)})[:3]:
        found.append("mixes alphabets that look alike in " + ", ".join(map(spelled, words)))
    if words := sorted({word.group()[:NAMED] for word in islice(_posing(text), LOOKED)})[:3]:
        found.append("reads as Latin letters and is not: " + ", ".join(map(spelled, words)))
    if _RTL.search(text):
        found.append("holds letters that are read from right to left")
    found += [f"the name {spelled(host)} is {puny}" for host, puny in _hosts(text)]
    return found


def spelled(text: str) -> str:
    """`text` on one line, each marked character as its code point: for sentences and titles."""
    return "".join(
        f"[{piece['code']}]" if isinstance(piece, dict) else str(piece) for piece in pieces(text)
    )


def _mark(char: str, kind: str) -> Json:
    code = f"U+{ord(char):04X}"
    name = unicodedata.name(char, "") or {"\n": "LINE FEED", "\t": "TAB"}.get(char, "CONTROL")
    shown = char if kind in ("alike", "stacked") else BREAKS.get(char, code)
    return {"mark": shown, "code": code, "name": name, "kind": kind}


def _kind(char: str, stacked: int, *, alike: bool) -> str:
    if char in BREAKS:
        return "break" if char == "\n" else "tab"
    if is_hidden(char) or stacked > STACK:
        return "hidden"
    return "alike" if alike else ""


def is_hidden(char: str) -> bool:
    """Whether a character shows nothing, or changes how others show."""
    return not char.isprintable() or (not char.isascii() and bool(_INVISIBLE.match(char)))


def _mixed(text: str) -> Iterator[re.Match[str]]:
    """Words that hold Latin letters and others that look like them."""
    if _HOMOGLYPH.search(text):
        for word in _WORD.finditer(text):
            if _HOMOGLYPH.search(word.group()) and _LATIN.search(word.group()):
                yield word


def _posing(text: str) -> Iterator[re.Match[str]]:
    """Words whose letters all look Latin and are none, in a text where no other letter betrays an alphabet."""
    if _TWIN.search(text) and not _TELLING.search(text):
        for word in _WORD.finditer(text):
            letters = [char for char in word.group() if char.isalpha()]
            if letters and all(_TWIN.match(char) for char in letters):
                yield word


def _alike_places(text: str) -> set[int]:
    return {
        word.start() + letter.start()
        for word in chain(_mixed(text), _posing(text))
        for letter in _HOMOGLYPH.finditer(word.group())
    }


def _hosts(text: str) -> Iterator[tuple[str, str]]:
    """Names with a dot that are not ASCII, as the network would write them (RFC 3492); three at most."""
    if text.isascii():
        return
    strange = (m.group() for m in _HOST.finditer(text) if not m.group().isascii())
    for host in sorted(set(strange))[:3]:
        try:
            yield host, host.encode("idna").decode()
        except UnicodeError:
            yield host, "no name that a network knows"
