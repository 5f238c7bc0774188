"""A small judge of values against the JSON Schemas of our description: what it does not know, it refuses."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

KNOWN = {
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "oneOf",
    "anyOf",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "description",
    "default",
    "example",
    "examples",
    "const",
    "title",
    "prefixItems",
}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def faults(value: Any, schema: dict[str, Any], document: dict[str, Any], *, at: str = "$") -> list[str]:
    """Every place where the value is not what the schema says."""
    unknown = set(schema) - KNOWN
    if unknown:
        return [f"{at}: the judge does not know {sorted(unknown)}"]
    if "$ref" in schema:
        return faults(value, resolve(schema["$ref"], document), document, at=at)
    for word in ("oneOf", "anyOf"):
        if word in schema:
            tried = [faults(value, each, document, at=at) for each in schema[word]]
            if all(tried):
                return [f"{at}: fits none of {word}: {tried}"]
            if word == "oneOf" and sum(not each for each in tried) > 1:
                return [f"{at}: fits more than one of oneOf"]
    found = _type_faults(value, schema, at)
    if found:
        return found
    found += [f"{at}: {value!r} is not in {schema['enum']}" for _ in [0] if value not in schema.get("enum", [value])]
    found += [f"{at}: is not {schema['const']!r}" for _ in [0] if value != schema.get("const", value)]
    found += _number_faults(value, schema, at) + _text_faults(value, schema, at)
    if isinstance(value, dict):
        found += _object_faults(value, schema, document, at)
    if isinstance(value, list):
        found += _array_faults(value, schema, document, at)
    return found


def resolve(reference: str, document: dict[str, Any]) -> dict[str, Any]:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return dict(node)


def _is_a(value: Any, name: str) -> bool:
    if name in {"integer", "number"}:
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def _type_faults(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    return [f"{at}: {value!r} is no {names}"] if names and not any(_is_a(value, name) for name in names) else []


def _number_faults(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return []
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    return [] if low <= value <= high else [f"{at}: {value} is not within {low}…{high}"]


def _text_faults(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    if not isinstance(value, str):
        return []
    found = []
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r} does not match {schema['pattern']}")
    checks = {"uuid": UUID, "date-time": _utc, "uri": _absolute, "uri-reference": str}
    if "format" in schema:
        try:
            checks[schema["format"]](value)
        except ValueError:
            found.append(f"{at}: {value!r} is no {schema['format']}")
    return found


def _utc(text: str) -> None:
    if not text.endswith("Z"):
        raise ValueError("not in UTC")
    datetime.fromisoformat(text)


def _absolute(text: str) -> None:
    if not urlsplit(text).scheme:
        raise ValueError("not absolute")


def _object_faults(value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], at: str) -> list[str]:
    properties = schema.get("properties", {})
    found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, each in value.items():
        if name in properties:
            found += faults(each, properties[name], document, at=f"{at}.{name}")
        elif schema.get("additionalProperties", True) is False:
            found.append(f"{at}: {name} is not described")
    return found


def _array_faults(value: list[Any], schema: dict[str, Any], document: dict[str, Any], at: str) -> list[str]:
    found = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{at}: {len(value)} items")
    fixed = schema.get("prefixItems", [])
    for number, each in enumerate(value):
        item = fixed[number] if number < len(fixed) else schema.get("items")
        if isinstance(item, dict):
            found += faults(each, item, document, at=f"{at}[{number}]")
    return found
