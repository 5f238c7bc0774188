"""What pupils get of an asset: a finished publication, or a job that is still growing."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from transcoder.errors import MediaFailed, MediaNotReady
from transcoder.media import Plan
from transcoder.plan_json import plan_if_readable
from transcoder.resounding import published_plan_of
from transcoder.tables import MediaAsset, MediaObject, TranscodeJob
from transcoder.tallies import is_playable, tally


@dataclass(frozen=True, slots=True)
class Publication:
    """What a playback session is bound to: the job's id while it grows, the publication's id afterwards."""

    id: UUID
    growing: bool
    poster_key: str | None
    storyboard_key: str | None
    duration_s: float
    codecs: tuple[str, ...]
    """RFC 6381 strings of all renditions that can be played."""
    playlists: frozenset[str]
    """Names of those that were published; empty while it grows, when they are rendered on demand."""


def current_publication(session: Session, asset_id: UUID) -> Publication:
    """What a new playback session plays. Raises MediaNotReady or MediaFailed."""
    asset = session.get(MediaAsset, asset_id, populate_existing=True)
    if asset is None:
        raise MediaNotReady("its upload has not ended")
    job = session.get_one(TranscodeJob, asset.published_job_id or asset.job_id, populate_existing=True)
    if job.state in ("failed", "cancelled", "removed"):
        raise MediaFailed(f"the encoding is {job.state}")
    plan, made = plan_if_readable(job.plan), tally(session, [job.id]).get(job.id, {})
    # What is published plays whatever its plan looked like then.
    if job.publication_id is None and (plan is None or not is_playable(plan, made)):
        raise MediaNotReady("the first seconds are not encoded yet")
    stills = _stills(session, job.id)
    return Publication(
        id=job.publication_id or job.id,
        growing=job.publication_id is None,
        poster_key=stills.get("poster.jpg"),
        storyboard_key=stills.get("storyboard.vtt"),
        duration_s=job.duration_s or 0.0,
        codecs=tuple(sorted({row.codec for row in made.values() if row.codec})),
        playlists=frozenset(session.scalars(_playlists(job.id))),
    )


def current_plan(session: Session, asset_id: UUID) -> Plan:
    """The plan of what is published, or else of what is being made. Raises MediaNotReady while there is none."""
    asset = session.get(MediaAsset, asset_id, populate_existing=True)
    if asset is None:
        raise MediaNotReady("its upload has not ended")
    job = session.get_one(TranscodeJob, asset.published_job_id or asset.job_id, populate_existing=True)
    plan = published_plan_of(job)
    if plan is None:
        raise MediaNotReady("no plan has been made yet")
    return plan


def _playlists(job_id: UUID) -> Select[str]:
    return select(MediaObject.name).where(MediaObject.job_id == job_id, MediaObject.kind == "playlist")


def _stills(session: Session, job_id: UUID) -> dict[str, str]:
    rows = session.execute(
        select(MediaObject.name, MediaObject.key).where(MediaObject.job_id == job_id, MediaObject.kind == "still")
    )
    return {row.name: row.key for row in rows}
