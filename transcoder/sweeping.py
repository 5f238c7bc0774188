"""
Frees the bytes of what was cancelled, failed or removed.

A new job of the asset may use the very keys that a sweep deletes. So a sweep looks for one before each batch, and a
probe, before which no job puts anything, waits until no sweep of its asset is running. A sweep claimed after the new
job was queued finds nothing to delete; one claimed before it is seen by the probe until its last batch has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cdn import layout
from transcoder.claims import Claim, is_held
from transcoder.errors import EncodeCancelled
from transcoder.planning import source_parts
from transcoder.pulse import Pulse
from transcoder.settling import SWEEP, finish
from transcoder.station import Station
from transcoder.tables import ChunkTask, MediaAsset, MediaObject, PartRow, TranscodeJob

KEYS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Litter:
    """What one sweep deletes."""

    prefix: str | None
    keys: tuple[str, ...]
    whole_asset: bool


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
    All of a removed asset; of a failed or cancelled job what it made.

    Another job of the asset under the same plan uses the same keys: then nothing is deleted. Nor while a job waits
    for its plan, which may turn out to be that one; what is left over is the collector's.
    """
    asset = session.get_one(MediaAsset, held.asset_id)
    if asset.removed_at is not None:
        parts = tuple(part.key for part in source_parts(session, held.asset_id))
        return Litter(layout.asset_prefix(held.asset_id), parts, True)
    job = session.get_one(TranscodeJob, held.job_id)
    others = session.scalars(
        select(TranscodeJob.plan_digest).where(
            TranscodeJob.asset_id == held.asset_id,
            TranscodeJob.id != held.job_id,
            TranscodeJob.state.in_(("waiting", "encoding", "ready")),
        )
    ).all()
    if job.plan_digest is None or job.plan_digest in others or None in others:
        return Litter(None, (), False)
    return Litter(f"{layout.asset_prefix(held.asset_id)}{job.plan_digest}/", (), False)


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
    finish(session, held, (), now=now)
    jobs = select(TranscodeJob.id).where(TranscodeJob.asset_id == held.asset_id)
    if not litter.whole_asset:
        jobs = jobs.where(TranscodeJob.id == held.job_id)
    session.execute(
        delete(MediaObject).where(MediaObject.job_id.in_(jobs)).execution_options(synchronize_session=False)
    )
    if litter.whole_asset:
        # The asset's row stays as its marker: late comers are refused, servers of bytes go on refusing.
        session.execute(
            delete(PartRow).where(PartRow.asset_id == held.asset_id).execution_options(synchronize_session=False)
        )
