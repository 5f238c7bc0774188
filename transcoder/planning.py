"""Writes what probe and analysis found: the source's digest, the plan, and a row for each piece of work."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from transcoder.claims import Claim, is_held
from transcoder.errors import EncodeCancelled, MediaNotReady, NothingToRenew, OutputInvalid
from transcoder.media import Plan
from transcoder.plan_json import plan_from_json, plan_to_json
from transcoder.renewing import is_needless, renews
from transcoder.settling import close_job, finish, lock_job
from transcoder.tables import ChunkTask, PartRow, TranscodeJob
from transcoder.worklist import LANE_LAST, Item, publish_weight, settled_list, starter_list, work_of


def source_parts(session: Session, asset_id: UUID) -> list[PartRow]:
    """In the order of their bytes."""
    return list(session.scalars(select(PartRow).where(PartRow.asset_id == asset_id).order_by(PartRow.offset)))


def note_source(session: Session, held: Claim, sha256: str, *, now: datetime) -> None:
    """The source was read whole: its digest is known, and the job has begun."""
    job = lock_job(session, held.job_id)
    if not is_held(session, held):
        raise EncodeCancelled("the claim was lost while the source was read")
    job.source_sha256, job.state = sha256, "encoding"


def adopt_plan(session: Session, held: Claim, plan: Plan, *, now: datetime, expected: float = 0.0) -> None:
    """
    End the probe with a starter plan; its tasks can be claimed with this commit.

    `expected` is the work that the analysis will probably add.
    """
    job = lock_job(session, held.job_id)
    job.plan, job.plan_digest, job.duration_s = plan_to_json(plan), plan.digest, plan.duration_s
    job.planned_at = now
    if is_needless(session, job, plan):
        finish(session, held, (), now=now)
        close_job(session, job.id, "needless", now=now, error_code=NothingToRenew.code)
        return
    items = starter_list(plan, expected=expected)
    _add(session, job, (*items, *settled_list(plan)) if plan.settled else items)
    finish(session, held, (), now=now, new_tasks=len(items))


def settle_plan(session: Session, held: Claim, plan: Plan, *, now: datetime) -> None:
    """
    End the analysis: the plan gets the rungs that it found, the job their tasks, for which its publication waits.

    What the starter plan said stays as it was, since tasks work after it already.
    """
    job = lock_job(session, held.job_id)
    if plan.digest != job.plan_digest:
        raise OutputInvalid(f"job {job.id} has another plan", rule="plan_differs")
    before = work_of(_weighed(session, job.id))
    items = settled_list(plan)
    job.plan = plan_to_json(plan)
    job.settled_progress, job.settled_work = before.part, before.done
    _add(session, job, items)
    # It stood for the tasks that are there now.
    session.execute(
        update(ChunkTask)
        .where(ChunkTask.job_id == job.id, ChunkTask.kind == "publish")
        .values(weight=publish_weight(plan))
        .execution_options(synchronize_session=False)
    )
    finish(session, held, (), now=now, new_tasks=len(items))


def _weighed(session: Session, job_id: UUID) -> list[tuple[float, float]]:
    rows = session.execute(select(ChunkTask.weight, ChunkTask.progress).where(ChunkTask.job_id == job_id))
    return [(weight, part) for weight, part in rows]


def _add(session: Session, job: TranscodeJob, items: Iterable[Item]) -> None:
    """Nobody waits for a renewal: all of it goes last."""
    last = renews(session, job)
    for item in items:
        session.add(
            ChunkTask(
                job_id=job.id,
                kind=item.kind,
                chunk=item.chunk,
                renditions=list(item.renditions),
                lane=LANE_LAST if last else item.lane,
                rank=item.rank,
                long=item.long,
                weight=item.weight,
                queued_at=job.created_at,
                state="blocked" if item.blocked else "ready",
            )
        )
    session.flush()


def plan_of(session: Session, job_id: UUID) -> Plan:
    """The plan that every task of the job works after. Raises MediaNotReady before the probe has ended."""
    data = session.scalars(select(TranscodeJob.plan).where(TranscodeJob.id == job_id)).one()
    if data is None:
        raise MediaNotReady(f"job {job_id} has no plan yet")
    return plan_from_json(data)
