# SPDX-License-Identifier: Apache-2.0
"""Results as plain JSON values, the same way everywhere: the report's numbers and `results.json` agree.

A dataclass becomes an object with its fields, a mapping keeps its order, and what is not a finite number
becomes null. It rounds nothing and writes nothing.
"""

import dataclasses
import math
from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias, cast

Plain: TypeAlias = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


def plain(value: object) -> Plain:
    """`value` as JSON would hold it.

    Raises:
        TypeError: it holds something that is neither data nor a dataclass.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        table = cast("Mapping[object, object]", value)
        return {str(plain(name)): plain(item) for name, item in table.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast("tuple[object, ...]", value)]
    raise TypeError(f"{type(value).__name__} is not data")
