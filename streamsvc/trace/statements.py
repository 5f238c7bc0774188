"""From a viewing event to an xAPI 1.0.3 statement of the Video Profile. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from streamsvc.trace import vocabulary as v
from streamsvc.trace.actors import actor
from streamsvc.trace.intervals import Watched, clamp_ms
from streamsvc.trace.values import LearnerValue, LessonValue, ViewingEvent

Json = dict[str, object]

_WITH_PROGRESS = {"paused", "completed", "terminated"}
_WITH_LENGTH = {"initialized", *_WITH_PROGRESS}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a statement needs besides its event."""

    home_page: str
    """The service's public address: home of accounts, activities and our own extensions."""
    session_id: UUID
    registration: UUID
    learner: LearnerValue
    lesson: LessonValue
    watched: Watched
    """Union over the registration up to and including this event."""
    spent_ms: int
    """Time spent watching under this registration, repeats included."""
    timestamp: datetime
    stored: datetime


def statement_id(session_id: UUID, sequence: int) -> UUID:
    """Same event, same id: a school that sends its queue again adds nothing."""
    return uuid5(session_id, str(sequence))


def statement(event: ViewingEvent, around: Circumstances) -> Json:
    """The whole statement; every extension that the profile requires for its verb is there."""
    built: Json = {
        "id": str(statement_id(around.session_id, event.sequence)),
        "actor": actor(around.home_page, around.learner.pseudonym),
        "verb": {"id": v.VERBS[event.type], "display": {"en-US": event.type}},
        "object": _activity(around),
        "context": _context(event, around),
        "timestamp": _time(around.timestamp),
        "stored": _time(around.stored),
        "authority": actor(around.home_page, "sabaq"),
        "version": "1.0.0",
    }
    result = _result(event, around)
    if result:
        built["result"] = result
    return built


def _activity(around: Circumstances) -> Json:
    name = {around.lesson.language: around.lesson.title}
    return {
        "objectType": "Activity",
        "id": f"{around.home_page}/lessons/{around.lesson.lesson_id}",
        "definition": {"type": v.ACTIVITY_TYPE, "name": name},
    }


def _context(event: ViewingEvent, around: Circumstances) -> Json:
    extensions: Json = {v.SESSION_ID: str(around.session_id)}
    if event.type in _WITH_LENGTH:
        extensions[v.LENGTH] = _length_ms(around) / 1000
        extensions[v.COMPLETION_THRESHOLD] = v.COMPLETED_FROM
    own = f"{around.home_page}/xapi/extensions"
    extensions[f"{own}/unit-path"] = around.learner.unit_path
    if around.lesson.subject is not None:
        extensions[f"{own}/subject"] = around.lesson.subject
    if around.lesson.grade is not None:
        extensions[f"{own}/grade"] = around.lesson.grade
    return {
        "registration": str(around.registration),
        "platform": "Sabaq",
        "contextActivities": {"category": [{"objectType": "Activity", "id": v.PROFILE}]},
        "extensions": extensions,
    }


def _result(event: ViewingEvent, around: Circumstances) -> Json:
    length_ms = _length_ms(around)
    if event.type == "initialized":
        return {}
    if event.type == "seeked":
        return {
            "extensions": {
                v.TIME_FROM: clamp_ms(event.from_s or 0.0, length_ms) / 1000,
                v.TIME_TO: clamp_ms(event.to_s or 0.0, length_ms) / 1000,
            }
        }
    extensions: Json = {v.TIME: clamp_ms(event.time_s, length_ms) / 1000}
    if event.type in _WITH_PROGRESS:
        extensions[v.PROGRESS] = around.watched.progress(length_ms)
        extensions[v.PLAYED_SEGMENTS] = around.watched.text()
    if event.type != "completed":
        return {"extensions": extensions}
    return {"completion": True, "duration": f"PT{around.spent_ms / 1000:.2f}S", "extensions": extensions}


def _length_ms(around: Circumstances) -> int:
    return round(around.lesson.length_s * 1000)


def _time(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds (X5)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
