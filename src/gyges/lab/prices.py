# SPDX-License-Identifier: Apache-2.0
"""A table of prices: what a million tokens cost, by model.

    ["anthropic/some-model"]
    input = 3.0       # dollars for a million tokens
    output = 15.0

Prices change, so none are shipped. It fetches nothing.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from gyges.errors import Malformed

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars for a million tokens of input and of output, each at least 0."""

    input: Annotated[float, msgspec.Meta(ge=0)]
    output: Annotated[float, msgspec.Meta(ge=0)]

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars for so many tokens."""
        return (tokens_in * self.input + tokens_out * self.output) / MILLION


def prices(file: Path | None) -> dict[str, Price]:
    """The table in `file`; empty without one.

    Raises:
        Malformed: no such file, no TOML, or a price that is none.
    """
    if file is None:
        return {}
    try:
        found = tomllib.loads(file.read_text("utf-8"))
        return msgspec.convert(found, dict[str, Price])
    except (OSError, ValueError) as error:
        raise Malformed(f"{file}: no prices can be read: {error}") from None
