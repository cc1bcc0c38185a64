# SPDX-License-Identifier: Apache-2.0
"""From JSON Schema to Cedar: the types that rules see, and values that cannot pass for others."""

import json

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.canon import Json
from gyges.gate.policy_check import build_schema
from gyges.gate.policy_slice import entities_of
from gyges.gate.policy_types import Inexact, decimal_text, record_of
from gyges.gate.schema import (
    ToolDefinition,
)
from tests.gate.policy_office import GROUPS, TEXT

WILD: dict[str, Json] = {
    "type": "object",
    "properties": {
        "text": TEXT,
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "on": {"type": "boolean"},
        "tags": {"type": "array", "items": TEXT},
        "kind": {"enum": ["a", "b"]},
        "maybe": {"anyOf": [TEXT, {"type": "null"}]},
        "either": {"type": ["integer", "null"]},
        "place": {"$ref": "#/$defs/place"},
        "free": {"type": "object"},
        "union": {"type": ["string", "integer"]},
        "holes": {"type": "array", "items": {"type": ["string", "null"]}},
        "__extn": TEXT,
    },
    "required": ["text", "maybe", "free"],
    "$defs": {"place": {"type": "object", "properties": {"x": {"type": "integer"}}}},
}


def test_each_json_type_has_its_cedar_type() -> None:
    """Arguments appear in rules with the types that the documentation promises."""
    attributes = record_of(WILD).cedar["attributes"]
    assert attributes == {
        "text": {"type": "String", "required": True},
        "count": {"type": "Long", "required": False},
        "ratio": {"type": "Extension", "name": "decimal", "required": False},
        "on": {"type": "Boolean", "required": False},
        "tags": {"type": "Set", "element": {"type": "String"}, "required": False},
        "kind": {"type": "String", "required": False},
        "maybe": {"type": "String", "required": False},
        "either": {"type": "Long", "required": False},
        "place": {
            "type": "Record",
            "attributes": {"x": {"type": "Long", "required": False}},
            "required": False,
        },
    }


@pytest.mark.parametrize(
    ("schema_of_x", "cedar"),
    [
        ({"const": "a"}, "String"),
        ({"enum": [1, 2]}, "Long"),
        ({"enum": [True, False]}, "Boolean"),
        ({"enum": ["a", None]}, "String"),
        ({"enum": ["a", 1]}, ""),
        ({"enum": [[1]]}, ""),
        ({"oneOf": [{"type": "string"}]}, "String"),
        ({"allOf": [{"type": "integer"}]}, "Long"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, ""),
        ({"$ref": "#/gone"}, ""),
        ({"$ref": "#anchor"}, ""),
        ({"$ref": "http://127.0.0.1/"}, ""),
        ({"type": "array"}, ""),
        ({"type": "strng"}, ""),
        ({}, ""),
        (True, ""),
    ],
)
def test_what_has_no_one_type_is_not_visible(schema_of_x: Json, cedar: str) -> None:
    """Constants and single options have a type; unions and unknown words have none."""
    attributes = record_of({"properties": {"x": schema_of_x}}).cedar["attributes"]
    assert attributes == ({"x": {"type": cedar, "required": False}} if cedar else {})


@pytest.mark.parametrize(
    "arguments",
    [
        {"text": 1},
        {"count": 1.5},
        {"count": True},
        {"count": 2**63},
        {"ratio": "1"},
        {"on": 1},
        {"tags": "a"},
        {"tags": [1]},
        {"place": []},
    ],
)
def test_a_value_of_another_type_is_refused_by_name(arguments: dict[str, Json]) -> None:
    """The converter does not rely on the JSON Schema check before it."""
    (name,) = arguments
    with pytest.raises(Inexact, match=f"^/{name} "):
        record_of(WILD).convert(arguments)


def test_a_schema_that_refers_to_itself_ends() -> None:
    """Recursion becomes invisible to rules instead of endless."""
    loop: dict[str, Json] = {"type": "object", "properties": {"next": {"$ref": "#"}, "n": TEXT}}
    shape = record_of(loop)
    assert shape.convert({"n": "x"}) == {"n": "x"}


def test_a_value_is_converted_by_its_declared_type_and_never_by_its_looks() -> None:
    """An argument that looks like a Cedar extension or entity is refused or stays unseen."""
    shape = record_of(WILD)
    dressed: Json = {"__extn": {"fn": "decimal", "arg": "1.0"}}
    with pytest.raises(Inexact, match="/text is not a string"):
        shape.convert({"text": dressed})
    assert shape.convert({"free": dressed, "__extn": "x", "place": {**dressed, "x": 1}}) == {
        "place": {"x": 1}
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [(4800, "4800.0"), (0.1, "0.1"), (-0.25, "-0.25"), (1.2345, "1.2345"), (10.50, "10.5")],
)
def test_numbers_become_exact_decimals(value: float, text: str) -> None:
    """What a rule compares is the number that stands in the canonical bytes."""
    assert decimal_text(value) == text


@pytest.mark.parametrize("value", [0.00001, 1.23456, 1e15, -1e15, True, "1", float("nan")])
def test_a_number_that_cedar_cannot_hold_exactly_is_refused(value: Json) -> None:
    """Rounding could put an amount on the wrong side of a limit."""
    with pytest.raises(Inexact):
        decimal_text(value)


@given(st.integers(-(9 * 10**14), 9 * 10**14), st.integers(0, 9999))
def test_a_decimal_reads_back_as_the_number_it_was(whole: int, part: int) -> None:
    """No accepted number changes its value on the way into Cedar."""
    value = float(f"{whole}.{part:04}")
    try:
        text = decimal_text(value)
    except Inexact:
        assert len(repr(value).partition(".")[2]) > 4
    else:
        assert float(text) == value


_ARGUMENTS = st.fixed_dictionaries(
    {"text": st.text(), "maybe": st.none() | st.text()},
    optional={
        "count": st.integers(-(2**53) + 1, 2**53 - 1),
        "ratio": st.integers(-(10**6), 10**6).map(lambda n: n / 4),
        "on": st.booleans(),
        "tags": st.lists(st.text(), max_size=3),
        "kind": st.sampled_from(["a", "b"]),
        "either": st.none() | st.integers(0, 9),
        "place": st.fixed_dictionaries({}, optional={"x": st.integers(0, 9)}),
    },
)


@pytest.mark.slow
@given(_ARGUMENTS)
def test_what_the_converter_writes_fits_the_schema_that_rules_were_checked_against(
    arguments: dict[str, Json],
) -> None:
    """Cedar itself accepts every converted argument under the generated schema."""
    tool = ToolDefinition(name="wild", risk="write", input_schema=WILD)
    built = build_schema({"wild": tool}, GROUPS)
    context = {
        "approvals": {"reviewers": 0, "finance": 0},
        "risk": "write",
        "agent": {"alarm": False},
        "input": record_of(WILD).convert(arguments),
    }
    result = cedarpy.is_authorized(
        {
            "principal": {"type": "Agent", "id": "mona"},
            "action": {"type": "Action", "id": "wild"},
            "resource": {"type": "Server", "id": ""},
            "context": json.dumps(context),
        },
        "permit (principal, action, resource);",
        entities_of("mona", ("interns",), "wild", "write"),
        built,
    )
    assert result.decision is cedarpy.Decision.Allow, result.diagnostics.errors
