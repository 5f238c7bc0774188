"""
Frees the bytes of what was cancelled, failed, replaced or removed.

A new job of the asset may use the very keys that a sweep deletes. So a sweep looks for one before each batch, and a
probe, before which no job puts anything, waits until no sweep of its asset is running. A sweep claimed after the new
job was queued finds nothing to delete; one claimed before it is seen by the probe until its last batch has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from cdn import layout
from transcoder.claims import Claim, is_held
from transcoder.errors import EncodeCancelled
from transcoder.planning import source_parts
from transcoder.pulse import Pulse
from transcoder.settling import SWEEP, finish
from transcoder.station import Station
from transcoder.tables import LIVE_JOB_STATES, ChunkTask, MediaAsset, MediaObject, PartRow, TranscodeJob

KEYS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Litter:
    """What one sweep deletes."""

    prefix: str | None
    keys: tuple[str, ...]
    whole_asset: bool


NOTHING = Litter(None, (), False)


def do_sweep(station: Station, held: Claim, pulse: Pulse) -> None:
    """Delete the objects, then the rows that named them. A crash in between leaves objects that nobody names."""
    litter = station.read(litter_of, held)
    listed = (info.key for info in station.store.list(litter.prefix)) if litter.prefix else iter(())
    for keys in _batches(chain(listed, litter.keys)):
        if pulse.cancelled():
            raise EncodeCancelled("the sweep was called off")
        if not station.read(is_still_litter, held, litter):
            break
        station.store.delete(keys)
    if litter.whole_asset:
        station.workspace.forget(held.asset_id)
    station.commit(end_sweep, held, litter, now=station.now())


def _batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(keys, KEYS_AT_ONCE)):
        yield some


def litter_of(session: Session, held: Claim) -> Litter:
    """
    All of a removed asset; of a failed or cancelled job what it made; of a replaced one what no other job names.

    Another job of the asset under the same plan uses the same keys: then nothing is deleted. Nor while a job waits
    for its plan, which may turn out to be that one; what is left over is the collector's.
    """
    asset = session.get_one(MediaAsset, held.asset_id)
    if asset.removed_at is not None:
        parts = tuple(part.key for part in source_parts(session, held.asset_id))
        return Litter(layout.asset_prefix(held.asset_id), parts, True)
    job = session.get_one(TranscodeJob, held.job_id, populate_existing=True)
    if asset.published_job_id == job.id:
        return NOTHING
    live, ready = _digests(session, job, LIVE_JOB_STATES), _digests(session, job, ("ready",))
    if job.plan_digest is None or job.plan_digest in live or None in live:
        return NOTHING
    if job.publication_id is not None:
        return Litter(None, _unshared(session, job), False)
    if job.plan_digest in ready:
        return NOTHING
    return Litter(f"{layout.asset_prefix(held.asset_id)}{job.plan_digest}/", (), False)


def _digests(session: Session, job: TranscodeJob, states: tuple[str, ...]) -> set[str | None]:
    """Of the plans of other jobs of the asset."""
    return set(
        session.scalars(
            select(TranscodeJob.plan_digest).where(
                TranscodeJob.asset_id == job.asset_id, TranscodeJob.id != job.id, TranscodeJob.state.in_(states)
            )
        )
    )


def _unshared(session: Session, job: TranscodeJob) -> tuple[str, ...]:
    """Objects of a replaced publication that no other job of the asset names."""
    shared = (
        select(MediaObject.key)
        .join(TranscodeJob)
        .where(TranscodeJob.asset_id == job.asset_id, TranscodeJob.id != job.id)
    )
    own = select(MediaObject.key).where(MediaObject.job_id == job.id, MediaObject.key.not_in(shared))
    return tuple(session.scalars(own.order_by(MediaObject.key)))


def is_still_litter(session: Session, held: Claim, litter: Litter) -> bool:
    """Whether nobody has begun to use it meanwhile; what is left then belongs to the new job, or to the collector."""
    if not is_held(session, held):
        raise EncodeCancelled("the sweep was taken over")
    return litter.whole_asset or litter_of(session, held) == litter


def is_being_swept(session: Session, asset_id: UUID) -> bool:
    """Whether a sweep of any job of the asset may delete at this moment."""
    running = (
        select(func.count())
        .select_from(ChunkTask)
        .join(TranscodeJob, TranscodeJob.id == ChunkTask.job_id)
        .where(TranscodeJob.asset_id == asset_id, ChunkTask.kind == SWEEP, ChunkTask.state == "running")
    )
    return bool(session.scalar(running))


def end_sweep(session: Session, held: Claim, litter: Litter, *, now: datetime) -> None:
    """Forget the rows that named what is deleted, or left to the collector."""
    finish(session, held, (), now=now)
    asset = session.get_one(MediaAsset, held.asset_id)
    if asset.published_job_id == held.job_id:
        return
    jobs = select(TranscodeJob.id).where(TranscodeJob.asset_id == held.asset_id)
    if not litter.whole_asset:
        jobs = jobs.where(TranscodeJob.id == held.job_id)
    session.execute(
        delete(MediaObject).where(MediaObject.job_id.in_(jobs)).execution_options(synchronize_session=False)
    )
    # What was published before is played no more, neither its playlists nor those of players that began earlier.
    session.execute(
        update(TranscodeJob)
        .where(TranscodeJob.id == held.job_id, TranscodeJob.state == "ready")
        .values(state="replaced")
        .execution_options(synchronize_session=False)
    )
    if litter.whole_asset:
        # The asset's row stays as its marker: late comers are refused, servers of bytes go on refusing.
        session.execute(
            delete(PartRow).where(PartRow.asset_id == held.asset_id).execution_options(synchronize_session=False)
        )
