"""How a claimed task ends: done, failed, put off, handed back. Every ending is refused to a claim that was lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from transcoder.claims import Claim, claimable, update_held
from transcoder.database import Message, enqueue
from transcoder.errors import EncodeCancelled, OutputInvalid
from transcoder.media import Made
from transcoder.tables import LIVE_JOB_STATES, OPEN_TASK_STATES, ChunkTask, JobTurn, MediaObject, TranscodeJob
from transcoder.worklist import LANE_SOON

WAKE_UP = "transcoder.work"
"""The only Celery task: no arguments; the worker claims the best row."""

SWEEP = "sweep"
"""The kind of task that frees bytes."""
NEVER_GIVEN_UP = (SWEEP, "analyse")
"""
Kinds that are tried for ever.

While the rows of a sweep name them, the collector leaves the bytes of a removed lesson alone. An analysis that failed
too often decides without looking the next time, which cannot fail.
"""

MAX_NEW_WAKE_UPS = 8
MAX_POSTPONED = 480
"""About eight hours of a dead store; then a person must know."""
LONGEST_DELAY_S = 60.0
"""A lesson goes on within a minute of the repair, and asking once a minute costs nothing."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Something made, and the key under which it stands in the store."""

    made: Made
    key: str


def lock_job(session: Session, job_id: UUID) -> TranscodeJob:
    """The job's row, locked: who ends the last task of a job must see that the others have ended."""
    return session.scalars(
        select(TranscodeJob)
        .where(TranscodeJob.id == job_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def wake(session: Session, count: int) -> None:
    """Leave wake-ups in the outbox."""
    for _ in range(count):
        enqueue(session, Message(WAKE_UP))


def finish(session: Session, held: Claim, stored: Iterable[Stored], *, now: datetime, new_tasks: int = 0) -> None:
    """
    Commit a task as done, with the objects that it made. Raises EncodeCancelled when the claim was lost.

    Whoever ends the last task of a job lets its publication begin; there is no chord and nobody waits. The wake-up
    that brought us here is passed on while there is work, and `new_tasks` get their own.
    """
    lock_job(session, held.job_id)
    _end(session, held, state="done", progress=1.0, finished_at=now, lease_until=None, error_code=None)
    record(session, held, stored)
    unblock(session, held.job_id)
    wake(session, claimable(session, now=now, limit=1 + min(new_tasks, MAX_NEW_WAKE_UPS)))


def unblock(session: Session, job_id: UUID) -> bool:
    """Let the publication of a job begin if nothing else of it is open. Harmless when repeated."""
    others = (
        select(func.count())
        .select_from(ChunkTask)
        .where(ChunkTask.job_id == job_id, ChunkTask.state.in_(("ready", "running")))
    )
    if session.scalar(others):
        return False
    result = session.execute(
        update(ChunkTask)
        .where(ChunkTask.job_id == job_id, ChunkTask.state == "blocked")
        .values(state="ready")
        .returning(ChunkTask.id)
        .execution_options(synchronize_session=False)
    )
    return result.first() is not None


def record_early(session: Session, held: Claim, stored: Iterable[Stored]) -> None:
    """Note objects of a task that goes on. Raises EncodeCancelled when the claim was lost."""
    _end(session, held, state="running")
    record(session, held, stored)


def record(session: Session, held: Claim, stored: Iterable[Stored]) -> None:
    """
    Note objects under their keys.

    A second attempt replaces what the first noted. The init segment of a rendition must be the same from every
    chunk, or a player could not go from one to the next: OutputInvalid.
    """
    for item in stored:
        known = session.get(MediaObject, (held.job_id, item.made.rendition, item.made.name))
        if known is not None and known.sha256 == item.made.sha256:
            continue
        if known is not None and known.kind == "init" and known.task_id != held.task_id:
            raise OutputInvalid(f"{item.made.rendition}: init segments differ", rule="init_differs")
        session.merge(_object_row(held, item))
    session.flush()


def _object_row(held: Claim, item: Stored) -> MediaObject:
    made = item.made
    return MediaObject(
        job_id=held.job_id,
        rendition=made.rendition,
        name=made.name,
        kind=made.kind,
        key=item.key,
        bytes=made.bytes,
        sha256=made.sha256,
        number=made.number,
        start_num=made.start_s.numerator,
        start_den=made.start_s.denominator,
        duration_num=made.duration_s.numerator,
        duration_den=made.duration_s.denominator,
        iframe_bytes=made.iframe_bytes,
        codec=made.codec,
        task_id=held.task_id,
        fence=held.fence,
    )


def fail(
    session: Session, held: Claim, code: str, params: Mapping[str, object], *, now: datetime, max_attempts: int
) -> None:
    """Count a bad end: another attempt a little later, or, after the last one, the whole job fails."""
    lock_job(session, held.job_id)
    if held.attempts >= max_attempts and held.kind not in NEVER_GIVEN_UP:
        _give_up(session, held, code, params, now=now)
        return
    delay_s = min(LONGEST_DELAY_S, 2.0 ** min(held.attempts - 1, 10) - 1.0)
    _end(session, held, **_again(now, delay_s), **_why(code, params))
    wake(session, 1)


def fail_at_once(session: Session, held: Claim, code: str, params: Mapping[str, object], *, now: datetime) -> None:
    """The source is at fault: another attempt would end the same way."""
    lock_job(session, held.job_id)
    _give_up(session, held, code, params, now=now)


def _give_up(session: Session, held: Claim, code: str, params: Mapping[str, object], *, now: datetime) -> None:
    _end(session, held, state="failed", finished_at=now, lease_until=None, **_why(code, params))
    fail_job(session, held.job_id, code, params, now=now)


def postpone(session: Session, held: Claim, code: str, params: Mapping[str, object], *, now: datetime) -> None:
    """A full disk or a dead store is not the task's fault: later again, without counting the attempt."""
    lock_job(session, held.job_id)
    row = session.get_one(ChunkTask, held.task_id, populate_existing=True)
    if row.postponed >= MAX_POSTPONED and held.kind != SWEEP:
        fail_at_once(session, held, code, params, now=now)
        return
    delay_s = min(LONGEST_DELAY_S, 2.0 ** min(row.postponed, 10))
    back = {"attempts": ChunkTask.attempts - 1, "postponed": ChunkTask.postponed + 1}
    _end(session, held, **_again(now, delay_s), **back, **_why(code, params))


def release(session: Session, held: Claim, *, now: datetime) -> None:
    """Hand a task back untouched, because the worker stops: it costs no attempt and waits for no lease."""
    _end(session, held, **_again(now, 0.0), attempts=ChunkTask.attempts - 1)
    wake(session, 1)


def fail_job(session: Session, job_id: UUID, code: str, params: Mapping[str, object], *, now: datetime) -> None:
    """End a job for good, with a reason that its author can read; its bytes are freed."""
    close_job(session, job_id, "failed", now=now, error_code=code, error_params=dict(params))


def close_job(session: Session, job_id: UUID, state: str, *, now: datetime, **values: Any) -> bool:
    """Leave the live states: open tasks are cancelled and a sweep is queued. False when it was closed already."""
    closed = session.execute(
        update(TranscodeJob)
        .where(TranscodeJob.id == job_id, TranscodeJob.state.in_(LIVE_JOB_STATES))
        .values(state=state, finished_at=now, **values)
        .returning(TranscodeJob.id)
        .execution_options(synchronize_session=False)
    ).first()
    if closed is None:
        return False
    cancel_tasks(session, job_id, now=now)
    leave_round(session, job_id)
    queue_sweep(session, job_id, now=now)
    return True


def cancel_tasks(session: Session, job_id: UUID, *, now: datetime) -> None:
    """
    A running task is ended in its row too: its worker learns of it with the next heartbeat.

    Except a sweep, whose row must tell that it still deletes; it looks for a new job before each batch.
    """
    session.execute(
        update(ChunkTask)
        .where(ChunkTask.job_id == job_id, ChunkTask.state.in_(OPEN_TASK_STATES))
        .where(or_(ChunkTask.kind != SWEEP, ChunkTask.state != "running"))
        .values(state="cancelled", finished_at=now, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def leave_round(session: Session, job_id: UUID) -> None:
    """A closed job takes no turns."""
    session.execute(delete(JobTurn).where(JobTurn.job_id == job_id).execution_options(synchronize_session=False))


SWEEP_AFTER_S = 10.0
"""Late uploads of cancelled workers should be over by then; what still comes later is left to the collector."""


def queue_sweep(session: Session, job_id: UUID, *, now: datetime, after_s: float = SWEEP_AFTER_S) -> None:
    """Have a worker free the bytes of a job that has ended badly or was replaced, or of a removed asset."""
    later = now + timedelta(seconds=after_s)
    session.add(
        ChunkTask(job_id=job_id, kind=SWEEP, lane=LANE_SOON, rank=0, queued_at=now, not_before=later, state="ready")
    )
    session.flush()


def reopen(session: Session, held: Claim, task_ids: Iterable[UUID], *, now: datetime) -> None:
    """Objects of these tasks are lost or damaged: make them again, and publish afterwards."""
    lock_job(session, held.job_id)
    _end(session, held, state="blocked", lease_until=None, progress=0.0, error_code="objects_lost")
    ids = list(task_ids)
    session.execute(delete(MediaObject).where(MediaObject.job_id == held.job_id, MediaObject.task_id.in_(ids)))
    session.execute(
        update(ChunkTask)
        .where(ChunkTask.id.in_(ids), ChunkTask.state == "done")
        .values(state="ready", attempts=0, progress=0.0)
        .execution_options(synchronize_session=False)
    )
    wake(session, claimable(session, now=now, limit=MAX_NEW_WAKE_UPS))


def _again(now: datetime, delay_s: float) -> dict[str, Any]:
    not_before = now + timedelta(seconds=delay_s) if delay_s > 0 else None
    return {"state": "ready", "lease_until": None, "progress": 0.0, "not_before": not_before}


def _why(code: str, params: Mapping[str, object]) -> dict[str, Any]:
    return {"error_code": code, "error_params": dict(params)}


def _end(session: Session, held: Claim, **values: Any) -> None:
    if not update_held(session, held, **values):
        raise EncodeCancelled(f"{held.kind} {held.chunk}: the claim was lost")
