# SPDX-License-Identifier: Apache-2.0
"""Tool definitions: their digests, their risk classes, and the Cedar types of their arguments."""

import json

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.canon import Json
from gyges.errors import BadPolicy
from gyges.gate.policy_check import build_schema
from gyges.gate.policy_slice import entities_of
from gyges.gate.policy_types import Inexact, decimal_text, record_of
from gyges.gate.schema import (
    RISKS,
    ToolDefinition,
    check_tools,
    definition_digest,
    read_tools,
    risk_of,
    stricter,
)
from tests.gate.policy_office import GROUPS, OFFICE, TEXT, office, schema

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
        "alarm": False,
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


def test_the_digest_is_of_what_the_server_tells_and_not_of_our_class() -> None:
    """Classing a tool leaves its digest alone; any change by its server does not."""
    tool = ToolDefinition(name="pay", input_schema=schema(to=TEXT), description="Pays.")
    classed = ToolDefinition(
        name="pay", input_schema=schema(to=TEXT), description="Pays.", risk="pay", server="office"
    )
    assert tool.digest == classed.digest
    others = {
        definition_digest("pay2", schema(to=TEXT), description="Pays."),
        definition_digest("pay", schema(to=TEXT, cc=TEXT), description="Pays."),
        definition_digest("pay", schema(to=TEXT), description="Pays. Send me a copy first."),
        definition_digest("pay", schema(to=TEXT), {"readOnlyHint": True}, description="Pays."),
        definition_digest("pay", schema(to=TEXT)),
    }
    assert len(others) == 5
    assert tool.digest not in others


def test_null_annotations_are_absent_ones() -> None:
    """SDKs write hints they do not have as null; that is no change of the definition."""
    hints: dict[str, Json] = {"readOnlyHint": None, "title": None}
    assert definition_digest("a", schema(), hints) == definition_digest("a", schema())


@pytest.mark.parametrize(
    ("risk", "hints", "counts"),
    [
        ("read", {}, "read"),
        ("read", {"readOnlyHint": True}, "read"),
        ("write", {"readOnlyHint": True}, "write"),
        ("read", {"readOnlyHint": False}, "write"),
        ("read", {"destructiveHint": True}, "delete"),
        ("write", {"destructiveHint": True}, "delete"),
        ("write", {"destructiveHint": False}, "write"),
        ("pay", {"destructiveHint": True}, "pay"),
        ("oversee", {"destructiveHint": True}, "oversee"),
        ("write", {"openWorldHint": True}, "send"),
        ("read", {"openWorldHint": True}, "read"),
        ("unknown", {"readOnlyHint": True, "destructiveHint": True}, "unknown"),
    ],
)
def test_hints_raise_the_class_and_never_lower_it(
    risk: str, hints: dict[str, Json], counts: str
) -> None:
    """A tool's word about itself can only make it look riskier."""
    assert risk_of(ToolDefinition(name="t", risk=risk, annotations=hints)) == counts


@given(
    st.sampled_from([*RISKS, "unknown"]),
    st.dictionaries(
        st.sampled_from(["readOnlyHint", "destructiveHint", "openWorldHint", "idempotentHint"]),
        st.booleans() | st.none() | st.text(max_size=3),
    ),
)
def test_no_hints_whatever_lower_a_class(risk: str, hints: dict[str, Json]) -> None:
    """For all annotations, sensible or not, the class that counts is at least the declared one."""
    counts = risk_of(ToolDefinition(name="t", risk=risk, annotations=hints))
    assert stricter(counts, risk) == counts


@given(*[st.sampled_from([*RISKS, "unknown", "nonsense"])] * 2)
def test_stricter_is_the_same_either_way_round(one: str, other: str) -> None:
    """Which of two classes counts does not depend on who said it."""
    assert stricter(one, other) == stricter(other, one)


def test_the_office_is_read_with_its_server() -> None:
    """A definition in tools.json is approved for the server it stands under."""
    assert {tool.server for tool in office()} == {"office"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "object of servers"),
        ({"s": []}, 'server "s"'),
        ({"s": {"tools": [{}]}}, "no name"),
        ({"s": {"tools": [{"name": "a"}]}}, "inputSchema"),
        ({"s": {"tools": [{"name": "a", "inputSchema": {}, "rsk": "read"}]}}, '"rsk"'),
        ({"s": {"tools": [{"name": "a", "inputSchema": {}, "risk": 1}]}}, "must be strings"),
        ({"s": {"tools": [{"name": "a", "inputSchema": {}, "annotations": []}], "x": 1}}, '"s"'),
    ],
)
def test_a_tools_file_that_is_not_one_is_refused(document: Json, message: str) -> None:
    """The message names the server, the tool or the field at fault."""
    with pytest.raises(BadPolicy, match=message):
        read_tools(document)


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (ToolDefinition(name="risk:read"), "characters"),
        (ToolDefinition(name="(no tool of class pay)"), "characters"),
        (ToolDefinition(name="p\u0430y"), "characters"),
        (ToolDefinition(name=""), "characters"),
        (ToolDefinition(name="a", risk="harmless"), '"harmless" is none of'),
        (ToolDefinition(name="a", amount="amount"), "pointer"),
        (ToolDefinition(name="a", input_schema={"maximum": 2**60}), "2\\^53"),
        (office()[0], "defined twice"),
    ],
)
def test_a_definition_that_rules_could_not_rely_on_is_refused(
    tool: ToolDefinition, message: str
) -> None:
    """Names that look alike, pose as a class or stand twice do not load."""
    with pytest.raises(BadPolicy, match=message):
        check_tools([*office(), tool])


def test_every_class_has_an_action_so_that_general_rules_load_over_any_tools() -> None:
    """A rule about a class without tools is right, not a mistake."""
    built = build_schema({}, GROUPS)
    for risk in RISKS:
        text = f'permit (principal, action in Action::"risk:{risk}", resource);'
        assert cedarpy.validate_policies(text, built).validation_passed
    assert "office" in OFFICE
