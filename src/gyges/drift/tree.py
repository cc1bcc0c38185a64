# SPDX-License-Identifier: Apache-2.0
"""Dataclasses and the plain values that they are kept as, one level deep. It knows no class."""

from dataclasses import fields as _fields
from typing import Any

Tree = dict[str, Any]


def fields(word: Any) -> Tree:
    """A dataclass's fields by name, as they are."""
    return {field.name: getattr(word, field.name) for field in _fields(word)}


def but(tree: Tree, **new: Any) -> Tree:
    """The same with some of it new."""
    return {**tree, **new}
