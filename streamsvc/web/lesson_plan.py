"""How a lesson is encoded, as its teacher sees it: what was found, every rung with its reason, what it measures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from catalog import lessons
from catalog.errors import LessonMissing
from catalog.permissions import Acting, may_see_encoding
from transcoder import jobs
from transcoder.explain import explained, why
from transcoder.media import AudioRendition, Plan, VideoRendition
from transcoder.status import RenditionStatus


@dataclass(frozen=True, slots=True)
class Encoding:
    """A plan, and what has been made of it."""

    plan: Plan
    made: Mapping[str, RenditionStatus]
    """By rendition."""


def encoding(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> Encoding:
    """Raises LessonMissing, also for whoever it is no business of; MediaNotReady while there is no plan."""
    lesson = lessons.get(session, lesson_id, acting=acting)
    if not may_see_encoding(acting, owner_id=lesson.owner_id):
        raise LessonMissing(f"no lesson {lesson_id} of this person")
    plan = jobs.current_plan(session, lesson.asset_id)
    status = jobs.media_status(session, lesson.asset_id, now)
    return Encoding(plan, {rendition.name: rendition for rendition in status.renditions})


def plan_json(found: Encoding, words: Mapping[str, str]) -> dict[str, Any]:
    """The figures for programs, and in `passages` and `why` the words for people."""
    plan = found.plan
    looked = plan.analysis if plan.analysis is not None and plan.analysis.parts else None
    return {
        "settled": plan.settled,
        "duration_s": plan.duration_s,
        "kinds": [{"kind": kind, "share": round(share, 4)} for kind, share in looked.kinds] if looked else [],
        "still_share": round(looked.still_share, 4) if looked else None,
        "text_lines": looked.text_lines or None if looked else None,
        "heard": _heard(plan),
        "rungs": [_rung(found, rung, words) for rung in plan.video],
        "sounds": [_sound(found, sound) for sound in plan.audio],
        "passages": [asdict(passage) for passage in explained(plan, words)],
    }


def _heard(plan: Plan) -> dict[str, Any] | None:
    track = plan.source.audio
    if track is None or track.heard is None:
        return None
    heard = track.heard
    return {
        "kind": heard.kind,
        "lufs": round(heard.stereo_lufs, 1),
        "peak_db": round(heard.peak_db, 1),
        "floor_db": round(heard.floor_db, 1),
        "hum_hz": heard.hum_hz or None,
        "lone_channel": track.lone_channel,
    }


def _rung(found: Encoding, rung: VideoRendition, words: Mapping[str, str]) -> dict[str, Any]:
    expected = rung.why
    return {
        "name": rung.name,
        "family": rung.family,
        "line_kbps": rung.line_kbps,
        "width": rung.width,
        "height": rung.height,
        "fps": round(float(found.plan.fps / rung.frame_step), 3),
        "crf": rung.crf,
        "preset": rung.preset,
        "max_kbps": rung.max_kbps,
        "sound": rung.sound or None,
        "expected": {"kbps": expected.average_kbps, "vmaf": expected.vmaf} if expected else None,
        "measured": _measured(found, rung),
        "why": why(found.plan, rung, words),
    }


def _sound(found: Encoding, sound: AudioRendition) -> dict[str, Any]:
    named = {"name": sound.name, "codec": sound.codec, "kbps": sound.kbps, "channels": sound.channels}
    return {**named, "measured": _measured(found, sound)}


def _measured(found: Encoding, rendition: VideoRendition | AudioRendition) -> dict[str, Any] | None:
    """Once all of it is made; before, its bytes tell nothing of the whole."""
    made = found.made.get(rendition.name)
    if made is None or made.state != "ready":
        return None
    rates = {"average_bps": made.average_bps, "peak_bps": made.peak_bps, "bytes": made.bytes}
    return {**rates, "vmaf": made.vmaf, "vmaf_low": made.vmaf_low}
