"""The door to the transcoder for the service: submit an asset, follow it, stop it, start again, renew, remove it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from transcoder.errors import EncodeCancelled, NothingToRetry
from transcoder.growing import Version as Version
from transcoder.growing import growing_playlist as growing_playlist
from transcoder.growing import growing_version as growing_version
from transcoder.publications import Publication as Publication
from transcoder.publications import current_plan as current_plan
from transcoder.publications import current_publication as current_publication
from transcoder.queueing import queue_job
from transcoder.reconciling import reconcile as reconcile
from transcoder.renewing import older_assets as older_assets
from transcoder.renewing import reencode as reencode
from transcoder.settling import WAKE_UP as WAKE_UP
from transcoder.settling import cancel_tasks, close_job, leave_round, lock_job, queue_sweep
from transcoder.status import ErrorStatus as ErrorStatus
from transcoder.status import MediaStatus as MediaStatus
from transcoder.status import RenditionStatus as RenditionStatus
from transcoder.status import SourceStatus as SourceStatus
from transcoder.status import media_status as media_status
from transcoder.status import media_statuses as media_statuses
from transcoder.tables import MediaAsset, MediaObject, PartRow, TranscodeJob

KEYS_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class SourcePart:
    """One part object of a source (`cdn.layout.upload_part`), with what it must hold."""

    key: str
    offset: int
    bytes: int
    sha256: str


def submit(session: Session, asset_id: UUID, parts: Sequence[SourcePart], *, now: datetime) -> UUID:
    """
    Take over a complete source and queue its encoding; returns the job's id.

    Submitting an asset again changes nothing and returns its latest job. Leaves a wake-up in the outbox.
    Raises EncodeCancelled when the asset was removed.
    """
    asset = session.get(MediaAsset, asset_id, with_for_update=True)
    if asset is not None and asset.removed_at is not None:
        raise EncodeCancelled(f"asset {asset_id} was removed")
    if asset is not None:
        return asset.job_id
    for part in parts:
        session.add(PartRow(asset_id=asset_id, offset=part.offset, bytes=part.bytes, sha256=part.sha256, key=part.key))
    job_id = queue_job(session, asset_id, sum(part.bytes for part in parts), now)
    session.add(MediaAsset(id=asset_id, job_id=job_id))
    session.flush()
    return job_id


def cancel(session: Session, asset_id: UUID, now: datetime) -> bool:
    """
    Stop the encoding: workers learn of it with their next heartbeat, late commits are refused, bytes are freed.

    The source stays, so that `retry` can start again. False when nothing was being encoded.
    """
    asset = session.get(MediaAsset, asset_id, with_for_update=True)
    if asset is None:
        return False
    job_id = asset.renewal_job_id if asset.published_job_id and asset.renewal_job_id else asset.job_id
    lock_job(session, job_id)
    return close_job(session, job_id, "cancelled", now=now, error_code=EncodeCancelled.code, error_params={})


def retry(session: Session, asset_id: UUID, now: datetime) -> UUID:
    """Queue a new job on the same source; returns its id. Raises NothingToRetry unless it failed or was cancelled."""
    asset = session.get(MediaAsset, asset_id, with_for_update=True)
    if asset is None or asset.removed_at is not None:
        raise NothingToRetry(f"asset {asset_id} has no source here")
    job = lock_job(session, asset.job_id)
    if job.state not in ("failed", "cancelled"):
        raise NothingToRetry(f"the encoding of asset {asset_id} is {job.state}")
    # Its objects may be made again under the same keys: a sweep that comes too late would take them away.
    cancel_tasks(session, job.id, now=now)
    asset.job_id = queue_job(session, asset_id, job.source_bytes, now)
    session.flush()
    return asset.job_id


def remove(session: Session, asset_id: UUID, now: datetime) -> None:
    """
    Withdraw the asset at once and have a worker delete its objects, the source's parts among them.

    Harmless when repeated, and for an asset that was never submitted (whose parts belong to the upload).
    """
    asset = session.get(MediaAsset, asset_id, with_for_update=True)
    if asset is None or asset.removed_at is not None:
        return
    asset.removed_at, asset.published_job_id = now, None
    for job_id in _job_ids(session, asset_id):
        lock_job(session, job_id)
        cancel_tasks(session, job_id, now=now)
        leave_round(session, job_id)
    session.execute(
        update(TranscodeJob)
        .where(TranscodeJob.asset_id == asset_id)
        .values(state="removed")
        .execution_options(synchronize_session=False)
    )
    queue_sweep(session, asset.job_id, now=now)


def _job_ids(session: Session, asset_id: UUID) -> list[UUID]:
    return list(
        session.scalars(select(TranscodeJob.id).where(TranscodeJob.asset_id == asset_id).order_by(TranscodeJob.id))
    )


def withdrawn_assets(session: Session) -> set[UUID]:
    """Removed assets, for servers of bytes."""
    return set(session.scalars(select(MediaAsset.id).where(MediaAsset.removed_at.is_not(None))))


def referenced(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys that a row still names and a collector must leave alone (source parts among them)."""
    named: set[str] = set()
    ordered = list(keys)
    for start in range(0, len(ordered), KEYS_PER_QUERY):
        some = ordered[start : start + KEYS_PER_QUERY]
        named.update(session.scalars(select(MediaObject.key).where(MediaObject.key.in_(some))))
        named.update(session.scalars(select(PartRow.key).where(PartRow.key.in_(some))))
    return named
