"""A lesson as the API shows it. Pure."""

from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from catalog.lessons import Lesson
from catalog.permissions import Acting, can, may_see_encoding
from streamsvc.texts import Texts
from transcoder.clock import clock
from transcoder.status import ErrorStatus, MediaStatus, RenewalStatus, SoundStatus

MOMENTS = {"start_s": "start", "end_s": "end"}
"""Figures that are moments of a lesson → their names in sentences, where they stand as on a player's clock."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and in which language."""

    acting: Acting
    language: str
    texts: Texts


def lesson_json(
    lesson: Lesson, media: MediaStatus, *, owner_name: str, upload: tuple[int, int] | None, reader: Reader
) -> dict[str, Any]:
    """The contract's lesson. What `can` offers fits the state: no cancelling of what has ended."""
    allowed = can(reader.acting, owner_id=lesson.owner_id, state=lesson.state)
    return {
        "id": lesson.id,
        "title": lesson.title,
        "state": lesson.state,
        "language": lesson.language,
        "owner": {"id": lesson.owner_id, "display_name": owner_name},
        "created_at": lesson.created_at,
        "updated_at": lesson.updated_at,
        "can": {
            "play": allowed.play and media.playable,
            "edit": allowed.edit,
            "delete": allowed.delete,
            "retry": allowed.retry and media.state == "failed",
            "cancel": allowed.cancel and media.state in {"waiting", "encoding"} and upload is None,
        },
        "upload": {"received_bytes": upload[0], "bytes": upload[1]} if upload else None,
        "media": media_json(media, owner_id=lesson.owner_id, reader=reader),
    }


def media_json(media: MediaStatus, *, owner_id: UUID, reader: Reader) -> dict[str, Any]:
    """
    The contract's `media`, with `seconds_left` and what delays it.

    How well it was recorded and whether it is made anew is told to whoever may see its encoding.
    """
    language, texts = reader.language, reader.texts
    if not may_see_encoding(reader.acting, owner_id=owner_id):
        media = replace(media, sound=None, renewal=None)
    return {
        "state": media.state,
        "playable": media.playable,
        "progress": round(media.progress, 4),
        "seconds_left": None if media.seconds_left is None else round(media.seconds_left, 1),
        "error": _error(media.error, language=language, texts=texts),
        "delayed_by": _error(media.delayed_by, language=language, texts=texts),
        "duration_s": media.duration_s,
        "source": asdict(media.source) if media.source else None,
        "renditions": [asdict(rendition) for rendition in media.renditions],
        "sound": _sound(media.sound, language=language, texts=texts),
        "renewal": _renewal(media.renewal, language=language, texts=texts),
    }


def _sound(sound: SoundStatus | None, *, language: str, texts: Texts) -> dict[str, Any] | None:
    if sound is None:
        return None
    findings = [_error(_readable(finding), language=language, texts=texts) for finding in sound.findings]
    return {"lufs": sound.lufs, "peak_db": sound.peak_db, "findings": findings}


def _readable(finding: ErrorStatus) -> ErrorStatus:
    found = ((name, finding.params.get(key)) for key, name in MOMENTS.items())
    moments = {name: clock(value) for name, value in found if isinstance(value, float | int)}
    return replace(finding, params={**finding.params, **moments})


def _renewal(renewal: RenewalStatus | None, *, language: str, texts: Texts) -> dict[str, Any] | None:
    if renewal is None:
        return None
    error = _error(renewal.error, language=language, texts=texts)
    return {"state": renewal.state, "progress": round(renewal.progress, 4), "error": error}


def _error(error: ErrorStatus | None, *, language: str, texts: Texts) -> dict[str, str] | None:
    if error is None:
        return None
    return {"code": error.code, "message": texts.error(error.code, language, error.params)}
