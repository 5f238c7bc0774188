"""How much of each rendition of a job exists, counted by the database."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Float, case, cast, func, select
from sqlalchemy.orm import Session

from transcoder.media import Plan
from transcoder.tables import MediaObject


@dataclass(frozen=True, slots=True)
class Tally:
    """One rendition so far."""

    segments: int
    bytes: int
    """Init and media segments."""
    seconds: float
    first: int | None
    """Number of the first segment there is; 0 once the lesson's beginning exists."""
    codec: str
    """Empty until there is an init segment."""


def tally(session: Session, job_ids: Collection[UUID]) -> dict[UUID, dict[str, Tally]]:
    """Per job and rendition; jobs and renditions of which nothing exists are left out."""
    is_segment = MediaObject.kind == "segment"
    rows = session.execute(
        select(
            MediaObject.job_id,
            MediaObject.rendition,
            func.sum(case((is_segment, 1), else_=0)),
            func.sum(MediaObject.bytes),
            func.sum(cast(MediaObject.duration_num, Float) / MediaObject.duration_den),
            func.min(case((is_segment, MediaObject.number))),
            func.max(MediaObject.codec),
        )
        .where(MediaObject.job_id.in_(job_ids), MediaObject.kind.in_(("init", "segment")))
        .group_by(MediaObject.job_id, MediaObject.rendition)
    )
    found: dict[UUID, dict[str, Tally]] = {}
    for job_id, rendition, segments, size, seconds, first, codec in rows:
        found.setdefault(job_id, {})[rendition] = Tally(
            int(segments), int(size), float(seconds), first, codec if codec else ""
        )
    return found


def is_playable(plan: Plan, made: dict[str, Tally]) -> bool:
    """The starter rung of chunk 0 exists, and the sound that belongs to it."""
    begun = [name for name, rendition in made.items() if rendition.first == 0 and rendition.codec]
    if plan.video and plan.video[0].name not in begun:
        return False
    wanted = _starter_sound(plan)
    return not wanted or (wanted in begun and made[wanted].seconds >= _start_s(plan))


def _starter_sound(plan: Plan) -> str:
    """Name of the sound that is played first; empty where the lesson has none."""
    if plan.video and plan.video[0].sound:
        return plan.video[0].sound
    return plan.audio[0].name if plan.audio else ""


def _start_s(plan: Plan) -> float:
    """Length of chunk 0; sound may end a little before the picture does, so a segment less will do."""
    if not plan.chunks:
        return min(plan.duration_s, float(plan.segment_s)) * 0.5
    last = plan.segments_of(plan.chunks[0])[-1]
    return min(plan.duration_s, float(plan.start_s(last)))
