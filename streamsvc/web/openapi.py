"""The shapes that several addresses share, and how their descriptions are put together (OpenAPI 3.1). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": [*required],
        "additionalProperties": False,
    }


def nullable(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "string", "format": "uuid"}
TIME: Schema = {"type": "string", "format": "date-time"}
URL: Schema = {"type": "string", "format": "uri"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
LANGUAGE: Schema = {"type": "string", "enum": ["kk", "ru", "en"]}


def one_of(*values: str) -> Schema:
    return {"type": "string", "enum": [*values]}


def json_content(schema: Schema, example: object = None) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": schema}
    if example is not None:
        body["example"] = example
    return {"application/json": body}


def answers(schema: Schema | None, *, description: str, status: int = 200) -> dict[str, Any]:
    """One good answer, by its status."""
    body: dict[str, Any] = {"description": description}
    if schema is not None:
        body["content"] = json_content(schema)
    return {str(status): body}


def problems(*statuses: int) -> dict[str, Any]:
    """The answers that tell of an error."""
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def path_parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": ID, "description": description}


def query_parameter(name: str, schema: Schema, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def json_request(schema: Schema, example: object, *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": json_content(schema, example)}


ANONYMOUS: list[dict[str, Any]] = []
"""`security` of an operation that needs no token."""

PROBLEM_TEXTS = {
    400: "The request cannot be understood.",
    401: "Nobody is signed in, or the token is not good any more.",
    403: "The person may see this and not change it, or the request came from another site.",
    404: "There is no such thing, or the person may not know of it.",
    409: "It is not in a state that allows this.",
    410: "It was there once.",
    412: "A precondition failed, such as an unknown tus version.",
    413: "The body is too large.",
    415: "The media type is not the one this address takes.",
    422: "The values cannot be used.",
    423: "Another request holds it; try again later.",
    429: "Too many attempts; Retry-After says when to come back.",
    460: "The checksum does not fit the bytes.",
    500: "A mistake of ours; the answer carries its number.",
    503: "The database or the store does not answer; try again later.",
    507: "There is no room left.",
}

SCHEMAS: dict[str, Schema] = {
    "Problem": record(
        {
            "type": TEXT,
            "title": TEXT,
            "status": WHOLE,
            "detail": {"type": "string", "description": "A sentence for a person, in the language of Accept-Language."},
            "code": {"type": "string", "description": "For programs; never changes its meaning."},
        }
    ),
    "Person": record(
        {
            "id": ID,
            "login": TEXT,
            "display_name": TEXT,
            "role": one_of("teacher", "pupil", "curator", "admin"),
            "unit": record({"id": ID, "path": TEXT, "name": TEXT}),
            "language": LANGUAGE,
            "may_create_lessons": FLAG,
        }
    ),
    "MediaError": record({"code": TEXT, "message": TEXT}),
    "Rendition": record(
        {
            "name": TEXT,
            "type": one_of("video", "audio"),
            "codec": TEXT,
            "width": nullable(WHOLE),
            "height": nullable(WHOLE),
            "fps": nullable(NUMBER),
            "average_bps": nullable(WHOLE),
            "peak_bps": nullable(WHOLE),
            "bytes": WHOLE,
            "state": one_of("waiting", "encoding", "ready"),
            "vmaf": nullable(NUMBER),
            "vmaf_low": nullable(NUMBER),
        }
    ),
    "MeasuredSound": record(
        {"lufs": NUMBER, "peak_db": NUMBER, "findings": {"type": "array", "items": ref("MediaError")}}
    ),
    "Renewal": record(
        {
            "state": one_of("waiting", "encoding", "failed", "needless"),
            "progress": {"type": "number", "minimum": 0, "maximum": 1},
            "error": nullable(ref("MediaError")),
        }
    ),
    "Media": record(
        {
            "state": one_of("waiting", "encoding", "ready", "failed"),
            "playable": FLAG,
            "progress": {"type": "number", "minimum": 0, "maximum": 1},
            "seconds_left": nullable(NUMBER),
            "error": nullable(ref("MediaError")),
            "delayed_by": nullable(ref("MediaError")),
            "duration_s": nullable(NUMBER),
            "source": nullable(record({"sha256": TEXT, "bytes": WHOLE})),
            "renditions": {"type": "array", "items": ref("Rendition")},
            "sound": nullable(ref("MeasuredSound")),
            "renewal": nullable(ref("Renewal")),
        }
    ),
    "Lesson": record(
        {
            "id": ID,
            "title": TEXT,
            "state": one_of("draft", "published"),
            "language": LANGUAGE,
            "owner": record({"id": ID, "display_name": TEXT}),
            "created_at": TIME,
            "updated_at": TIME,
            "can": record({"play": FLAG, "edit": FLAG, "delete": FLAG, "retry": FLAG, "cancel": FLAG}),
            "upload": nullable(record({"received_bytes": WHOLE, "bytes": WHOLE})),
            "media": ref("Media"),
        }
    ),
}


def _problem_response(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/problem+json": {"schema": ref("Problem")}}}


def document(paths: Mapping[str, Any], *, version: str, more_schemas: Sequence[Mapping[str, Schema]] = ()) -> Schema:
    """The whole description."""
    schemas = dict(SCHEMAS)
    for more in more_schemas:
        schemas.update(more)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sabaq",
            "version": version,
            "summary": "Lessons that reach every pupil.",
            "description": "Times are RFC 3339 in UTC, ids are UUIDs, units stand in the names. "
            "Shapes may grow; what is here does not change its meaning.",
        },
        "paths": dict(sorted(paths.items())),
        "security": [{"bearer": []}],
        "components": {
            "schemas": schemas,
            "responses": {
                "Problem": _problem_response("Something is wrong; `code` says what."),
                **{f"Problem{status}": _problem_response(text) for status, text in PROBLEM_TEXTS.items()},
            },
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From POST /api/v1/tokens. Pages of the service use the same token in a cookie.",
                }
            },
        },
    }
