# SPDX-License-Identifier: Apache-2.0
"""Tool definitions: their digests and their risk classes, and the schema made of them."""

import contextlib

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.canon import Json
from gyges.errors import BadPolicy
from gyges.gate.policy_check import build_schema
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
        definition_digest("pay", schema(to=TEXT), description="Pays.", title="Pay"),
        definition_digest(
            "pay", schema(to=TEXT), description="Pays.", output_schema=schema(no=TEXT)
        ),
        definition_digest("pay", schema(to=TEXT)),
    }
    assert len(others) == 7
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


odd = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})


@given(
    st.fixed_dictionaries(
        {"name": st.text(max_size=4) | odd},
        optional=dict.fromkeys(
            [
                "risk",
                "inputSchema",
                "outputSchema",
                "annotations",
                "title",
                "description",
                "amount",
            ],
            odd,
        ),
    )
)
def test_any_tools_file_is_read_or_refused(tool: dict[str, Json]) -> None:
    """Whatever stands in the file, the answer is definitions with digests or `BadPolicy`."""
    with contextlib.suppress(BadPolicy):
        (read,) = check_tools(read_tools({"s": {"tools": [tool]}})).values()
        assert read.digest.startswith("sha256:")


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
