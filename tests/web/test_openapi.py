# SPDX-License-Identifier: Apache-2.0
"""The document says what the code does: every line, every bound, both ways."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from gyges.errors import CallerError, Fault, GygesError, Refused, StoreDown
from gyges.web.call import Route
from gyges.web.openapi import document
from gyges.web.problems import problem
from gyges.web.table import ROUTES
from tests.web.conftest import MAIL, House

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "api.md"
DOCUMENT: dict[str, Any] = json.loads(msgspec.json.encode(document(ROUTES)))


async def served(house: House) -> dict[str, Any]:
    """The document as it is served."""
    found: dict[str, Any] = (await house.call("", "GET", "/openapi.json")).json()
    return found


async def test_the_served_document_is_the_written_one(house: House) -> None:
    """Nothing is added on the way out, and it is an OpenAPI 3.1 document."""
    found = await served(house)
    assert found == DOCUMENT
    assert found["openapi"] == "3.1.0"


def test_every_line_is_in_the_document_and_nothing_else() -> None:
    """Method and path, both ways, each with the scopes of its line."""
    lines = {
        (route.method.lower(), route.path.replace("*}", "}")): route.scopes for route in ROUTES
    }
    written = {
        (method, path): operation
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert written.keys() == lines.keys()
    for at, scopes in lines.items():
        told = written[at].get("x-gyges-scopes")
        assert told == (None if scopes is None else sorted(scopes))
        assert written[at]["security"] == ([] if scopes is None else [{"key": []}])


def test_every_operation_has_a_name_of_its_own_and_a_sentence() -> None:
    """Generated clients need unique ids, people a summary."""
    operations = [op for methods in DOCUMENT["paths"].values() for op in methods.values()]
    ids = [op["operationId"] for op in operations]
    assert len(set(ids)) == len(ids)
    assert all(op["summary"].endswith((".", "?")) for op in operations)


def test_every_reference_leads_somewhere() -> None:
    """No $ref points at a schema that is not there."""

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                name = value["$ref"].removeprefix("#/components/schemas/")
                assert name in DOCUMENT["components"]["schemas"]
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(DOCUMENT)


def validator(name: str) -> Any:
    """Checks JSON against the schema `name` of the document."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(whole)


BODIES = [route for route in ROUTES if route.body is not None]


@pytest.mark.parametrize("route", BODIES, ids=lambda route: route.path)
def test_bodies_refuse_unknown_members_in_the_document_too(route: Route) -> None:
    """What the door refuses the document refuses."""
    schema = DOCUMENT["components"]["schemas"][route.body.__name__ if route.body else ""]
    assert schema["additionalProperties"] is False


async def test_answers_are_as_the_document_says(house: House) -> None:
    """Case, list and problem validate; a case without its digest would not."""
    case = await house.propose(MAIL)
    validator("Answer").validate(case)
    validator("Answers").validate((await house.call("bot", "GET", "/v1/actions")).json())
    validator("Problem").validate((await house.call("", "GET", "/v1/actions")).json())
    del case["digest"]
    assert not validator("Answer").is_valid(case)


def everything(kind: type[GygesError]) -> list[type[GygesError]]:
    """`kind` and all below it, except those that need more than a message."""
    return [kind, *(found for below in kind.__subclasses__() for found in everything(below))]


PLAIN = [kind for kind in everything(GygesError) if kind.__init__ is GygesError.__init__]


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_every_error_is_a_problem(kind: type[GygesError]) -> None:
    """Status, code and detail of each error in the tree, and its extra members, never over the standard ones."""
    made = problem(kind("a line", state="denied", status=1), "/v1/x", "r-1")
    found = json.loads(made.body)
    validator("Problem").validate(found)
    assert made.type == b"application/problem+json"
    assert found["status"] == made.status == kind.status
    assert (found["type"], found["code"]) == (f"urn:gyges:problem:{kind.code}", kind.code)
    assert (found["instance"], found["request"], found["state"]) == ("/v1/x", "r-1", "denied")


def test_the_page_lists_every_route_with_its_scopes() -> None:
    """The table in docs/formats/api.md is the table of the code: routes, scopes and sentences."""
    rows = re.findall(
        r"^\| `([A-Z]+ /\S*)` \| ([a-z, ]+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE
    )
    written = {route: (who, what) for route, who, what in rows}
    summaries = {
        f"{method.upper()} {path}": operation["summary"]
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    expected = {}
    for route in ROUTES:
        name = f"{route.method} {route.path.replace('*}', '}')}"
        who = "everybody" if route.scopes is None else ", ".join(sorted(route.scopes))
        expected[name] = (who, summaries[name])
    assert written == expected


@pytest.mark.parametrize(
    ("tag", "name"),
    [("propose", "Propose"), ("decide", "Decide"), ("redeem", "Redeem"), ("report", "Report"),
     ("problem", "Problem")],
)  # fmt: skip
def test_the_examples_of_the_page_are_valid(tag: str, name: str) -> None:
    """What a reader copies from the page is what the document describes."""
    found = re.search(rf"```json {tag}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    validator(name).validate(json.loads(found[1]))


def test_the_page_names_every_code() -> None:
    """Each code that a problem can have stands in the page's table with its status."""
    text = PAGE.read_text()
    for kind in (*everything(CallerError), *everything(Refused), StoreDown, Fault):
        if kind.code not in ("caller", "refused"):
            assert re.search(rf"`{kind.code}`.*{kind.status}", text), kind.code
