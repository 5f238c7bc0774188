"""Heals what messages and processes lose: tasks of silent workers, forgotten publications, wake-ups that never left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from transcoder.claims import claimable
from transcoder.settling import NEVER_GIVEN_UP, fail_job, lock_job, unblock, wake
from transcoder.tables import LIVE_JOB_STATES, ChunkTask, TranscodeJob

ENCODER_DIED = "encoder_died"
BATCH = 200


def reconcile(session: Session, *, now: datetime, max_attempts: int = 3, limit: int = 32) -> int:
    """
    Take back tasks of silent workers, quarantine poison, and top up wake-ups; returns how many it left in the outbox.

    Harmless when two run at once.
    """
    for task_id, job_id in _expired(session, now):
        _take_back(session, task_id, job_id, now=now, max_attempts=max_attempts)
    for job_id in _forgotten(session):
        unblock(session, job_id)
    session.flush()
    count = claimable(session, now=now, limit=limit)
    wake(session, count)
    return count


def _expired(session: Session, now: datetime) -> list[tuple[UUID, UUID]]:
    rows = session.execute(
        select(ChunkTask.id, ChunkTask.job_id)
        .where(ChunkTask.state == "running", ChunkTask.lease_until < now)
        # In one order, so that two reconcilers never wait for each other's jobs crosswise.
        .order_by(ChunkTask.job_id, ChunkTask.id)
        .limit(BATCH)
    )
    return [(task_id, job_id) for task_id, job_id in rows]


def _take_back(session: Session, task_id: UUID, job_id: UUID, *, now: datetime, max_attempts: int) -> None:
    lock_job(session, job_id)
    task = session.scalars(
        # Asked again under the lock: the worker may have spoken up, or another reconciler may have been here.
        select(ChunkTask)
        .where(ChunkTask.id == task_id, ChunkTask.state == "running", ChunkTask.lease_until < now)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if task is None:
        return
    task.lease_until, task.progress, task.error_code = None, 0.0, ENCODER_DIED
    task.error_params = {"attempts": task.attempts}
    poison = task.attempts >= max_attempts and task.kind not in NEVER_GIVEN_UP
    task.state = "failed" if poison else "ready"
    session.flush()
    if poison:
        fail_job(session, job_id, ENCODER_DIED, task.error_params, now=now)


def _forgotten(session: Session) -> list[UUID]:
    open_task = aliased(ChunkTask)
    return list(
        session.scalars(
            select(ChunkTask.job_id)
            .join(TranscodeJob, TranscodeJob.id == ChunkTask.job_id)
            .where(ChunkTask.state == "blocked", TranscodeJob.state.in_(LIVE_JOB_STATES))
            .where(~exists().where(open_task.job_id == ChunkTask.job_id, open_task.state.in_(("ready", "running"))))
            .limit(BATCH)
        )
    )
