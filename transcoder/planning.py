"""Writes what the probe found: the source's digest, the plan, and a row for each piece of work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from transcoder.claims import Claim, is_held
from transcoder.errors import EncodeCancelled, MediaNotReady
from transcoder.media import Plan
from transcoder.plan_json import plan_from_json, plan_to_json
from transcoder.settling import finish, lock_job
from transcoder.tables import ChunkTask, PartRow, TranscodeJob
from transcoder.worklist import worklist


def source_parts(session: Session, asset_id: UUID) -> list[PartRow]:
    """In the order of their bytes."""
    return list(session.scalars(select(PartRow).where(PartRow.asset_id == asset_id).order_by(PartRow.offset)))


def note_source(session: Session, held: Claim, sha256: str, *, now: datetime) -> None:
    """The source was read whole: its digest is known, and the job has begun."""
    job = lock_job(session, held.job_id)
    if not is_held(session, held):
        raise EncodeCancelled("the claim was lost while the source was read")
    job.source_sha256, job.state = sha256, "encoding"


def adopt_plan(session: Session, held: Claim, plan: Plan, *, now: datetime) -> None:
    """End the probe with a plan; its tasks can be claimed with this commit."""
    job = lock_job(session, held.job_id)
    job.plan, job.plan_digest, job.duration_s = plan_to_json(plan), plan.digest, plan.duration_s
    job.planned_at = now
    items = worklist(plan)
    for item in items:
        session.add(
            ChunkTask(
                job_id=job.id,
                kind=item.kind,
                chunk=item.chunk,
                renditions=list(item.renditions),
                lane=item.lane,
                rank=item.rank,
                long=item.long,
                weight=item.weight,
                queued_at=job.created_at,
                state="blocked" if item.blocked else "ready",
            )
        )
    session.flush()
    finish(session, held, (), now=now, new_tasks=len(items))


def plan_of(session: Session, job_id: UUID) -> Plan:
    """The plan that every task of the job works after. Raises MediaNotReady before the probe has ended."""
    data = session.scalars(select(TranscodeJob.plan).where(TranscodeJob.id == job_id)).one()
    if data is None:
        raise MediaNotReady(f"job {job_id} has no plan yet")
    return plan_from_json(data)
