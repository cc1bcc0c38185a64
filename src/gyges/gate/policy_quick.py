# SPDX-License-Identifier: Apache-2.0
"""The quick yes: a JSON Schema of common words as nested closures, twenty times as fast as a full validator.

    {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}   ->   fits({"to": "Ada"})

`compile_quick` gives a check that says True only for values that certainly fit, so a True needs no second
opinion and anything else gets one (`policy_arguments.py` asks the full validator). A schema with any word
not listed here has no quick check. It refuses nothing and explains nothing.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from gyges.canon import Json

Check: TypeAlias = Callable[[Json], bool]

_SILENT = frozenset(
    {"title", "description", "default", "examples", "format", "$comment", "$schema"}
)
_DIALECTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-07/schema#",
)
_PLAIN: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool, "null": type(None)}
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength")
_WORDS = {
    "string": frozenset({"type", "enum", "minLength", "maxLength"}),
    "integer": frozenset({"type", "minimum", "maximum"}),
    "boolean": frozenset({"type"}),
    "null": frozenset({"type"}),
    "object": frozenset({"type", "properties", "required", "additionalProperties"}),
    "array": frozenset({"type", "items"}),
}


def compile_quick(schema: Json) -> Check | None:
    """A check that is True only for values which fit `schema`; None where there is none."""
    if not isinstance(schema, dict) or schema.get("$schema", _DIALECTS[0]) not in _DIALECTS:
        return None
    kind = schema.get("type")
    words = set(schema) - _SILENT
    if not isinstance(kind, str) or kind not in _WORDS or not words <= _WORDS[kind]:
        return None
    if kind == "object":
        return _object(schema)
    if kind == "array":
        return _array(schema)
    return _text(schema) if kind == "string" else _scalar(_PLAIN[kind], schema)


def _object(schema: Mapping[str, Json]) -> Check | None:
    parts, required = schema.get("properties", {}), schema.get("required", [])
    free = schema.get("additionalProperties", True)
    if not isinstance(parts, dict) or not isinstance(required, list) or not isinstance(free, bool):
        return None
    checks = {name: compile_quick(part) for name, part in parts.items()}
    if None in checks.values() or not all(isinstance(name, str) for name in required):
        return None
    known, needed = cast("dict[str, Check]", checks), frozenset(map(str, required))

    def fits(value: Json) -> bool:
        if type(value) is not dict or not needed <= value.keys():
            return False
        for name, item in value.items():
            check = known.get(name)
            if not (free if check is None else check(item)):
                return False
        return True

    return fits


def _array(schema: Mapping[str, Json]) -> Check | None:
    check = compile_quick(schema.get("items"))
    if check is None:
        return None
    return lambda value: type(value) is list and all(map(check, value))


def _text(schema: Mapping[str, Json]) -> Check | None:
    among = schema.get("enum")
    if among is not None:
        if not isinstance(among, list):
            return None
        allowed = frozenset(word for word in among if isinstance(word, str))
        within = _text({name: part for name, part in schema.items() if name != "enum"})
        return within and (lambda value: type(value) is str and value in allowed and within(value))
    bounds = [schema.get(name) for name in ("minLength", "maxLength")]
    if not any(name in schema for name in _BOUNDS):
        return lambda value: type(value) is str
    if not all(type(bound) is int or bound is None for bound in bounds):
        return None
    low, high = (cast("int | None", bound) for bound in bounds)
    return lambda value: (
        type(value) is str and (low or 0) <= len(value) and (high is None or len(value) <= high)
    )


def _scalar(kind: type, schema: Mapping[str, Json]) -> Check | None:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return lambda value: type(value) is kind
    if not all(type(bound) is int or bound is None for bound in (low, high)):
        return None
    least, most = cast("int | None", low), cast("int | None", high)
    return lambda value: (
        type(value) is int and (least is None or value >= least) and (most is None or value <= most)
    )
