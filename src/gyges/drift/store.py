# SPDX-License-Identifier: Apache-2.0
"""Plain values and arrays to bytes and back, exactly: the form in which a monitor's state is kept.

    "gyges-drift-1\\n" | length of the text, 8 bytes | JSON text | the arrays' bytes one after another

Dicts keep their order, tuples come back as lists, floats and arrays bit for bit. It knows no classes, so reading
runs nothing; what the values mean is the caller's.
"""

import json
import struct
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Unusable

MAGIC = b"gyges-drift-1\n"
ARRAY = "\0array"


def pack(tree: Any) -> bytes:
    """Bytes of dicts with text keys, lists, texts, numbers, bools, None and numeric arrays."""
    arrays: list[bytes] = []

    def plain(value: object) -> object:
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{type(value).__name__} cannot be kept")
        array: NDArray[Any] = np.ascontiguousarray(cast("NDArray[Any]", value))
        arrays.append(array.tobytes())
        return {ARRAY: [array.dtype.str, list(array.shape), len(arrays[-1])]}

    text = json.dumps(tree, default=plain, separators=(",", ":")).encode()
    return b"".join([MAGIC, struct.pack(">Q", len(text)), text, *arrays])


def unpack(data: bytes) -> Any:
    """The inverse of `pack`.

    Raises:
        Unusable: not such bytes, or cut short.
    """
    head = len(MAGIC) + 8
    if data[: len(MAGIC)] != MAGIC or len(data) < head:
        raise Unusable("state: these bytes are no dump of a monitor")
    (length,) = struct.unpack(">Q", data[len(MAGIC) : head])
    reader = _Arrays(data, head + length)
    try:
        tree = json.loads(data[head : head + length], object_pairs_hook=reader.revive)
    except (ValueError, TypeError) as error:
        raise Unusable(f"state: the dump is damaged: {error}") from None
    if reader.at != len(data):
        raise Unusable(f"state: the dump has {len(data)} bytes, not {reader.at}")
    return tree


class _Arrays:
    """Takes arrays from the bytes in the order in which the text names them."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at

    def revive(self, pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) != 1 or pairs[0][0] != ARRAY:
            return dict(pairs)
        dtype, shape, size = pairs[0][1]
        part = self._data[self.at : self.at + size]
        self.at += size
        return np.frombuffer(part, dtype=np.dtype(dtype)).reshape(shape).copy()
