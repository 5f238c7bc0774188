"""The judge sees what is wrong."""

import pytest

from tests.openapi_rules import faults

DOCUMENT = {
    "components": {
        "schemas": {
            "A": {
                "type": "object",
                "properties": {"id": {"type": "string", "format": "uuid"}},
                "required": ["id"],
                "additionalProperties": False,
            }
        }
    }
}
REF = {"$ref": "#/components/schemas/A"}
ID = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"id": ID}, REF),
        (None, {"oneOf": [REF, {"type": "null"}]}),
        ([{"id": ID}], {"type": "array", "items": REF}),
        (1, {"type": "number", "minimum": 0, "maximum": 1}),
        ("2026-11-24T08:00:00Z", {"type": "string", "format": "date-time"}),
        ("http://a/b", {"type": "string", "format": "uri"}),
        ([0.5, 1], {"type": "array", "prefixItems": [{"type": "number"}, {"type": "integer"}]}),
    ],
)
def test_what_fits_fits(value, schema):
    assert faults(value, schema, DOCUMENT) == []


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({}, REF),
        ({"id": "x"}, REF),
        ({"id": ID, "more": 1}, REF),
        (1, {"oneOf": [REF, {"type": "null"}]}),
        ([{}], {"type": "array", "items": REF}),
        (2, {"type": "number", "maximum": 1}),
        (True, {"type": "integer"}),
        (1.5, {"type": "integer"}),
        ("a", {"enum": ["b"]}),
        ("2026-11-24T08:00:00", {"type": "string", "format": "date-time"}),
        ("/b", {"type": "string", "format": "uri"}),
        (1, {"type": "integer", "exclusiveMinimum": 0}),
        ([1, 2], {"type": "array", "maxItems": 1}),
        ("a", {"type": "string", "pattern": "^b"}),
    ],
)
def test_what_does_not_fit_is_told(value, schema):
    assert faults(value, schema, DOCUMENT) != []
