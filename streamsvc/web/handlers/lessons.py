"""Lessons: list, look, rename, delete, start an encoding again or stop it."""

import asyncio
import logging
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from cdn.errors import CdnError
from streamsvc.errors import BadRequest
from streamsvc.web import lesson_work, openapi
from streamsvc.web.auditing import who
from streamsvc.web.lesson_view import Reader, lesson_json
from streamsvc.web.requests import (
    in_transaction,
    json_body,
    json_response,
    language,
    path_uuid,
    reading,
    services,
    viewer,
)

log = logging.getLogger(__name__)

DEFAULT_LIMIT, LARGEST_LIMIT = 20, 100


class Rename(msgspec.Struct, forbid_unknown_fields=True):
    title: str


async def listed(request: web.Request) -> web.Response:
    found = await reading(
        request,
        lesson_work.listed,
        acting=viewer(request),
        own=_own(request),
        cursor=request.query.get("cursor"),
        limit=_limit(request),
        now=services(request).now(),
    )
    reader = _reader(request)
    items = [_json(shown, reader) for shown in found.shown]
    return json_response({"items": items, "next_cursor": found.next_cursor})


async def one(request: web.Request) -> web.Response:
    shown = await reading(request, lesson_work.shown, _lesson_id(request), **_who_when(request))
    return json_response(_json(shown, _reader(request)))


async def rename(request: web.Request) -> web.Response:
    body = await json_body(request, Rename)
    return await _change(request, lesson_work.rename, title=body.title)


async def retry(request: web.Request) -> web.Response:
    return await _change(request, lesson_work.retry, status=202)


async def reencode(request: web.Request) -> web.Response:
    return await _change(request, lesson_work.reencode, status=202, who=who(request))


async def cancel(request: web.Request) -> web.Response:
    return await _change(request, lesson_work.cancel, status=202)


async def delete(request: web.Request) -> web.Response:
    lesson_id, by = _lesson_id(request), who(request)
    keys = await in_transaction(request, lesson_work.delete, lesson_id, who=by, **_who_when(request))
    try:
        await asyncio.to_thread(services(request).store.delete, keys)
    except CdnError as error:
        # The lesson is gone all the same; the collector finds objects that nothing names.
        log.warning("parts of a deleted upload are left to the collector: %s", error)
    return web.Response(status=204)


async def _change(request: web.Request, work: Any, *, status: int = 200, **more: object) -> web.Response:
    shown = await in_transaction(request, work, _lesson_id(request), **_who_when(request), **more)
    return json_response(_json(shown, _reader(request)), status=status)


def _lesson_id(request: web.Request) -> UUID:
    return path_uuid(request, "lesson_id")


def _who_when(request: web.Request) -> dict[str, Any]:
    return {"acting": viewer(request), "now": services(request).now()}


def _reader(request: web.Request) -> Reader:
    return Reader(viewer(request), language(request), services(request).texts)


def _json(shown: lesson_work.Shown, reader: Reader) -> dict[str, Any]:
    return lesson_json(shown.lesson, shown.media, owner_name=shown.owner_name, upload=shown.upload, reader=reader)


def _own(request: web.Request) -> bool:
    owner = request.query.get("owner")
    if owner not in {None, "me"}:
        raise BadRequest("owner can only be 'me'", reason="owner")
    return owner == "me"


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_LIMIT:
        raise BadRequest(f"limit must be 1 to {LARGEST_LIMIT}", reason=f"limit: 1–{LARGEST_LIMIT}")
    return int(text)


_ONE = "/api/v1/lessons/{lesson_id}"

routes = [
    web.get("/api/v1/lessons", listed),
    web.get(_ONE, one),
    web.patch(_ONE, rename),
    web.delete(_ONE, delete),
    web.post(_ONE + "/retry", retry),
    web.post(_ONE + "/cancel", cancel),
    web.post(_ONE + "/reencode", reencode),
]

SCHEMAS = {
    "LessonPage": openapi.record(
        {
            "items": {"type": "array", "items": openapi.ref("Lesson")},
            "next_cursor": openapi.nullable(openapi.TEXT),
        }
    )
}
_PARAMETERS = [openapi.path_parameter("lesson_id", "The lesson.")]
_LESSON = openapi.ref("Lesson")


def _operation(operation_id: str, summary: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": operation_id, "summary": summary, "tags": ["lessons"], "responses": responses, **more}


OPENAPI: dict[str, Any] = {
    "/api/v1/lessons": {
        "get": _operation(
            "list_lessons",
            "Lessons that the person may see, new ones first",
            {**openapi.answers(openapi.ref("LessonPage"), description="One page."), **openapi.problems(400, 401)},
            parameters=[
                openapi.query_parameter(
                    "limit",
                    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
                    "How many.",
                ),
                openapi.query_parameter("cursor", openapi.TEXT, "`next_cursor` of the page before."),
                openapi.query_parameter("owner", openapi.one_of("me"), "Only the person's own lessons."),
            ],
        )
    },
    _ONE: {
        "parameters": _PARAMETERS,
        "get": _operation(
            "get_lesson",
            "One lesson and the state of its media",
            {**openapi.answers(_LESSON, description="The lesson."), **openapi.problems(401, 404)},
        ),
        "patch": _operation(
            "rename_lesson",
            "Give the lesson another title",
            {**openapi.answers(_LESSON, description="The lesson."), **openapi.problems(400, 401, 403, 404, 413, 422)},
            requestBody=openapi.json_request(openapi.record({"title": openapi.TEXT}), {"title": "Бөлшектер"}),
        ),
        "delete": _operation(
            "delete_lesson",
            "Take the lesson away from everybody and free its bytes",
            {**openapi.answers(None, description="It is gone.", status=204), **openapi.problems(401, 403, 404)},
        ),
    },
    _ONE + "/retry": {
        "parameters": _PARAMETERS,
        "post": _operation(
            "retry_lesson",
            "Encode again after a failure",
            {
                **openapi.answers(_LESSON, description="It is queued.", status=202),
                **openapi.problems(401, 403, 404, 409),
            },
        ),
    },
    _ONE + "/reencode": {
        "parameters": _PARAMETERS,
        "post": _operation(
            "reencode_lesson",
            "Encode a published lesson anew, beside what is published, and switch to it",
            {
                **openapi.answers(_LESSON, description="It is queued.", status=202),
                **openapi.problems(401, 403, 404, 409),
            },
        ),
    },
    _ONE + "/cancel": {
        "parameters": _PARAMETERS,
        "post": _operation(
            "cancel_lesson",
            "Stop the encoding and free its bytes",
            {
                **openapi.answers(_LESSON, description="It stops.", status=202),
                **openapi.problems(401, 403, 404, 409),
            },
        ),
    },
}
