# SPDX-License-Identifier: Apache-2.0
"""Text made visible: nothing is lost, nothing hides, and every trick is told."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gyges.web.visible import notes, pieces, spelled

TEXT = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("abc\n\t\u202e\u200b\u00ad\u0430\u03bf\u0301\ufe0f/@."),
    ),
    max_size=80,
)


def again(found: list[Any]) -> str:
    """The text that the pieces were made of."""
    return "".join(
        p if isinstance(p, str) else chr(int(p["code"].replace("U+", "0x"), 0)) for p in found
    )


@pytest.mark.slow
@given(TEXT)
@settings(max_examples=300)
def test_pieces_hold_the_whole_text_and_nothing_else(text: str) -> None:
    """Whatever comes in can be put together again from the pieces."""
    assert again(pieces(text)) == text


@given(TEXT)
@settings(max_examples=300)
def test_what_stands_as_text_shows_itself(text: str) -> None:
    """No piece of plain text holds a character that is not printable."""
    assert all(p.isprintable() for p in pieces(text) if isinstance(p, str))


@pytest.mark.slow
@given(TEXT)
@settings(max_examples=300)
def test_a_spelled_text_is_one_printable_line(text: str) -> None:
    """Titles and sentences never carry a raw control character, whoever wrote the text."""
    assert all(char.isprintable() for char in spelled(text).replace("\u0301", ""))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a\u202eb", "hidden"),
        ("a\u200bb", "hidden"),
        ("a\u2066b", "hidden"),
        ("a\u00adb", "hidden"),
        ("a\u3164b", "hidden"),
        ("a\ufe0fb", "hidden"),
        ("a\U000e0041b", "hidden"),
        ("a\x1b[2Kb", "hidden"),
        ("a\u00a0b", "hidden"),
        ("p\u0430y", "alike"),
        ("g\u03bfogle", "alike"),
        ("ad\uff4din", "alike"),
        ("to \u0410\u0421\u041c\u0415 Ltd", "alike"),
        ("\uff21\uff23\uff2d\uff25", "alike"),
        ("a\nb", "break"),
        ("a\tb", "tab"),
        ("a\u0300\u0301\u0302\u0303", "hidden"),
    ],
)
def test_each_trick_is_marked(text: str, kind: str) -> None:
    """Characters that hide, turn, tower or imitate become marks of their kind."""
    assert kind in [p["kind"] for p in pieces(text) if isinstance(p, dict)]


@pytest.mark.parametrize(
    "text",
    ["", "plain", "naïve café", "Привет мир", "Мы и \u0410\u0422\u0421", "日本語", "Größe", "אב"],
)
def test_honest_text_is_left_alone(text: str) -> None:
    """Words in one alphabet carry no marks, whichever alphabet it is."""
    assert "".join(p for p in pieces(text) if isinstance(p, str)) == text


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("invoice\u202egpj.exe", "1 character does not show"),
        ("a\u200b\u200bb", "2 characters do not show"),
        ("p\u0430y", "mixes alphabets that look alike in p[U+0430]y"),
        (
            "\u0410\u0421\u041c\u0415",
            "reads as Latin letters and is not: [U+0410][U+0421][U+041C][U+0415]",
        ),
        ("at ex\u0430mple.org", "the name ex[U+0430]mple.org is xn--exmple-4nf.org"),
        ("אב", "holds letters that are read from right to left"),
    ],
)
def test_each_trick_has_a_sentence(text: str, note: str) -> None:
    """A note says what is strange about the whole value, also where it is folded."""
    assert note in notes(text)


@pytest.mark.parametrize("text", ["", "plain text", "two\nlines\tand a tab", "naïve café"])
def test_honest_text_has_no_notes(text: str) -> None:
    """Line breaks, tabs and accents are no tricks."""
    assert notes(text) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["\u00e9" * 1_000_000, "a" * 500_000 + "\u202e", "a\u0430." * 200_000]
)
def test_a_megabyte_is_read_in_one_go(text: str) -> None:
    """No text makes the search for tricks slower than its length: this would not end otherwise."""
    assert all(len(note) < 1000 for note in notes(text))
