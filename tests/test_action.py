# SPDX-License-Identifier: Apache-2.0
"""Actions: one digest for one action, and bytes that can be read back."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges import canon
from gyges.action import Action, Excerpt, parse_action
from gyges.errors import Malformed

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
actions = st.builds(
    Action,
    agent=words,
    tool=words,
    arguments=st.dictionaries(words, st.integers(-9, 9) | words | st.none(), max_size=3),
    server=words,
    principal=words,
    purpose=words,
    context=st.lists(st.builds(Excerpt, text=words, source=words, trusted=st.booleans())).map(
        tuple
    ),
    provenance=st.dictionaries(words, st.tuples(words), max_size=2),
    amends=words,
)


@given(actions)
def test_an_action_is_read_back_from_its_bytes(action: Action) -> None:
    """Parsing is the exact inverse of writing."""
    assert parse_action(action.canonical()) == action


@given(actions, actions)
def test_different_actions_have_different_bytes(one: Action, other: Action) -> None:
    """The digest is the identity: equal bytes, equal action."""
    assert (one.canonical() == other.canonical()) == (one == other)


def test_every_field_is_in_the_digest() -> None:
    """No field can be changed behind an approver's back."""
    base = Action(agent="a", tool="t", arguments={})
    other = {"arguments": {"x": 1}, "context": (Excerpt(text="x", source="y"),)}
    other |= {"provenance": {"/x": ("web",)}}
    for field in fields(Action):
        changed = replace(base, **{field.name: other.get(field.name, "z")})
        assert changed.digest != base.digest, field.name


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d | {"v": 2},
        lambda d: {k: v for k, v in d.items() if k != "v"},
        lambda d: d | {"agent": 5},
        lambda d: d | {"extra": "x"},
        lambda d: d | {"purpose": ""},
        lambda d: {k: v for k, v in d.items() if k != "arguments"},
    ],
)
def test_bytes_that_are_not_exactly_an_action_are_refused(change: object) -> None:
    """A version, type or field that does not belong, or an empty field spelled out."""
    document = Action(agent="a", tool="t", arguments={}).document()
    with pytest.raises(Malformed):
        parse_action(canon.encode(change(document)))  # type: ignore[operator]


def test_spaces_between_tokens_are_refused() -> None:
    """Only the canonical bytes are accepted, not others that mean the same."""
    with pytest.raises(Malformed):
        parse_action(b'{"agent":"a","arguments":{},"tool":"t", "v":1}')


@given(st.binary(max_size=80))
def test_any_bytes_are_an_action_or_refused(data: bytes) -> None:
    """The parser never fails in another way."""
    with pytest.raises(Malformed):
        parse_action(data)
