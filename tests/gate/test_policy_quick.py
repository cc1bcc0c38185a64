# SPDX-License-Identifier: Apache-2.0
"""The quick yes to arguments: it never says yes where the full validator says no, and says it often."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator  # type: ignore[import-untyped]

from gyges.canon import Json
from gyges.gate.policy_quick import compile_quick

words = st.sampled_from(["", "a", "to", "amount", "note", "zwölf", "\U0001f600"])
numbers = st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2**52])
leaves: st.SearchStrategy[Json] = st.none() | st.booleans() | numbers | words
values: st.SearchStrategy[Json] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
bounds = st.integers(0, 3)


def optional(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A dictionary with any of these members."""
    return st.fixed_dictionaries({}, optional=parts)


simple = st.one_of(
    st.builds(
        lambda more: {"type": "string", **more}, optional(minLength=bounds, maxLength=bounds)
    ),
    st.builds(lambda among: {"type": "string", "enum": among}, st.lists(leaves, max_size=3)),
    st.builds(lambda more: {"type": "integer", **more}, optional(minimum=numbers, maximum=bounds)),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": "number"}, {"const": 1}, {}]),
)
schemas = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(lambda part: {"type": "array", "items": part}, inner),
        st.builds(
            lambda parts, more: {"type": "object", "properties": parts, **more},
            st.dictionaries(words, inner, max_size=3),
            optional(required=st.lists(words, max_size=2), additionalProperties=st.booleans()),
        ),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@given(schemas, values)
def test_a_quick_yes_is_a_yes(schema: dict[str, Json], value: Json) -> None:
    """Whatever the quick check accepts, JSON Schema accepts."""
    quick = compile_quick(schema)
    if quick and quick(value):
        assert Draft202012Validator(schema).is_valid(value)


OFFICE: dict[str, Json] = {
    "type": "object",
    "properties": {
        "to": {"type": "string", "maxLength": 20, "description": "who"},
        "amount": {"type": "integer", "minimum": 0},
        "urgent": {"type": "boolean"},
        "kind": {"type": "string", "enum": ["bill", "gift"]},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"n": {"type": "null"}}},
        },
    },
    "required": ["to", "amount"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('{"to": "Ada", "amount": 3}', True),
        (
            '{"to": "Ada", "amount": 3, "urgent": true, "kind": "gift", "lines": [{"n": null}]}',
            True,
        ),
        ('{"to": "Ada"}', False),
        ('{"to": "Ada", "amount": -1}', False),
        ('{"to": "Ada", "amount": true}', False),
        ('{"to": "Ada", "amount": 3, "kind": "bribe"}', False),
        ('{"to": "Ada", "amount": 3, "lines": {}}', False),
        ('{"to": "Ada and all her many friends", "amount": 3}', False),
        ('{"to": "Ada", "amount": 3, "cc": "Eve"}', False),
        ("[]", False),
    ],
)
def test_an_ordinary_tool_is_checked_quickly(text: str, fits: bool) -> None:
    """What fits an ordinary definition gets its yes here, and nothing else does."""
    quick = compile_quick(OFFICE)
    assert quick is not None
    assert quick(json.loads(text)) is fits


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/a"},
        {"type": ["string", "null"]},
        {"type": "string", "pattern": "^a"},
        {"type": "integer", "multipleOf": 2},
        {"type": "integer", "maximum": True},
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "null"}]}}},
        {"type": "object", "patternProperties": {}},
        {"type": "array", "items": {"type": "null"}, "uniqueItems": True},
        {"type": "integer", "$schema": "http://json-schema.org/draft-03/schema#"},
        True,
        None,
    ],
)
def test_what_is_not_understood_has_no_quick_check(schema: Json) -> None:
    """A word or a dialect that is not listed leaves everything to the full validator."""
    assert compile_quick(schema) is None
