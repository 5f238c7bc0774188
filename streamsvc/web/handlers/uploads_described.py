"""The description of uploads for programs and people (OpenAPI 3.1). Pure."""

from typing import Any

from streamsvc.uploads import tus
from streamsvc.web import openapi


def _field(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": openapi.TEXT, "description": description}


def _operation(operation_id: str, summary: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    version = _field("Tus-Resumable", "`1.0.0`", required=True)
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": ["uploads"],
        "parameters": [version, *parameters],
        **more,
    }


_CHECKSUM = _field("Upload-Checksum", "`sha1` or `sha256`, a space, the digest of this request's bytes in base64.")
_BYTES = {"required": False, "content": {tus.BODY_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
_OPTIONS = {
    "options": {
        "operationId": "upload_options",
        "summary": "What this server can: Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm",
        "tags": ["uploads"],
        "security": openapi.ANONYMOUS,
        "responses": openapi.answers(None, description="In the header fields."),
    }
}

_CREATE = _operation(
    "create_upload",
    "Begin an upload, and with it a lesson",
    _field("Upload-Length", "Bytes in all; absent only for a final upload."),
    _field("Upload-Metadata", "`filename` and `title`, each followed by its base64, with commas between."),
    _field("Upload-Concat", "`partial`, or `final;` and the addresses of partial uploads."),
    _CHECKSUM,
    description="Location names the upload, Content-Location the lesson, Upload-Expires its end. A partial upload "
    "makes no lesson. With a body (`application/offset+octet-stream`) the first bytes come along, and Upload-Offset "
    "tells how many are kept.",
    requestBody=_BYTES,
    responses={
        **openapi.answers(None, description="Created.", status=201),
        **openapi.problems(400, 401, 403, 412, 413, 415, 460, 503, 507),
    },
)
_HEAD = _operation(
    "upload_offset",
    "Where to go on: Upload-Offset, Upload-Length, Upload-Metadata, Upload-Concat, Upload-Expires",
    responses={
        **openapi.answers(None, description="In the header fields."),
        **openapi.problems(401, 404, 410, 412, 423, 503),
    },
)
_PATCH = _operation(
    "upload_bytes",
    "Send bytes from Upload-Offset on",
    _field("Upload-Offset", "What HEAD or the last answer told.", required=True),
    _CHECKSUM,
    description="Whatever ends the request early, the bytes received are kept (with a checksum: all or none).",
    requestBody=_BYTES,
    responses={
        **openapi.answers(None, description="Kept; Upload-Offset is the new offset.", status=204),
        **openapi.problems(400, 401, 403, 404, 409, 410, 412, 413, 415, 423, 460, 503, 507),
    },
)
_DELETE = _operation(
    "end_upload",
    "End an upload; an unfinished one goes with its lesson, a finished one leaves it",
    responses={
        **openapi.answers(None, description="Ended.", status=204),
        **openapi.problems(401, 404, 410, 412, 503),
    },
)
_OVERRIDE = _operation(
    "upload_override",
    "HEAD, PATCH or DELETE through a proxy that lets only POST pass",
    _field("X-HTTP-Method-Override", "The method that is meant.", required=True),
    responses={
        **openapi.answers(None, description="As that method answers."),
        **openapi.problems(400, 401, 404, 409, 410, 412, 423, 503),
    },
)


def described(collection: str, one: str) -> dict[str, Any]:
    """The path items of both addresses."""
    return {
        collection: {**_OPTIONS, "post": _CREATE},
        one: {
            "parameters": [openapi.path_parameter("upload_id", "The upload.")],
            "options": {**_OPTIONS["options"], "operationId": "one_upload_options"},
            "head": _HEAD,
            "patch": _PATCH,
            "delete": _DELETE,
            "post": _OVERRIDE,
        },
    }
