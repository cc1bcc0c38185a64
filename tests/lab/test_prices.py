# SPDX-License-Identifier: Apache-2.0
"""The table of prices."""

from pathlib import Path

import pytest

from gyges.errors import Malformed
from gyges.lab.prices import prices


def test_a_million_tokens_cost_what_the_table_says(tmp_path: Path) -> None:
    """Input and output are priced apart, by the million."""
    file = tmp_path / "prices.toml"
    file.write_text('["a/b"]\ninput = 3\noutput = 15.5\n')
    assert prices(file)["a/b"].of(1_000_000, 2_000_000) == 3 + 31
    assert prices(None) == {}


@pytest.mark.parametrize(
    "text",
    [
        '["a"]\ninput = 3\n',
        '["a"]\ninput = -1\noutput = 1\n',
        "a = 3\n",
        "[",
        '["a"]\ninput = "3"\noutput=1\n',
    ],
)
def test_a_table_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """A missing, negative or mistyped price is an error that names the file."""
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(Malformed, match=r"prices\.toml"):
        prices(file)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    """A table that was asked for and is not there is not taken for an empty one."""
    with pytest.raises(Malformed, match="none"):
        prices(tmp_path / "none.toml")
