"""
A better publication of a lesson that is published already, made beside the old one.

The asset's own job stays the published one until the new publication takes its place in one transaction: until then,
and for ever if the renewal fails, the lesson is as ready as it was. What was published plays on to its end; its
objects go when no address to them can be valid any more.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from transcoder.analysis.values import Analysis
from transcoder.errors import NothingToRenew
from transcoder.media import Plan
from transcoder.plan_json import plan_if_readable
from transcoder.queueing import queue_job
from transcoder.settling import cancel_tasks, lock_job, queue_sweep
from transcoder.source import Source
from transcoder.tables import LIVE_JOB_STATES, MediaAsset, TranscodeJob

SHORTEST_KEPT_S = 4 * 3600.0
SPARE_S = 3600.0


def kept_s(duration_s: float) -> float:
    """How long objects of a replaced publication are kept: longer than any address to them is valid."""
    return max(SHORTEST_KEPT_S, 2 * duration_s) + SPARE_S


def reencode(
    session: Session, asset_id: UUID, now: datetime, *, digest_of: Callable[[Source], str] | None = None
) -> UUID:
    """
    Queue a new encoding of a published asset from its source; returns the job's id, or that of one under way.

    `digest_of` tells the plan that a source would get today: where it is the published one there is nothing to do.
    Without it the probe finds out. Raises NothingToRenew.
    """
    asset = session.get(MediaAsset, asset_id, with_for_update=True, populate_existing=True)
    if asset is None or asset.removed_at is not None or asset.published_job_id is None:
        raise NothingToRenew(f"asset {asset_id} is not published", reason="unpublished")
    if asset.renewal_job_id is not None:
        under_way = lock_job(session, asset.renewal_job_id)
        if under_way.state in LIVE_JOB_STATES:
            return under_way.id
    published = lock_job(session, asset.published_job_id)
    if digest_of and not is_older(published, digest_of):
        raise NothingToRenew(f"asset {asset_id} has this plan already", reason="same_plan")
    asset.renewal_job_id = queue_job(session, asset_id, published.source_bytes, now, renews=True)
    session.flush()
    return asset.renewal_job_id


def is_older(job: TranscodeJob, digest_of: Callable[[Source], str]) -> bool:
    """Whether a published job would get another plan today, or was never looked at."""
    plan = plan_if_readable(job.plan)
    return plan is None or not _was_seen(plan) or digest_of(plan.source) != plan.digest


def older_assets(session: Session, digest_of: Callable[[Source], str]) -> list[UUID]:
    """Published assets for which `reencode` would do something, the oldest first."""
    rows = session.scalars(
        select(TranscodeJob)
        .join(MediaAsset, MediaAsset.published_job_id == TranscodeJob.id)
        .where(MediaAsset.removed_at.is_(None))
        .order_by(TranscodeJob.created_at)
        .execution_options(yield_per=100)
    )
    return [job.asset_id for job in rows if is_older(job, digest_of)]


def renews(session: Session, job: TranscodeJob) -> bool:
    """Whether the job makes another publication of what is published already."""
    asset = session.get(MediaAsset, job.asset_id, populate_existing=True)
    return asset is not None and asset.renewal_job_id == job.id


def is_needless(session: Session, job: TranscodeJob, plan: Plan) -> bool:
    """Whether the very plan of this renewal is published."""
    asset = session.get(MediaAsset, job.asset_id, populate_existing=True)
    if asset is None or asset.renewal_job_id != job.id or asset.published_job_id is None:
        return False
    return not is_older(session.get_one(TranscodeJob, asset.published_job_id), lambda _: plan.digest)


def _was_seen(plan: Plan) -> bool:
    return plan.settled and not (isinstance(plan.analysis, Analysis) and plan.analysis.doubt == "failed")


def switch_to(session: Session, asset: MediaAsset, job: TranscodeJob, *, now: datetime) -> None:
    """Make a job's publication that of its asset, whose row is locked; what it replaces is swept later."""
    before = asset.published_job_id
    asset.job_id = asset.published_job_id = job.id
    asset.renewal_job_id = None
    if before is not None and before != job.id:
        old = lock_job(session, before)
        cancel_tasks(session, old.id, now=now)
        queue_sweep(session, old.id, now=now, after_s=kept_s(old.duration_s or 0.0))
