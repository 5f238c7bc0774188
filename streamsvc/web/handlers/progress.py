"""Follow a lesson's media live, as server-sent events."""

import time
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import ClientConnectionResetError, web

from catalog import lessons
from streamsvc.web import openapi
from streamsvc.web.access_log import UNTIMED
from streamsvc.web.following import Follower, Hub
from streamsvc.web.lesson_view import Reader, media_json
from streamsvc.web.requests import language, path_uuid, reading, services, viewer
from transcoder.status import MediaStatus

HUB = web.AppKey("progress_hub", Hub)
HEARTBEAT_S = 15.0
LONGEST_S = 600.0
"""After this a stream ends and the browser comes again by itself, which checks anew who it is."""


async def progress(request: web.Request) -> web.StreamResponse:
    lesson = await reading(request, lessons.get, path_uuid(request, "lesson_id"), acting=viewer(request))
    response = web.StreamResponse(
        # Proxies must not collect events before they pass them on.
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    async with request.app[HUB].follow(lesson.asset_id) as follower:
        request[UNTIMED] = True
        await response.prepare(request)
        try:
            await _stream(request, response, follower, lesson.owner_id)
            await response.write_eof()
        except (ClientConnectionResetError, ConnectionResetError):
            # The person closed the page; nobody is left to tell.
            return response
    return response


async def _stream(request: web.Request, response: web.StreamResponse, follower: Follower, owner_id: UUID) -> None:
    """Write each change, and a comment when nothing changes, until the media has come to an end."""
    until = time.monotonic() + LONGEST_S
    await response.write(b"retry: 2000\n\n")
    while time.monotonic() < until:
        changed = await follower.wait(at_most_s=HEARTBEAT_S)
        if follower.ended:
            return
        if not changed or follower.newest is None:
            await response.write(b": still here\n\n")
            continue
        status = follower.newest
        reader = Reader(viewer(request), language(request), services(request).texts)
        await response.write(_event(media_json(status, owner_id=owner_id, reader=reader)))
        if _has_ended(status):
            return


def _has_ended(status: MediaStatus) -> bool:
    renews = status.renewal is not None and status.renewal.state in {"waiting", "encoding"}
    return status.state in {"ready", "failed"} and not renews


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


routes = [web.get("/api/v1/lessons/{lesson_id}/progress", progress, allow_head=False)]

OPENAPI: dict[str, Any] = {
    "/api/v1/lessons/{lesson_id}/progress": {
        "parameters": [openapi.path_parameter("lesson_id", "The lesson.")],
        "get": {
            "operationId": "follow_lesson",
            "summary": "Follow the lesson's media live (server-sent events)",
            "description": "Each message's `data` is the lesson's `media`, sent at once and whenever it changes. "
            "Comments keep the line open. The stream ends when the media is ready or failed, and nothing is made "
            "anew; after ten minutes it ends too, and a browser connects again by itself.",
            "tags": ["lessons"],
            "responses": {
                "200": {"description": "A stream.", "content": {"text/event-stream": {"schema": openapi.TEXT}}},
                **openapi.problems(401, 404),
            },
        },
    }
}
