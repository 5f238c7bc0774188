"""What a person may know about an asset: how far it is, how long it will take, what went wrong, what can be played."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from transcoder.media import AudioRendition, Plan, VideoRendition
from transcoder.plan_json import plan_if_readable
from transcoder.rates import Rate
from transcoder.tables import LIVE_JOB_STATES, ChunkTask, MediaAsset, TranscodeJob
from transcoder.tallies import Tally, is_playable, tally
from transcoder.worklist import Settling, Work, progress, seconds_left, work_of

MediaState = Literal["waiting", "encoding", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class ErrorStatus:
    """An error code with what its text needs."""

    code: str
    params: dict[str, object]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The uploaded file, once it has been read whole."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class RenditionStatus:
    """One rendition; `width`, `height` and `fps` are None for sound; rates and bytes are of what exists so far."""

    name: str
    type: Literal["video", "audio"]
    codec: str
    """RFC 6381 string once an init segment exists, before that `avc1`, `av01`, `mp4a` or `Opus`."""
    width: int | None
    height: int | None
    fps: float | None
    average_bps: int | None
    peak_bps: int | None
    bytes: int
    state: Literal["waiting", "encoding", "ready"]
    vmaf: float | None = None
    """Mean over a few segments against the source, measured some time after the publication."""
    vmaf_low: float | None = None
    """5th percentile of the same frames: what the worst moments look like."""


@dataclass(frozen=True, slots=True)
class RenewalStatus:
    """A better publication that is on its way, or did not come about; the lesson is ready all the while."""

    state: Literal["waiting", "encoding", "failed", "needless"]
    """`needless`: the lesson is made after this very plan already."""
    progress: float
    error: ErrorStatus | None


@dataclass(frozen=True, slots=True)
class SoundStatus:
    """What was measured on the finished sound, and what a teacher should know of it."""

    lufs: float
    peak_db: float
    findings: tuple[ErrorStatus, ...]
    """Codes as in `transcoder.loudness.SoundFinding`."""


@dataclass(frozen=True, slots=True)
class MediaStatus:
    """The contract's `media`, with a bit more."""

    state: MediaState
    playable: bool
    progress: float
    """0..1, weighted by real work; 0 until the plan is made."""
    seconds_left: float | None
    """From the measured speed of this job; None until that is known, and when nothing is going on."""
    error: ErrorStatus | None
    """Why it failed (a cancelled one failed with `encode_cancelled`)."""
    delayed_by: ErrorStatus | None
    """What holds it up at the moment (a full disk, a dead store); it goes on by itself."""
    duration_s: float | None
    source: SourceStatus | None
    renditions: tuple[RenditionStatus, ...]
    sound: SoundStatus | None = None
    renewal: RenewalStatus | None = None


def media_status(session: Session, asset_id: UUID, now: datetime) -> MediaStatus:
    """The state of one asset; an asset whose upload has not ended is `waiting` with no source."""
    return media_statuses(session, [asset_id], now)[asset_id]


def media_statuses(session: Session, asset_ids: Iterable[UUID], now: datetime) -> dict[UUID, MediaStatus]:
    """As `media_status` for many, in a fixed number of queries."""
    ids = list(asset_ids)
    jobs, renewals = _jobs(session, ids, MediaAsset.job_id), _jobs(session, ids, MediaAsset.renewal_job_id)
    running = [job.id for job in (*jobs.values(), *renewals.values()) if job.state in LIVE_JOB_STATES]
    tasks, made = _tasks_of(session, running), tally(session, running)
    published = set(session.scalars(_published(ids)))
    found = {asset_id: _status(job, tasks, made, asset_id in published, now) for asset_id, job in jobs.items()}
    for asset_id, job in renewals.items():
        found[asset_id] = replace(found[asset_id], renewal=_renewal(job, tasks.get(job.id, [])))
    return {asset_id: found.get(asset_id, UNKNOWN) for asset_id in ids}


UNKNOWN = MediaStatus("waiting", False, 0.0, None, None, None, None, None, ())


def _jobs(
    session: Session, asset_ids: list[UUID], named: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]
) -> dict[UUID, TranscodeJob]:
    """The jobs that a column of the assets names."""
    jobs = session.scalars(
        select(TranscodeJob)
        .join(MediaAsset, named == TranscodeJob.id)
        .where(MediaAsset.id.in_(asset_ids))
        .execution_options(populate_existing=True)
    )
    return {job.asset_id: job for job in jobs}


def _published(asset_ids: list[UUID]) -> Select[UUID]:
    return select(MediaAsset.id).where(MediaAsset.id.in_(asset_ids), MediaAsset.published_job_id.is_not(None))


@dataclass(frozen=True, slots=True)
class _Task:
    """What the status needs of a task."""

    state: str
    weight: float
    progress: float
    postponed: int
    not_before: datetime | None
    error: ErrorStatus | None


def _tasks_of(session: Session, job_ids: list[UUID]) -> dict[UUID, list[_Task]]:
    rows = session.execute(
        select(
            ChunkTask.job_id,
            ChunkTask.state,
            ChunkTask.weight,
            ChunkTask.progress,
            ChunkTask.postponed,
            ChunkTask.not_before,
            ChunkTask.error_code,
            ChunkTask.error_params,
        ).where(ChunkTask.job_id.in_(job_ids))
    )
    found: dict[UUID, list[_Task]] = {}
    for job_id, state, weight, part, postponed, not_before, code, params in rows:
        error = ErrorStatus(code, params or {}) if code else None
        found.setdefault(job_id, []).append(_Task(state, weight, part, postponed, not_before, error))
    return found


