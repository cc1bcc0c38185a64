# SPDX-License-Identifier: Apache-2.0
"""Text from outside on a terminal: nothing hidden, nothing obeyed, nothing confused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.cli.shown import FOLD, ago, folded, literal, rows, scripts, span, visible

HOSTILE = st.text(
    st.sampled_from(
        list('ab\\u20"\n\r\t\x00\x07\x1b\x9b\u200b\u202e\u2066\ufeff\u3164\u2800\ufe0f')
    )
    | st.characters(exclude_categories=["Cs"])
)


@given(HOSTILE)
def test_nothing_that_is_shown_moves_the_cursor_or_hides(text: str) -> None:
    """Every character that comes out is printable and visible."""
    assert visible(text).isprintable()
    assert not set(visible(text)) & set("\u200b\u202e\u2066\ufeff\u3164\u2800\ufe0f")


@given(HOSTILE)
def test_a_text_can_be_read_back_from_what_is_shown(text: str) -> None:
    """Two different texts never look the same: what is shown is an exact, reversible writing of the text."""
    assert json.loads(_to_json(literal(text))) == text


def _to_json(shown: str) -> str:
    """JSON knows no \\U escape: write it as a surrogate pair."""
    out, at = "", 0
    while at < len(shown):
        if shown.startswith("\\\\", at):
            out, at = out + "\\\\", at + 2
        elif shown.startswith("\\U", at):
            code = int(shown[at + 2 : at + 10], 16)
            out, at = out + json.dumps(chr(code))[1:-1], at + 10
        else:
            out, at = out + shown[at], at + 1
    return out


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("4800", '"4800"'), (4800, "4800"), (True, "true"), (None, "null"), (1.5, "1.5"),
        ({}, "{}"), ([], "[]"), ("a\nb", '"a\\nb"'), ("\\n", '"\\\\n"'), ("\u202e", '"\\u202e"'),
    ],
)  # fmt: skip
def test_values_keep_their_type(value: object, shown: str) -> None:
    """A number and the text of that number look different, and so do an escape and what it stands for."""
    assert literal(value) == shown  # type: ignore[arg-type]


def test_a_long_value_is_folded_by_itself() -> None:
    """Its beginning, its end, its length and its digest are shown; all of it on demand."""
    text = "begin" + "x" * 10_000 + "the end"
    shown = folded(text)
    assert len(shown) < FOLD + 200
    assert "begin" in shown
    assert "the end" in shown
    assert "10,012 characters" in shown
    assert "sha256:" in shown
    assert folded(text, full=True) == literal(text)


def test_every_leaf_has_its_pointer() -> None:
    """Nested values, empty ones and odd keys are all there."""
    value = {"a": [1, {"b/c": []}], "~": {}, "": "x"}
    assert list(rows(value)) == [  # type: ignore[arg-type]
        ("/a/0", 1), ("/a/1/b~1c", []), ("/~0", {}), ("/", "x"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "mixed"), [("p\u0430ypal", True), ("paypal", False), ("Привет bob", False)]
)
def test_a_word_of_two_alphabets_is_noticed(text: str, mixed: bool) -> None:
    """A Cyrillic letter in a Latin word is one that was put there."""
    assert bool(scripts(text)) is mixed


def test_a_tower_of_marks_is_taken_apart() -> None:
    """Two marks on a letter are writing; twenty would cover the lines above."""
    assert visible("e\u0323\u0302") == "e\u0323\u0302"
    assert visible("e" + "\u0302" * 20) == "e\u0302\u0302" + "\\u0302" * 18


def test_times_are_told_in_two_units() -> None:
    """Short enough to read at a glance."""
    assert [span(ms) for ms in (0, 59_999, 60_000, 3_600_000, 172_800_000)] == [
        "0 s", "59 s", "1 min 00 s", "1 h 00 min", "2 d 0 h",
    ]  # fmt: skip
    assert ago(0, 5_000) == "5 s ago"
    assert ago(5_000, 0) == "in 5 s"
