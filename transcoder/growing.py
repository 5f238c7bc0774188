"""Playlists rendered from the database while a job runs, and after it, for players that began early."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from cdn.errors import ObjectMissing
from cdn.layout import asset_prefix
from transcoder import media_playlists, playlists
from transcoder.chunks import CHUNK_SEGMENTS
from transcoder.errors import MediaFailed
from transcoder.media import AudioRendition, Made, MadeKind, Plan, VideoRendition
from transcoder.plan_json import plan_if_readable
from transcoder.policy import Family
from transcoder.tables import MediaObject, TranscodeJob

MULTIVARIANT = playlists.AVC
"""The only one while the lesson grows: AV1 is made last, and comes with the publication."""
SUFFIX = ".m3u8"
FAMILY: Family = "avc"
LAG_SEGMENTS = CHUNK_SEGMENTS
"""All rungs of a chunk are made at once, but the last files of one may come before those of another."""

Version = tuple[object, ...]


def growing_version(session: Session, job_id: UUID, name: str) -> Version:
    """
    What decides the text of `growing_playlist`: while this stays equal, so does the text, or its refusal.

    One row from the database, summed up there. The fence of an object rises when it is made again, and weighed by its
    number it also tells which one was. The plan grows once, when it is settled.
    """
    listed = or_(MediaObject.number == 0, MediaObject.rendition.startswith(f"{FAMILY}-"))
    shown = listed if name == MULTIVARIANT else MediaObject.rendition == name.removesuffix(SUFFIX)
    decided = (TranscodeJob.state, TranscodeJob.plan_digest, TranscodeJob.plan["settled"].as_boolean())
    row = session.execute(
        select(
            *decided,
            func.count(MediaObject.name),
            func.sum(MediaObject.number),
            func.sum(MediaObject.bytes),
            func.sum(MediaObject.fence),
            func.sum(MediaObject.number * MediaObject.fence),
            func.sum(func.length(MediaObject.key)),
        )
        .join_from(TranscodeJob, MediaObject, and_(MediaObject.job_id == TranscodeJob.id, shown), isouter=True)
        .where(TranscodeJob.id == job_id)
        .group_by(*decided)
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
    plan = plan_if_readable(job.plan) if job is not None else None
    if job is None or plan is None or job.asset_id != asset_id:
        raise ObjectMissing(f"{asset_prefix(asset_id)}{job_id}/{name}")
    if job.state not in ("encoding", "ready"):
        raise MediaFailed(f"the encoding is {job.state}")
    if name == MULTIVARIANT:
        return _multivariant(session, job_id, plan)
    rendition = next((each for each in plan.renditions if each.name + SUFFIX == name), None)
    if rendition is None:
        raise ObjectMissing(f"{asset_prefix(asset_id)}{job_id}/{name}")
    return _media_playlist(session, job, plan, rendition)


def _multivariant(session: Session, job_id: UUID, plan: Plan) -> str:
    """Lists what can be played on from the beginning; lines stand for rates not yet measured."""
    names = steady(plan, _reached(session, job_id)) | {audio.name for audio in plan.audio}
    made: dict[str, list[Made]] = {}
    for item in objects(session, job_id, first_only=True):
        if item.rendition in names:
            made.setdefault(item.rendition, []).append(item)
    return playlists.multivariant(
        plan, made, uri=lambda rendition: rendition + SUFFIX, families=(FAMILY,), measured=False
    )


def steady(plan: Plan, reached: Mapping[str, int]) -> set[str]:
    """
    The rungs that a player can choose and play on; `reached` says how many segments there are before the first gap.

    The starter rung always; another when it has the whole first chunk and lags no more than a chunk behind that one.
    """
    if not plan.video:
        return set()
    starter = plan.video[0].name
    first = len(plan.segments_of(plan.chunks[0]))
    needed = max(first, reached.get(starter, 0) - LAG_SEGMENTS)
    return {starter, *(name for name, segments in reached.items() if segments >= needed)}


def _reached(session: Session, job_id: UUID) -> dict[str, int]:
    numbers: dict[str, set[int]] = {}
    rows = session.execute(
        select(MediaObject.rendition, MediaObject.number).where(
            MediaObject.job_id == job_id,
            MediaObject.kind == "segment",
            MediaObject.rendition.startswith(f"{FAMILY}-"),
        )
    )
    for rendition, number in rows:
        numbers.setdefault(rendition, set()).add(number)
    return {
        name: next(number for number in range(len(there) + 1) if number not in there) for name, there in numbers.items()
    }


def _media_playlist(session: Session, job: TranscodeJob, plan: Plan, rendition: VideoRendition | AudioRendition) -> str:
    rows = rows_of(session, job.id, rendition.name)
    keys, made = {row.name: row.key for row in rows}, [as_made(row) for row in rows]
    return media_playlists.media_playlist(
        made,
        target_s=media_playlists.target_duration(plan),
        uri=lambda item: relative(job.asset_id, keys[item.name]),
        kind="EVENT",
        ended=job.state == "ready" or media_playlists.is_whole(plan, rendition, made),
    )


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
