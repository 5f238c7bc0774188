"""
The last that is done for a lesson: how good its pictures are, measured on what was published.

Nobody waits for it, the lesson is ready already; whatever goes wrong here changes nothing of that.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from transcoder.claims import Claim
from transcoder.errors import EncodeCancelled, MediaNotReady, SourceLost
from transcoder.fetching import local_source
from transcoder.planning import source_parts
from transcoder.pulse import Pulse
from transcoder.reporting.material import Material, Score
from transcoder.reporting.scoring import scored
from transcoder.reporting.stored import read_published
from transcoder.settling import finish, lock_job, wake
from transcoder.station import Station
from transcoder.tables import ChunkTask, MediaAsset, TranscodeJob
from transcoder.worklist import LANE_LAST, RANK_MEASURE


def queue_measure(session: Session, job: TranscodeJob) -> None:
    """Have a worker measure a job that was published; it may take minutes, so it must not occupy every slot."""
    session.add(
        ChunkTask(
            job_id=job.id,
            kind="measure",
            lane=LANE_LAST,
            rank=RANK_MEASURE,
            long=True,
            queued_at=job.created_at,
            state="ready",
        )
    )
    session.flush()
    wake(session, 1)


def do_measure(station: Station, held: Claim, pulse: Pulse) -> None:
    """
    Score the same few segments of every rung against the source.

    Where the source is gone, or the publication was replaced meanwhile, that is noted in place of figures.
    """
    try:
        material = station.read(_published, held, station)
        quality = quality_of(_scored(station, held, pulse, material), station.settings.measured_segments)
    except (SourceLost, MediaNotReady) as error:
        quality = {"skipped": error.code}
    if pulse.lost:
        raise EncodeCancelled("the claim was lost while the lesson was measured")
    station.commit(note_quality, held, quality, now=station.now())
    # Nothing more is made of it; copies on other hosts go when their disks need room.
    station.workspace.forget(held.asset_id)


def _published(session: Session, held: Claim, station: Station) -> Material:
    asset = session.get_one(MediaAsset, held.asset_id)
    if asset.published_job_id != held.job_id:
        raise MediaNotReady("another publication has taken its place")
    if not source_parts(session, held.asset_id):
        raise SourceLost(f"asset {held.asset_id} has no source here any more")
    return read_published(session, station.store, held.asset_id, title="")


def _scored(station: Station, held: Claim, pulse: Pulse, material: Material) -> dict[str, Score]:
    def on_progress(part: float) -> None:
        pulse.progress = part

    with local_source(station, held, pulse) as path, station.workspace.task(held.task_id, held.fence) as out:
        found, _ = scored(
            material,
            path,
            folder=out,
            count=station.settings.measured_segments,
            cancelled=pulse.cancelled,
            limits=station.limits,
            on_progress=on_progress,
        )
    return found


def quality_of(scores: dict[str, Score], segments: int) -> dict[str, Any]:
    """As it is kept with the job."""
    return {
        "segments": segments,
        "vmaf": {name: [round(one.mean, 2), round(one.low, 2)] for name, one in scores.items()},
    }


def note_quality(session: Session, held: Claim, quality: dict[str, Any], *, now: datetime) -> None:
    """Raises EncodeCancelled when the claim was lost."""
    job = lock_job(session, held.job_id)
    finish(session, held, (), now=now)
    job.quality = quality
