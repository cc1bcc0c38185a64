# SPDX-License-Identifier: Apache-2.0
"""The one value of an action that is typed before a high risk is approved: which, and whether it fits. Pure.

An amount of money if the tool has one, else who or what the action is aimed at, else the tool's name. It is
asked so that somebody reads, not to prove who they are: what is typed stands on the same page.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.pointer import MISSING, find

# Names of arguments that say at whom or what an action is aimed, in the order in which they are asked for.
AIMS = {
    "recipient": ("to", "recipient", "recipients", "payee", "beneficiary", "iban", "account", "email"),
    "path": ("path", "file", "filename", "directory"),
    "target": ("target", "url", "host", "repository", "branch", "database", "table", "user", "name", "id"),
}  # fmt: skip
LONGEST = 120  # characters that somebody can be asked to type
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What must be typed: `pointer` "" is the tool's name. `number` compares by value."""

    label: str
    pointer: str
    expected: str
    number: bool = False


def field_of(action: Action, amount: str = "") -> Field:
    """The value of `action` to type; `amount` points to the tool's amount of money, "" for none."""
    found = find(action.arguments, amount) if amount else MISSING
    if isinstance(found, int | float) and not isinstance(found, bool):
        text = canon.encode(found).decode()
        return Field(label="amount", pointer=amount, expected=text, number=True)
    named = {key.casefold(): key for key in reversed(list(action.arguments))}
    for label, names in AIMS.items():
        for key in (named[name] for name in names if name in named):
            field = _aim(label, key, action.arguments[key])
            if field:
                return field
    return Field(label="tool", pointer="", expected=action.tool)


def fits(field: Field, typed: str) -> bool:
    """Whether `typed` is the value: numbers by value, text without regard to case and outer spaces."""
    if not field.number:
        return _folded(typed) == _folded(field.expected)
    try:
        return _number(typed) == Decimal(field.expected)
    except InvalidOperation:
        return False


def _aim(label: str, key: str, value: Json) -> Field | None:
    """The question about one argument; None where its value is nothing that can be typed."""
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")
    if isinstance(value, list) and len(value) == 1:
        value, pointer = value[0], pointer + "/0"
    if isinstance(value, list) and value:
        count = str(len(value))
        return Field(label=f"number of {label}s", pointer=pointer, expected=count, number=True)
    if isinstance(value, str) and value.strip() and len(value) <= LONGEST:
        return Field(label=label, pointer=pointer, expected=value)
    return None


def _number(text: str) -> Decimal:
    plain = re.sub(r"[\s'_]", "", text)
    number = Decimal(plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain)
    if not number.is_finite():
        raise InvalidOperation
    return number


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
