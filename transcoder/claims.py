"""Who works on what: a row is claimed by one conditional UPDATE, held under a lease, and known by a fencing number."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Select, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from transcoder.tables import ChunkTask, JobTurn, TranscodeJob
from transcoder.worklist import LANE_FAIR


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process with its pool."""

    name: str
    """Unique over all hosts and restarts."""
    slots: int
    """Tasks that it runs at once."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do one task, as long as the lease is renewed."""

    task_id: UUID
    job_id: UUID
    asset_id: UUID
    kind: str
    chunk: int
    renditions: tuple[str, ...]
    fence: int
    attempts: int
    """This one included."""


def claim(session: Session, worker: Worker, *, now: datetime, lease_s: float) -> Claim | None:
    """
    Take the best row there is, or None.

    What makes a lesson playable goes first, the older lesson before the newer; then jobs are served in turn; last
    comes what nobody waits for. Sound of a long lesson leaves at least one slot of this worker free (with one slot
    there is no choice). The attempt is counted here, before ffmpeg starts, so that a death of the whole host counts.
    """
    claimed = _take(session, _first_lanes(worker, now), worker, now=now, lease_s=lease_s)
    if claimed is None:
        claimed = _take(session, _fair_lane(now), worker, now=now, lease_s=lease_s)
        if claimed is not None:
            _move_to_the_end(session, claimed.job_id)
    return claimed or _take(session, _last_lane(worker, now), worker, now=now, lease_s=lease_s)


def _take(session: Session, best: Select[UUID], worker: Worker, *, now: datetime, lease_s: float) -> Claim | None:
    candidate = best.limit(1)
    row = session.execute(
        update(ChunkTask)
        .where(ChunkTask.id == candidate.scalar_subquery(), ChunkTask.state == "ready")
        .values(
            state="running",
            fence=ChunkTask.fence + 1,
            attempts=ChunkTask.attempts + 1,
            progress=0.0,
            worker=worker.name,
            started_at=now,
            lease_until=now + timedelta(seconds=lease_s),
            not_before=None,
        )
        .returning(ChunkTask)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        return None
    asset_id = session.scalars(select(TranscodeJob.asset_id).where(TranscodeJob.id == row.job_id)).one()
    return Claim(row.id, row.job_id, asset_id, row.kind, row.chunk, tuple(row.renditions), row.fence, row.attempts)


_CANDIDATE = aliased(ChunkTask, name="candidate")


def _due(task: type[ChunkTask], now: datetime) -> ColumnElement[bool]:
    return or_(task.not_before.is_(None), task.not_before <= now)


def _ready_rows(now: datetime) -> Select[UUID]:
    ready = select(_CANDIDATE.id).where(_CANDIDATE.state == "ready", _due(_CANDIDATE, now))
    # SKIP LOCKED: on PostgreSQL two workers that ask at once get two rows; SQLite has one writer and ignores it.
    return ready.with_for_update(skip_locked=True, of=_CANDIDATE)


def _first_lanes(worker: Worker, now: datetime) -> Select[UUID]:
    return _in_order(worker, now).where(_CANDIDATE.lane < LANE_FAIR)


def _last_lane(worker: Worker, now: datetime) -> Select[UUID]:
    return _in_order(worker, now).where(_CANDIDATE.lane > LANE_FAIR)


def _in_order(worker: Worker, now: datetime) -> Select[UUID]:
    held = aliased(ChunkTask, name="held")
    long_running = (
        select(func.count())
        .select_from(held)
        .where(held.state == "running", held.long, held.worker == worker.name)
        .scalar_subquery()
    )
    return (
        _ready_rows(now)
        .where(or_(~_CANDIDATE.long, long_running < max(1, worker.slots - 1)))
        .order_by(_CANDIDATE.lane, _CANDIDATE.queued_at, _CANDIDATE.rank, _CANDIDATE.chunk, _CANDIDATE.id)
    )


JOBS_LOOKED_AT = 32
"""Of the round's beginning: with hundreds of lessons waiting a claim must not sort all their tasks."""


def _fair_lane(now: datetime) -> Select[UUID]:
    waiting = aliased(ChunkTask, name="waiting")
    is_waiting = (
        exists()
        .where(waiting.job_id == JobTurn.job_id, waiting.state == "ready", waiting.lane == LANE_FAIR)
        .where(_due(waiting, now))
    )
    next_jobs = select(JobTurn.job_id).where(is_waiting).order_by(JobTurn.turn).limit(JOBS_LOOKED_AT)
    return (
        _ready_rows(now)
        .join(JobTurn, JobTurn.job_id == _CANDIDATE.job_id)
        .where(_CANDIDATE.lane == LANE_FAIR, _CANDIDATE.job_id.in_(next_jobs))
        .order_by(JobTurn.turn, _CANDIDATE.queued_at, _CANDIDATE.rank, _CANDIDATE.chunk, _CANDIDATE.id)
    )


def _move_to_the_end(session: Session, job_id: UUID) -> None:
    other = aliased(JobTurn)
    last = select(func.coalesce(func.max(other.turn), 0)).scalar_subquery()
    session.execute(
        update(JobTurn)
        .where(JobTurn.job_id == job_id)
        .values(turn=last + 1)
        .execution_options(synchronize_session=False)
    )


def claimable(session: Session, *, now: datetime, limit: int) -> int:
    """How many rows a worker could claim now, counted up to `limit`."""
    rows = select(_CANDIDATE.id).where(_CANDIDATE.state == "ready", _due(_CANDIDATE, now)).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(rows)) or 0


def renew(session: Session, held: Claim, *, now: datetime, lease_s: float, progress: float) -> bool:
    """Keep the lease and report progress. False when the claim is no longer ours: stop, write nothing more."""
    return update_held(
        session, held, lease_until=now + timedelta(seconds=lease_s), progress=min(1.0, max(0.0, progress))
    )


def is_held(session: Session, held: Claim) -> bool:
    """Whether the task still runs under this claim."""
    return bool(
        session.scalar(
            select(func.count())
            .select_from(ChunkTask)
            .where(ChunkTask.id == held.task_id, ChunkTask.fence == held.fence, ChunkTask.state == "running")
        )
    )


def update_held(session: Session, held: Claim, **values: Any) -> bool:
    """Change the task's row if it still runs under this claim; False when it does not."""
    result = session.execute(
        update(ChunkTask)
        .where(ChunkTask.id == held.task_id, ChunkTask.fence == held.fence, ChunkTask.state == "running")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1