def _status(
    job: TranscodeJob,
    tasks: dict[UUID, list[_Task]],
    made: dict[UUID, dict[str, Tally]],
    published: bool,
    now: datetime,
) -> MediaStatus:
    own = tasks.get(job.id, [])
    plan = plan_if_readable(job.plan)
    ready = job.state == "ready"
    work = _work(own)
    grows = job.state in LIVE_JOB_STATES and plan is not None
    return MediaStatus(
        state=STATES[job.state],
        playable=published or (grows and plan is not None and is_playable(plan, made.get(job.id, {}))),
        progress=1.0 if ready else progress(work, _settling(job)),
        seconds_left=_seconds_left(job, work, now) if grows else None,
        error=ErrorStatus(job.error_code, job.error_params or {}) if job.error_code else None,
        delayed_by=_delay(own, now),
        duration_s=job.duration_s,
        source=SourceStatus(job.source_sha256, job.source_bytes) if job.source_sha256 else None,
        renditions=_renditions(job, plan, made.get(job.id, {})),
        sound=_sound(job.sound) if job.sound else None,
    )


def _sound(found: dict[str, Any]) -> SoundStatus | None:
    """Of the making that is published."""
    reports = found.get("again") or found.get("reports")
    if not reports:
        return None
    findings = tuple(ErrorStatus(each["code"], dict(each["figures"])) for each in found.get("findings", ()))
    return SoundStatus(reports[0]["integrated_lufs"], reports[0]["true_peak_db"], findings)


def _renewal(job: TranscodeJob, tasks: list[_Task]) -> RenewalStatus:
    error = ErrorStatus(job.error_code, job.error_params or {}) if job.error_code else None
    shown = progress(_work(tasks), _settling(job))
    state: Literal["waiting", "encoding", "failed", "needless"] = "failed"
    if job.state in ("waiting", "encoding", "needless"):
        state = job.state  # type: ignore[assignment]  # one of these three
    return RenewalStatus(state, shown, error)


STATES: dict[str, MediaState] = {
    "waiting": "waiting",
    "encoding": "encoding",
    "ready": "ready",
    "failed": "failed",
    "cancelled": "failed",
    "removed": "failed",
}


def _work(tasks: list[_Task]) -> Work:
    return work_of([(task.weight, task.progress) for task in tasks])


def _settling(job: TranscodeJob) -> Settling:
    return Settling(job.settled_progress or 0.0, job.settled_work or 0.0)


def _seconds_left(job: TranscodeJob, work: Work, now: datetime) -> float | None:
    """By the work itself, not by what is shown of it: that keeps the bar even, this is to be true."""
    if job.planned_at is None:
        return None
    return seconds_left(progress=work.part, elapsed_s=(now - job.planned_at).total_seconds())


def _delay(tasks: list[_Task], now: datetime) -> ErrorStatus | None:
    """The reason of a task that was put off, while it waits."""
    waiting = (task for task in tasks if task.postponed and task.state == "ready" and task.not_before)
    return next((task.error for task in waiting if task.not_before and task.not_before > now), None)


def _renditions(job: TranscodeJob, plan: Plan | None, made: dict[str, Tally]) -> tuple[RenditionStatus, ...]:
    if job.summary is not None:
        measured = (job.quality or {}).get("vmaf", {})
        return tuple(_measured(RenditionStatus(**row), measured.get(row["name"])) for row in job.summary)
    if plan is None:
        return ()
    return tuple(rendition_status(plan, rendition, made.get(rendition.name)) for rendition in plan.video + plan.audio)


def _codec(rendition: VideoRendition | AudioRendition) -> str:
    """What stands for a codec before its init segment tells more."""
    if isinstance(rendition, VideoRendition):
        return {"avc": "avc1", "av1": "av01"}[rendition.family]
    return {"aac": "mp4a", "opus": "Opus"}[rendition.codec]


def _measured(status: RenditionStatus, vmaf: list[float] | None) -> RenditionStatus:
    return replace(status, vmaf=vmaf[0], vmaf_low=vmaf[1]) if vmaf else status


def rendition_status(
    plan: Plan, rendition: VideoRendition | AudioRendition, made: Tally | None, rate: Rate | None = None
) -> RenditionStatus:
    """One row; with measured `rate` once the rendition is complete, from the bytes so far before that."""
    video = rendition if isinstance(rendition, VideoRendition) else None
    so_far = round(made.bytes * 8 / made.seconds) if made is not None and made.seconds > 0 else None
    state: Literal["waiting", "encoding"] = "encoding" if made is not None else "waiting"
    return RenditionStatus(
        name=rendition.name,
        type="video" if video else "audio",
        codec=(made.codec if made is not None else "") or _codec(rendition),
        width=video.width if video else None,
        height=video.height if video else None,
        fps=float(plan.fps / video.frame_step) if video else None,
        average_bps=rate.average_bps if rate else so_far,
        peak_bps=rate.peak_bps if rate else None,
        bytes=made.bytes if made is not None else 0,
        state="ready" if rate else state,
    )
