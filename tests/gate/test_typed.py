# SPDX-License-Identifier: Apache-2.0
"""The value that is typed before a high risk is approved: which one it is, and what fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.canon import Json
from gyges.gate.typed import LONGEST, field_of, fits
from gyges.pointer import find


def action(**arguments: Json) -> Action:
    """A call of `run` with these arguments."""
    return Action(agent="bot", tool="run", arguments=arguments)


@pytest.mark.parametrize(
    ("arguments", "amount", "label", "pointer", "expected"),
    [
        ({"to": "Ada", "amount": 4800}, "/amount", "amount", "/amount", "4800"),
        ({"to": "Ada", "amount": 0.5}, "/amount", "amount", "/amount", "0.5"),
        ({"to": "Ada", "amount": True}, "/amount", "recipient", "/to", "Ada"),
        ({"to": "Ada"}, "/amount", "recipient", "/to", "Ada"),
        ({"To": "Ada", "path": "/x"}, "", "recipient", "/To", "Ada"),
        ({"to": ["a@b"]}, "", "recipient", "/to/0", "a@b"),
        ({"to": ["a@b", "c@d"]}, "", "number of recipients", "/to", "2"),
        ({"path": "/etc/hosts", "text": "x"}, "", "path", "/path", "/etc/hosts"),
        ({"table": "users"}, "", "target", "/table", "users"),
        ({"to": "  ", "path": "p" * (LONGEST + 1)}, "", "tool", "", "run"),
        ({"to": [], "text": "hello"}, "", "tool", "", "run"),
        ({}, "", "tool", "", "run"),
    ],
)
def test_the_field_is_the_amount_else_the_aim_else_the_tool(
    arguments: dict[str, Json], amount: str, label: str, pointer: str, expected: str
) -> None:
    """Something short that says how much or at whom, and always something."""
    field = field_of(action(**arguments), amount)
    assert (field.label, field.pointer, field.expected) == (label, pointer, expected)


@pytest.mark.parametrize(
    "typed", ["4800", " 4800 ", "4,800", "4 800", "4'800", "4800.00", "4_800", "4.8e3"]
)
def test_an_amount_is_compared_by_value(typed: str) -> None:
    """As people write amounts."""
    assert fits(field_of(action(amount=4800), "/amount"), typed)


@pytest.mark.parametrize(
    "typed", ["", "480", "48000", "4.800", "48,00", "nan", "inf", "0x12c0", "4800 EUR", "-4800"]
)
def test_another_amount_does_not_fit(typed: str) -> None:
    """A decimal point where a comma was meant is another amount; words are none."""
    assert not fits(field_of(action(amount=4800), "/amount"), typed)


def test_a_recipient_fits_by_what_it_says_not_by_its_case() -> None:
    """Case and outer spaces are forgiven; a letter that only looks the same is not."""
    field = field_of(action(to="Ada@Example.org"))
    assert fits(field, " ada@example.org\n")
    assert not fits(field, "")
    assert not fits(field, "\u0430da@example.org")
    assert not fits(field_of(action(to="ada\u200b@example.org")), "ada@example.org")
    assert fits(field_of(action(to="Zoe\u0308")), "zo\u00eb")


texts = st.text(max_size=40)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    texts,
    st.lists(texts, max_size=3),
)
names = st.one_of(
    texts, st.sampled_from(["to", "TO", "recipients", "path", "a/b", "m~n", "amount"])
)


@given(arguments=st.dictionaries(names, values, max_size=5))
def test_there_is_always_a_field_and_its_own_value_fits(arguments: dict[str, Json]) -> None:
    """Whatever the agent sends, an honest reader can type what is asked, and it is what the pointer finds."""
    proposed = Action(agent="bot", tool="run", arguments=arguments)
    field = field_of(proposed, "/amount")
    assert fits(field, field.expected)
    assert field.expected.strip()
    if field.pointer and not field.number:
        assert find(arguments, field.pointer) == field.expected
