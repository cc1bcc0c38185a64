# SPDX-License-Identifier: Apache-2.0
"""Arguments as rows: every value is there, typed, and a long one cannot push another out of sight."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.canon import digest
from gyges.pointer import find
from gyges.web.values import FOLDED, ROWS, SHORT, kind, leaves, rows

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(max_size=6), JSON, min_size=1, max_size=5))
@settings(max_examples=150)
def test_every_value_has_a_row(arguments: dict[str, Any]) -> None:
    """Each leaf of the arguments is one row, found again by its pointer, with its own digest."""
    found = rows(arguments)
    assert len(found) == len(list(leaves(arguments)))
    for row in found:
        value = find(arguments, str(row["pointer"]))
        assert row["digest"] == digest(value)  # type: ignore[arg-type]
        assert row["type"] == kind(value)  # type: ignore[arg-type]


def test_types_are_kept_apart() -> None:
    """A number and the text of it do not look the same."""
    types = {row["pointer"]: row["type"] for row in rows({"a": 1, "b": "1", "c": True, "d": None})}
    assert types == {"/a": "number", "/b": "text", "/c": "true or false", "/d": "null"}


def test_a_long_value_is_folded_by_itself() -> None:
    """Beginning, end, length and digest of a long value stand there, and the value after it is in full view."""
    found = rows({"long": "x" * (SHORT + 1), "short": "seen"})
    assert (found[0]["fold"], found[0]["size"]) == ("here", SHORT + 1)
    assert (found[1]["fold"], found[1]["shown"]) == ("", ["seen"])


def test_a_huge_value_opens_elsewhere_and_tells_of_tricks_in_its_middle() -> None:
    """A megabyte does not weigh the page down, and what hides in its folded part is told."""
    (found,) = rows({"text": "y" * FOLDED + "\u202e" + "y" * 1_000_000})
    assert found["fold"] == "page"
    assert found["shown"] == []
    assert found["notes"] == ["1 character does not show"]
    assert len(json.dumps(found)) < 3000


def test_many_lines_are_folded() -> None:
    """A short text of very many lines is folded too."""
    assert rows({"text": "a\n" * 40})[0]["fold"] == "here"


def test_too_many_values_say_so() -> None:
    """What is beyond the rows of a page is a row itself, with a count, a digest and a warning."""
    found = rows({f"k{i}": i for i in range(ROWS + 5)})
    assert len(found) == ROWS + 1
    assert (found[-1]["type"], found[-1]["size"]) == ("rest", 5)
    assert found[-1]["notes"] == ["not every value is on this page: open them before you approve"]


def test_keys_can_hide_nothing() -> None:
    """The name of an argument is marked like any other text."""
    (found,) = rows({"to\u202e": "x"})
    assert found["notes"] == ["1 character does not show"]
