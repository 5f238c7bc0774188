"""
Sound that is made a second time, because the whole of it turned out louder or quieter than its samples promised.

The first making plays from the lesson's start; the second has names of its own and is what the publication lists.
Which it is follows from the plan and from what was measured, so both stay in the job as they were.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from transcoder.claims import Claim
from transcoder.errors import MediaNotReady
from transcoder.loudness import SoundReport, corrected, sound_findings
from transcoder.media import Plan
from transcoder.plan_json import plan_if_readable
from transcoder.settling import finish, lock_job
from transcoder.tables import ChunkTask, TranscodeJob
from transcoder.worklist import LANE_FAIR, LANE_LAST, LONG_AUDIO_S, RANK_CHUNK

FIRST, AGAIN = 0, 1
"""`chunk` of an audio task: which making of the sound it is."""


def published_plan_of(job: TranscodeJob) -> Plan | None:
    """A job's plan with the sound that its publication lists; None where there is no plan that can be read."""
    plan = plan_if_readable(job.plan)
    if plan is None or not job.sound:
        return plan
    return corrected(plan, _reports(job.sound["reports"])) or plan


def published_plan(session: Session, job_id: UUID) -> Plan:
    """As `published_plan_of`. Raises MediaNotReady."""
    plan = published_plan_of(session.scalars(_fresh(job_id)).one())
    if plan is None:
        raise MediaNotReady(f"job {job_id} has no plan yet")
    return plan


def published_sound(session: Session, job_id: UUID) -> tuple[SoundReport, ...]:
    """What was measured of the making that is published."""
    found = session.scalars(_fresh(job_id)).one().sound or {}
    return _reports(found.get("again") or found.get("reports") or [])


def sound_plan(session: Session, held: Claim) -> Plan:
    """What an audio task works after."""
    job = session.scalars(_fresh(held.job_id)).one()
    plan = published_plan_of(job) if held.chunk == AGAIN else plan_if_readable(job.plan)
    if plan is None:
        raise MediaNotReady(f"job {held.job_id} has no plan yet")
    return plan


def _fresh(job_id: UUID) -> Any:
    return select(TranscodeJob).where(TranscodeJob.id == job_id).execution_options(populate_existing=True)


def end_sound(session: Session, held: Claim, reports: tuple[SoundReport, ...], *, now: datetime) -> None:
    """
    End a making of the sound with what was measured; a first one that missed its loudness queues the second.

    Raises EncodeCancelled when the claim was lost.
    """
    job = lock_job(session, held.job_id)
    plan = plan_if_readable(job.plan)
    if plan is None:
        raise MediaNotReady(f"job {held.job_id} has no plan yet")
    if held.chunk == AGAIN:
        job.sound = {**(job.sound or {}), "again": _written(reports)}
    else:
        findings = sound_findings(plan.source.audio, reports[0] if reports else None)
        job.sound = {**(job.sound or {}), "reports": _written(reports), "findings": [asdict(each) for each in findings]}
        better = corrected(plan, reports)
        if better is not None and not _is_queued(session, job.id):
            session.add(_task(session, job, held, better))
            session.flush()
    finish(session, held, (), now=now)


def _is_queued(session: Session, job_id: UUID) -> bool:
    """A first making whose objects got lost comes here twice."""
    query = select(ChunkTask.id).where(ChunkTask.job_id == job_id, ChunkTask.kind == "audio", ChunkTask.chunk == AGAIN)
    return session.scalars(query).first() is not None


def _task(session: Session, job: TranscodeJob, held: Claim, better: Plan) -> ChunkTask:
    """It weighs nothing: nobody expected it, and the bar must not go back. Pupils hear the first making meanwhile."""
    first = session.get_one(ChunkTask, held.task_id)
    return ChunkTask(
        job_id=job.id,
        kind="audio",
        chunk=AGAIN,
        renditions=[rendition.name for rendition in better.audio],
        lane=LANE_LAST if first.lane == LANE_LAST else LANE_FAIR,
        rank=RANK_CHUNK,
        long=better.duration_s > LONG_AUDIO_S,
        queued_at=job.created_at,
        state="ready",
    )


def _written(reports: tuple[SoundReport, ...]) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = msgspec.to_builtins(reports)
    return written


def _reports(written: list[dict[str, Any]]) -> tuple[SoundReport, ...]:
    return msgspec.convert(written, tuple[SoundReport, ...])
