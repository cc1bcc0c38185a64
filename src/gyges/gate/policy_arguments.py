# SPDX-License-Identifier: Apache-2.0
"""Whether arguments fit the inputSchema that somebody approved: JSON Schema, compiled once, refusing by default.

Two things are stricter than the standard. An object that lists its `properties` and says nothing about
others admits no others: what the approver never saw cannot be passed. And a `$ref` must stay inside the
schema, so that checking an argument can never fetch anything. `format` is not asserted, as in the standard.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

from jsonschema.exceptions import (  # type: ignore[import-untyped]
    SchemaError,
    ValidationError,
)
from jsonschema.protocols import Validator  # type: ignore[import-untyped]
from jsonschema.validators import Draft202012Validator, extend, validator_for  # type: ignore[import-untyped]
from referencing import Registry
from referencing.exceptions import Unresolvable

from gyges import canon
from gyges.canon import Json
from gyges.errors import BadPolicy, Malformed
from gyges.gate.policy_quick import compile_quick

MOST_VALUES = 50_000
"""Most JSON values in one action's arguments: an error report on more could fill the memory."""
_COMPOSED = ("allOf", "anyOf", "oneOf", "if", "$ref", "$dynamicRef", "dependentSchemas", "not")
_SAID = ("additionalProperties", "unevaluatedProperties", "patternProperties")


class ArgumentCheck:
    """One tool's inputSchema, compiled. Raise `BadPolicy` where it is no JSON Schema for an object."""

    def __init__(self, tool: str, schema: Mapping[str, Json]) -> None:
        if schema.get("type") != "object":
            raise BadPolicy(f'tool "{tool}": inputSchema must have "type": "object"')
        for ref in _refs(dict(schema)):
            if not isinstance(ref, str) or not ref.startswith("#"):
                raise BadPolicy(
                    f'tool "{tool}": inputSchema refers outside itself: {str(ref)[:80]}'
                )
        whole = cast("Any", closed(dict(schema)))
        kind = validator_for(whole, default=Draft202012Validator)
        try:
            kind.check_schema(whole)
        except SchemaError as error:
            place = "/".join(str(part) for part in error.absolute_path)
            raise BadPolicy(f'tool "{tool}": inputSchema is no JSON Schema at /{place}') from None
        self._check: Validator = _bounded(kind)(whole, registry=Registry())
        self._quick = compile_quick(cast("Json", whole))

    def problem(self, arguments: Mapping[str, Json]) -> str:
        """One line naming the first argument that does not fit, without its value; "" when all fit."""
        if _more_than(MOST_VALUES, arguments):
            return f"the arguments hold more than {MOST_VALUES} values"
        if self._quick and self._quick(cast("Json", arguments)):
            return ""
        try:
            error = next(self._check.iter_errors(arguments), None)
        except (Unresolvable, RecursionError, Malformed) as failure:
            return f"the arguments cannot be checked: {type(failure).__name__}"
        return "" if error is None else _say(error)


def closed(schema: Json, *, top: bool = True) -> Json:
    """`schema` with each plain object closed to properties it does not list.

    A free object below the top, one without `properties`, stays free: rules cannot see into it.
    """
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    properties = found.get("properties")
    if isinstance(properties, dict):
        found["properties"] = {name: closed(part, top=False) for name, part in properties.items()}
    if "items" in found:
        found["items"] = closed(found["items"], top=False)
    for word in ("$defs", "definitions"):
        parts = found.get(word)
        if isinstance(parts, dict):
            found[word] = {name: closed(part, top=False) for name, part in parts.items()}
    plain = not any(word in found for word in (*_SAID, *_COMPOSED))
    if found.get("type") == "object" and plain and (top or "properties" in found):
        found["additionalProperties"] = False
    return found


def _refs(value: Json) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _refs(item)
    elif isinstance(value, dict):
        for word, item in value.items():
            if word in ("$ref", "$dynamicRef") and not isinstance(item, dict):
                yield item
            yield from _refs(item)


@cache
def _bounded(kind: type[Validator]) -> type[Validator]:
    """`kind` with a `uniqueItems` that takes linear time: the array is the agent's, and may be long."""
    return cast("type[Validator]", extend(kind, {"uniqueItems": _unique}))


def _unique(
    validator: Validator, wanted: Json, value: Json, _schema: Json
) -> Iterator[ValidationError]:
    if wanted and validator.is_type(value, "array"):
        items = cast("list[Json]", value)
        if len({canon.encode(canon.clean(item)) for item in items}) < len(items):
            yield ValidationError("has a repeated item")


def _more_than(most: int, value: Json | Mapping[str, Json]) -> bool:
    """Whether `value` holds more than `most` values, itself included; looks at no more than that."""
    stack: list[Json | Mapping[str, Json]] = [value]
    seen = 0
    while stack:
        part = stack.pop()
        seen += 1
        if isinstance(part, Mapping):
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
        if seen + len(stack) > most:
            return True
    return False


def _say(error: ValidationError) -> str:
    at = "".join(f"/{part}" for part in error.absolute_path)
    rule, wanted = str(error.validator), cast("Json", error.validator_value)
    held = _names(cast("Json", error.instance))
    if rule == "required" and isinstance(wanted, list):
        missing = [str(name) for name in wanted if name not in held]
        return f"argument {at}/{missing[0]} is missing"
    if rule == "additionalProperties" and wanted is False:
        whole = cast("dict[str, Json]", error.schema)
        strange = sorted(held - _names(whole.get("properties")))
        return f"argument {at}/{strange[0][:80]} is not one the tool's definition lists"
    limit = repr(wanted)
    return f"argument {at or '/'} breaks {rule} {limit[:80] if limit.isprintable() else ''}".strip()


def _names(value: Json) -> set[str]:
    return set(value) if isinstance(value, dict) else set()
