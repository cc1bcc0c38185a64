# SPDX-License-Identifier: Apache-2.0
"""From JSON Schema to Cedar: which type an argument has in a rule, and how its value gets there.

    string String | integer Long | number decimal (4 digits, exact) | boolean Bool
    array of T Set<T> | object with properties record | T or null: optional T, null is absent

What has no one Cedar type (free objects, unions, recursion) is invisible to rules: a rule that names it
does not load. A value is converted by the type that was declared, never by its looks, so an argument
cannot pass itself off as a Cedar extension or entity. Whether the arguments fit the JSON Schema at all is
checked elsewhere; a converter refuses what it cannot say exactly all the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import unquote

from gyges.canon import Json
from gyges.errors import Malformed
from gyges.pointer import Missing, find

RESERVED = frozenset({"__extn", "__entity", "__expr"})  # keys with a meaning in Cedar's JSON
DEPTH = 16
DECIMAL_LIMIT = 2**63 // 10**4  # whole part of Cedar's decimal: a 64-bit integer over 10^4


class Inexact(ValueError):
    """A value that its Cedar type cannot hold exactly; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A Cedar type in Cedar's JSON schema form, and the way from a JSON value to Cedar's JSON value."""

    cedar: dict[str, object]
    convert: Callable[[Json], Json]
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShape:
    """An object's visible fields. `required` holds those that are always there."""

    fields: Mapping[str, Shape] = field(default_factory=dict[str, Shape])
    required: frozenset[str] = frozenset()

    @property
    def cedar(self) -> dict[str, object]:
        """The record type."""
        attributes = {
            name: {**shape.cedar, "required": name in self.required}
            for name, shape in self.fields.items()
        }
        return {"type": "Record", "attributes": attributes}

    def convert(self, value: Json) -> Json:
        """The record of all visible fields; raise `Inexact`."""
        return self.pick(value, self.fields)

    def pick(self, value: Json, names: Mapping[str, object] | frozenset[str]) -> dict[str, Json]:
        """Only the visible fields among `names` that are there and not null; raise `Inexact`."""
        if not isinstance(value, dict):
            raise Inexact("is not an object")
        found: dict[str, Json] = {}
        for name in names:
            item = value.get(name)
            if item is None or name not in self.fields:
                continue
            try:
                found[name] = self.fields[name].convert(item)
            except Inexact as error:
                raise Inexact(f"/{name}{_tail(error)}") from None
        return found


def record_of(schema: Mapping[str, Json]) -> RecordShape:
    """The visible arguments of a tool whose inputSchema is `schema`."""
    return _record(schema, schema, 0)


def shape_of(schema: Json, root: Mapping[str, Json], depth: int = 0) -> Shape | None:
    """The Cedar side of one subschema of `root`; None where Cedar has no one type for it."""
    if not isinstance(schema, dict) or depth > DEPTH:
        return None
    if "$ref" in schema:
        return shape_of(_follow(schema["$ref"], root), root, depth + 1)
    for word in ("anyOf", "oneOf", "allOf"):
        options = schema.get(word)
        if isinstance(options, list) and "type" not in schema:
            return _option(options, root, depth)
    names = _types(schema)
    real = names - {"null"}
    if len(real) != 1:
        return None
    shape = _plain(real.pop(), schema, root, depth)
    if shape is None or "null" not in names:
        return shape
    return Shape(cedar=shape.cedar, convert=shape.convert, nullable=True)


def decimal_text(value: Json) -> str:
    """`value` as Cedar writes a decimal: at least one and at most four digits after the point."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Inexact("is not a number")
    exact = Decimal(repr(value))
    if not exact.is_finite() or abs(exact) >= DECIMAL_LIMIT:
        raise Inexact("is too large to compare")
    text = f"{exact:f}"
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    if len(part) > 4:
        raise Inexact("has more than 4 digits after the point, so it cannot be compared exactly")
    return f"{whole}.{part or '0'}"


def decimal(value: Json) -> Json:
    """`value` as Cedar's JSON for a decimal."""
    return {"__extn": {"fn": "decimal", "arg": decimal_text(value)}}


def _types(schema: Mapping[str, Json]) -> set[str]:
    named = schema.get("type")
    if isinstance(named, str):
        return {named}
    if isinstance(named, list):
        return {str(name) for name in named}
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return {_type_of(value) for value in values} if isinstance(values, list) else set()


def _type_of(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) else "mixed"


def _plain(
    name: str, schema: Mapping[str, Json], root: Mapping[str, Json], depth: int
) -> Shape | None:
    if name in _SCALARS:
        return _SCALARS[name]
    if name == "array":
        return _array(schema.get("items"), root, depth)
    if name == "object" and isinstance(schema.get("properties"), dict):
        record = _record(schema, root, depth)
        return Shape(cedar=record.cedar, convert=record.convert)
    return None


def _array(items: Json, root: Mapping[str, Json], depth: int) -> Shape | None:
    inner = shape_of(items, root, depth + 1)
    if inner is None or inner.nullable:
        return None

    def convert(value: Json) -> Json:
        if not isinstance(value, list):
            raise Inexact("is not an array")
        return [inner.convert(item) for item in value]

    return Shape(cedar={"type": "Set", "element": inner.cedar}, convert=convert)


def _record(schema: Mapping[str, Json], root: Mapping[str, Json], depth: int) -> RecordShape:
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict):
        return RecordShape()
    shapes = {name: shape_of(part, root, depth + 1) for name, part in properties.items()}
    seen = {name: s for name, s in shapes.items() if s is not None and name not in RESERVED}
    always = {str(name) for name in required} if isinstance(required, list) else set[str]()
    sure = frozenset(name for name, shape in seen.items() if name in always and not shape.nullable)
    return RecordShape(fields=seen, required=sure)


def _option(options: list[Json], root: Mapping[str, Json], depth: int) -> Shape | None:
    """The one shape of "T or null" and of a union with a single member."""
    real = [option for option in options if option != {"type": "null"}]
    shape = shape_of(real[0], root, depth + 1) if len(real) == 1 else None
    if shape is None or len(real) == len(options):
        return shape
    return Shape(cedar=shape.cedar, convert=shape.convert, nullable=True)


def _follow(ref: Json, root: Mapping[str, Json]) -> Json:
    if not isinstance(ref, str) or not ref.startswith("#"):
        return None
    try:
        found = find(dict(root), unquote(ref[1:]))
    except Malformed:
        return None
    return None if isinstance(found, Missing) else found


def _text(value: Json) -> Json:
    if not isinstance(value, str):
        raise Inexact("is not a string")
    return value


def _long(value: Json) -> Json:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(whole, bool) or not isinstance(whole, int) or not -(2**63) <= whole < 2**63:
        raise Inexact("is not a whole number of 64 bits")
    return whole


def _bool(value: Json) -> Json:
    if not isinstance(value, bool):
        raise Inexact("is not true or false")
    return value


def _tail(error: Inexact) -> str:
    text = str(error)
    return text if text.startswith("/") else f" {text}"


_SCALARS = {
    "string": Shape(cedar={"type": "String"}, convert=_text),
    "integer": Shape(cedar={"type": "Long"}, convert=_long),
    "boolean": Shape(cedar={"type": "Boolean"}, convert=_bool),
    "number": Shape(cedar={"type": "Extension", "name": "decimal"}, convert=decimal),
}
