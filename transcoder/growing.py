"""Playlists rendered from the database while a job runs, and after it, for players that began early."""

from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from cdn.errors import ObjectMissing
from cdn.layout import asset_prefix
from transcoder import playlists
from transcoder.errors import MediaFailed
from transcoder.media import Made, MadeKind, Plan
from transcoder.plan_json import plan_from_json
from transcoder.tables import MediaObject, TranscodeJob

MULTIVARIANT = "avc.m3u8"
SUFFIX = ".m3u8"

Version = tuple[object, ...]


def growing_version(session: Session, job_id: UUID, name: str) -> Version:
    """
    What decides the text of `growing_playlist`: while this stays equal, so does the text, or its refusal.

    One row from the database, summed up there. The fence of an object rises when it is made again, and weighed by its
    number it also tells which one was.
    """
    shown = MediaObject.number == 0 if name == MULTIVARIANT else MediaObject.rendition == name.removesuffix(SUFFIX)
    row = session.execute(
        select(
            TranscodeJob.state,
            TranscodeJob.plan_digest,
            func.count(MediaObject.name),
            func.sum(MediaObject.number),
            func.sum(MediaObject.bytes),
            func.sum(MediaObject.fence),
            func.sum(MediaObject.number * MediaObject.fence),
            func.sum(func.length(MediaObject.key)),
        )
        .join_from(TranscodeJob, MediaObject, and_(MediaObject.job_id == TranscodeJob.id, shown), isouter=True)
        .where(TranscodeJob.id == job_id)
        .group_by(TranscodeJob.state, TranscodeJob.plan_digest)
    ).one_or_none()
    return tuple(row) if row is not None else ()


def growing_playlist(session: Session, asset_id: UUID, job_id: UUID, name: str) -> str:
    """
    The text of `avc.m3u8` (multivariant) or `{rendition}.m3u8` (EVENT; with EXT-X-ENDLIST when all of it exists).

    Served with `Cache-Control: no-cache` and an ETag. Raises MediaNotReady while nothing can be listed,
    MediaFailed when the job failed, was cancelled or removed, and cdn.errors.ObjectMissing for a name that the
    plan does not have or a job that is not this asset's.
    """
    job = session.get(TranscodeJob, job_id, populate_existing=True)
    plan = plan_from_json(job.plan) if job is not None and job.plan is not None else None
    if job is None or plan is None or job.asset_id != asset_id:
        raise ObjectMissing(f"{asset_prefix(asset_id)}{job_id}/{name}")
    if job.state not in ("encoding", "ready"):
        raise MediaFailed(f"the encoding is {job.state}")
    if name == MULTIVARIANT:
        return _multivariant(session, job_id, plan)
    rendition = name.removesuffix(SUFFIX)
    if rendition + SUFFIX != name or rendition not in {item.name for item in plan.video + plan.audio}:
        raise ObjectMissing(f"{asset_prefix(asset_id)}{job_id}/{name}")
    return _media_playlist(session, job, plan, rendition)


def _multivariant(session: Session, job_id: UUID, plan: Plan) -> str:
    """Lists what can be played from the beginning; the encoder's caps stand for rates not yet measured."""
    beginnings = objects(session, job_id, first_only=True)
    made: dict[str, list[Made]] = {}
    for item in beginnings:
        made.setdefault(item.rendition, []).append(item)
    return playlists.multivariant(plan, made, uri=lambda rendition: rendition + SUFFIX, measured=False)


def _media_playlist(session: Session, job: TranscodeJob, plan: Plan, rendition: str) -> str:
    rows = rows_of(session, job.id, rendition)
    keys = {row.name: row.key for row in rows}
    return playlists.media_playlist(
        [as_made(row) for row in rows],
        target_s=playlists.target_duration(plan),
        uri=lambda made: relative(job.asset_id, keys[made.name]),
        kind="EVENT",
        ended=job.state == "ready" or _is_complete(plan, rendition, rows),
    )


def _is_complete(plan: Plan, rendition: str, rows: list[MediaObject]) -> bool:
    """All pictures exist; of sound only the end of the job tells."""
    is_video = rendition in {item.name for item in plan.video}
    segments = sum(row.kind == "segment" for row in rows)
    return is_video and segments == plan.segment_count


def relative(asset_id: UUID, key: str) -> str:
    """An object's key as a playlist of the asset names it, one folder up: the request inherits the signed prefix."""
    return "../" + key.removeprefix(asset_prefix(asset_id))


def rows_of(session: Session, job_id: UUID, rendition: str) -> list[MediaObject]:
    """Init and media segments of one rendition, in order."""
    return list(
        session.scalars(
            select(MediaObject)
            .where(MediaObject.job_id == job_id, MediaObject.rendition == rendition)
            .order_by(MediaObject.number)
            .execution_options(populate_existing=True)
        )
    )


def objects(session: Session, job_id: UUID, *, first_only: bool = False) -> list[Made]:
    """Init and media segments of all renditions; with `first_only` no segment but number 0."""
    query = select(MediaObject).where(MediaObject.job_id == job_id, MediaObject.kind.in_(("init", "segment")))
    if first_only:
        query = query.where(MediaObject.number == 0)
    return [as_made(row) for row in session.scalars(query.execution_options(populate_existing=True))]


_KINDS: dict[str, MadeKind] = {"init": "init", "segment": "segment", "still": "still"}


def as_made(row: MediaObject) -> Made:
    """The row as the value that playlists are written from."""
    return row.made(_KINDS[row.kind])
