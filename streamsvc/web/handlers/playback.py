"""Begin to watch: a playback session with the signed address of what can be played."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web
from sqlalchemy.orm import Session

from catalog import lessons
from catalog.permissions import Acting
from cdn import layout
from streamsvc.playback import entitlement, sessions
from streamsvc.playback.families import playlist_for
from streamsvc.playback.sessions import PlaybackSession
from streamsvc.web import openapi
from streamsvc.web.addresses import absolute
from streamsvc.web.requests import in_transaction, json_body, json_response, path_uuid, services, viewer
from transcoder import jobs
from transcoder.publications import Publication


class Wishes(msgspec.Struct):
    """What the player says of itself; a later player may say more than we know."""

    decodes: list[str] | None = None
    """Codecs that it plays smoothly (`av01`, `avc1`, `opus`, `mp4a`), or None of a player that does not say."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and what it plays."""

    session: PlaybackSession
    publication: Publication
    resume_s: float
    playlist: str
    """Name of its multivariant playlist."""


async def start(request: web.Request) -> web.Response:
    wishes = await json_body(request, Wishes) if request.can_read_body else Wishes()
    now, acting = services(request).now(), viewer(request)
    opened = await in_transaction(request, _open, path_uuid(request, "lesson_id"), wishes, acting=acting, now=now)
    services(request).telemetry.playback_sessions.inc()
    return json_response(_session_json(request, opened), status=201)


def _open(session: Session, lesson_id: UUID, wishes: Wishes, *, acting: Acting, now: datetime) -> Opened:
    """Raises LessonMissing, MediaNotReady, MediaFailed."""
    lesson = lessons.get(session, lesson_id, acting=acting)
    publication = jobs.current_publication(session, lesson.asset_id)
    stopped_at_s = sessions.resume_position(session, acting.person_id, lesson.id)
    opened = sessions.start(
        session,
        person_id=acting.person_id,
        lesson_id=lesson.id,
        asset_id=lesson.asset_id,
        publication_id=publication.id,
        duration_s=publication.duration_s,
        expires_at=entitlement.expires_at(publication.duration_s, now=now),
        now=now,
    )
    return Opened(
        opened,
        publication,
        resume_s=entitlement.resume_from(stopped_at_s, duration_s=publication.duration_s),
        playlist=playlist_for(wishes.decodes, publication.playlists),
    )


def _session_json(request: web.Request, opened: Opened) -> dict[str, Any]:
    session, publication = opened.session, opened.publication
    token = services(request).signer.token(session.asset_id, publication.id, session.expires_at)

    def address(key: str | None) -> str | None:
        return None if key is None else absolute(request, layout.address(token, key))

    return {
        "id": session.id,
        "url": address(layout.published(session.asset_id, publication.id, opened.playlist)),
        "expires_at": session.expires_at,
        "resume_s": opened.resume_s,
        "poster": address(publication.poster_key),
        "storyboard": address(publication.storyboard_key),
        "events": absolute(request, f"/api/v1/playback-sessions/{session.id}/events"),
    }


routes = [web.post("/api/v1/lessons/{lesson_id}/playback-sessions", start)]

SCHEMAS = {
    "PlaybackSession": openapi.record(
        {
            "id": openapi.ID,
            "url": openapi.URL,
            "expires_at": openapi.TIME,
            "resume_s": openapi.NUMBER,
            "poster": openapi.nullable(openapi.URL),
            "storyboard": openapi.nullable(openapi.URL),
            "events": openapi.URL,
        }
    )
}
_WISHES = {
    "type": "object",
    "properties": {
        "decodes": {
            "type": "array",
            "items": openapi.TEXT,
            "description": "Codecs that the player decodes smoothly, of `av01`, `avc1`, `opus`, `mp4a`.",
        }
    },
}

OPENAPI: dict[str, Any] = {
    "/api/v1/lessons/{lesson_id}/playback-sessions": {
        "parameters": [openapi.path_parameter("lesson_id", "The lesson.")],
        "post": {
            "operationId": "start_playback",
            "summary": "Begin to watch",
            "description": "`url` is an HLS multivariant playlist below a signed prefix that expires; relative "
            "addresses in it inherit the prefix. A player that decodes both `av01` and `opus` gets the variants in "
            "AV1 and Opus, which need the fewest bytes; another that says what it decodes gets H.264 and AAC; one "
            "that says nothing gets both in one playlist. A lesson that still grows, or has no other variants, comes "
            "as H.264 and AAC. `resume_s` is where the person stopped. Before anything can be "
            "played the answer is 409 `media_not_ready`, after a failure 409 `media_failed`.",
            "tags": ["playback"],
            "requestBody": openapi.json_request(_WISHES, {"decodes": ["av01", "avc1", "opus", "mp4a"]}, required=False),
            "responses": {
                **openapi.answers(openapi.ref("PlaybackSession"), description="The session.", status=201),
                **openapi.problems(400, 401, 404, 409, 413),
            },
        },
    }
}
