"""Viewing events in: the playback session says who and what, the trace keeps what is new."""

from datetime import datetime
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from catalog.lessons import Lesson
from streamsvc.errors import BadRequest
from streamsvc.playback import sessions
from streamsvc.telemetry import Telemetry
from streamsvc.trace import actors, events, store
from streamsvc.trace.values import LearnerValue, LessonValue, Receipt, SessionValue
from streamsvc.web.requests import (
    Viewer,
    in_transaction,
    json_response,
    path_uuid,
    services,
    viewer,
)

SESSION_PATH = "/api/v1/playback-sessions/{session_id}/events"

OPENAPI: dict[str, object] = {
    SESSION_PATH: {
        "post": {
            "summary": "Report viewing events of one playback session",
            "description": (
                "At most 500 events. A repeated event changes nothing, so a batch may be sent again whenever no answer "
                "came. A bad event is rejected alone, with a code; the rest is kept. `sent_at` (the player's clock "
                "when it sends) puts a wrong clock right."
            ),
            "parameters": [
                {"name": "session_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["events"],
                            "properties": {
                                "sent_at": {"type": "string", "format": "date-time"},
                                "events": {
                                    "type": "array",
                                    "maxItems": 500,
                                    "items": {"$ref": "#/components/schemas/ViewingEvent"},
                                },
                            },
                        }
                    }
                },
            },
            "responses": {
                "200": {
                    "description": "What became of the events",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}}},
                },
                "400": {"$ref": "#/components/responses/Problem"},
                "401": {"$ref": "#/components/responses/Problem"},
                "404": {"$ref": "#/components/responses/Problem"},
            },
        }
    }
}

SCHEMAS: dict[str, object] = {
    "ViewingEvent": {
        "type": "object",
        "required": ["sequence", "type", "at", "time_s"],
        "properties": {
            "sequence": {"type": "integer", "minimum": 0, "description": "Unique in the session, in order of time"},
            "type": {"enum": ["initialized", "played", "paused", "seeked", "completed", "terminated"]},
            "at": {"type": "string", "format": "date-time"},
            "time_s": {"type": "number", "minimum": 0, "description": "Position in the lesson, in seconds"},
            "from_s": {"type": "number", "description": "seeked only: where the pupil left"},
            "to_s": {"type": "number", "description": "seeked only: where the pupil arrived"},
            "played": {
                "type": "array",
                "maxItems": 1000,
                "description": "What this session has watched so far, as [from, to] in seconds",
                "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
            },
        },
    },
    "Receipt": {
        "type": "object",
        "required": ["accepted", "repeated", "rejected"],
        "properties": {
            "accepted": {"type": "integer"},
            "repeated": {"type": "integer"},
            "rejected": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["sequence", "code"],
                    "properties": {"sequence": {"type": ["integer", "null"]}, "code": {"type": "string"}},
                },
            },
        },
    },
}


async def report(request: web.Request) -> web.Response:
    """Answer after the commit: what the receipt counts is stored."""
    person = viewer(request)
    batch = events.wire_body(await request.read()) if request.content_type == "application/json" else None
    if batch is None:
        raise BadRequest("no batch of events", reason='application/json, {"events": […]}')
    with_services = services(request)
    receipt = await in_transaction(
        request,
        keep,
        path_uuid(request, "session_id"),
        person=person,
        pseudonym=actors.pseudonym(with_services.secrets.pseudonym_key, person.person_id),
        batch=batch,
        home_page=with_services.settings.public_url,
        now=with_services.now(),
    )
    _count(with_services.telemetry, receipt)
    return json_response(
        {"accepted": receipt.accepted, "repeated": receipt.repeated, "rejected": list(receipt.rejected)}
    )


def _count(telemetry: Telemetry, receipt: Receipt) -> None:
    telemetry.viewing_events.labels("accepted").inc(receipt.accepted)
    telemetry.viewing_events.labels("repeated").inc(receipt.repeated)
    telemetry.viewing_events.labels("rejected").inc(len(receipt.rejected))


def keep(
    session: Session,
    session_id: UUID,
    *,
    person: Viewer,
    pseudonym: str,
    batch: tuple[list[object], str | None],
    home_page: str,
    now: datetime,
) -> Receipt:
    """Bring playback and trace together: neither knows the other."""
    playback = sessions.own_session(session, session_id, person_id=person.person_id)
    lesson = session.get_one(Lesson, playback.lesson_id)
    bodies, sent_at = batch
    receipt = store.record(
        session,
        LearnerValue(pseudonym, person.unit_path),
        LessonValue(lesson.id, lesson.title, lesson.language, playback.duration_s),
        playback=SessionValue(playback.id, playback.created_at),
        bodies=bodies,
        sent_at=sent_at,
        home_page=home_page,
        now=now,
    )
    if receipt.position_s is not None:
        sessions.note_position(session, person.person_id, lesson.id, position_s=receipt.position_s, at=now)
    return receipt


routes = [web.post(SESSION_PATH, report)]
