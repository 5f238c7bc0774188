"""
The transcoder's rows: sources as lists of parts, jobs, their tasks, and every object made.

The database is the truth and a broker's message only a hint, so all that must survive a kill -9 stands here.
"""

from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from transcoder.database import Base, UtcDateTime
from transcoder.media import Made, MadeKind

JOB_STATES = ("waiting", "encoding", "ready", "failed", "cancelled", "removed", "replaced", "needless")
"""`replaced`: a newer publication took its place, its objects are gone. `needless`: its plan was published already."""
LIVE_JOB_STATES = ("waiting", "encoding")
TASK_STATES = ("blocked", "ready", "running", "done", "failed", "cancelled")
OPEN_TASK_STATES = ("blocked", "ready", "running")
TASK_KINDS = ("probe", "video", "audio", "analyse", "stills", "publish", "measure", "sweep")


class MediaAsset(Base):
    """An asset as the transcoder knows it: which job is its latest, which one is published."""

    __tablename__ = "media_asset"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    job_id: Mapped[UUID] = mapped_column(Uuid)
    """The latest job but for `renewal_job_id`: the published one once there is one."""
    published_job_id: Mapped[UUID | None] = mapped_column(Uuid)
    """The job whose publication pupils get; switched in one transaction."""
    renewal_job_id: Mapped[UUID | None] = mapped_column(Uuid)
    """The job that makes, or tried to make, a better publication than the one that there is."""
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    """Since then no server of bytes gives anything of it out."""


class PartRow(Base):
    """One part object of a source; parts of an asset cover its bytes without a gap."""

    __tablename__ = "source_part"

    asset_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(300), index=True)


class TranscodeJob(Base):
    """One attempt to turn a source into a lesson that plays."""

    __tablename__ = "transcode_job"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    asset_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    state: Mapped[str] = mapped_column(String(16))
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    plan_digest: Mapped[str | None] = mapped_column(String(64))
    duration_s: Mapped[float | None] = mapped_column(Float)
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    source_bytes: Mapped[int] = mapped_column(BigInteger)
    publication_id: Mapped[UUID | None] = mapped_column(Uuid)
    summary: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    """Renditions with measured rates, written when the job is published."""
    settled_progress: Mapped[float | None] = mapped_column(Float)
    """What was shown when the analysis settled the plan, and from where the rest is counted."""
    settled_work: Mapped[float | None] = mapped_column(Float)
    """What was done by then, in the unit of `ChunkTask.weight`."""
    sound: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What was measured on the sound that was made; see `transcoder.resounding`."""
    quality: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What was measured on the pictures after the publication; see `transcoder.measuring`."""
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_params: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    planned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the plan was made: the start of encoding, from which its speed is measured."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JobTurn(Base):
    """
    The place of a live job in the round; closed jobs have none.

    Not a column of the job: a claim locks its task first and this row last, while all else locks the job first
    and its tasks afterwards. In one row the two orders would meet in a deadlock.
    """

    __tablename__ = "job_turn"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("transcode_job.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(BigInteger, default=0, index=True)
    """Rises with each claim over all jobs; the job with the lowest number is served next."""


class ChunkTask(Base):
    """One piece of work, claimed by one worker at a time under a lease and a fencing number."""

    __tablename__ = "chunk_task"
    __table_args__ = (
        # The first lanes are a walk along this index; the fair lane finds a job's best row by the other.
        Index("ix_chunk_task_first_lanes", "state", "lane", "queued_at", "rank"),
        Index("ix_chunk_task_fair_lane", "job_id", "state", "lane"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("transcode_job.id"))
    kind: Mapped[str] = mapped_column(String(16))
    chunk: Mapped[int] = mapped_column(Integer, default=0)
    renditions: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The rungs that this task encodes in one process."""
    lane: Mapped[int] = mapped_column(Integer)
    """See `transcoder.worklist`: what makes a lesson playable goes before the chunks of any lesson."""
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Of the job: in the first lanes the older lesson goes first."""
    rank: Mapped[int] = mapped_column(Integer)
    """Order inside a job: the lowest first."""
    long: Mapped[bool] = mapped_column(Boolean, default=False)
    """It may take minutes, so it must not occupy every slot of a worker."""
    weight: Mapped[float] = mapped_column(Float, default=0.0)
    """Its share of the job's work, in estimated CPU-seconds."""
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    """0..1 of this task."""
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    """Counted before ffmpeg starts, so that an out-of-memory kill counts."""
    postponed: Mapped[int] = mapped_column(Integer, default=0)
    """How often a full disk or a dead store sent it back; costs no attempt."""
    fence: Mapped[int] = mapped_column(Integer, default=0)
    """Raised by each claim; a commit under an older number is refused."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worker: Mapped[str | None] = mapped_column(String(200))
    error_code: Mapped[str | None] = mapped_column(String(64))
    """Why the last attempt ended badly, or was put off."""
    error_params: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MediaObject(Base):
    """One object that a job made and that stands in the store under `key` with exactly these bytes."""

    __tablename__ = "media_object"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("transcode_job.id"), primary_key=True)
    rendition: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The rendition's name, `stills`, or `playlists`."""
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """As `Made.kind`, or `playlist`."""
    key: Mapped[str] = mapped_column(String(300), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    number: Mapped[int] = mapped_column(Integer, default=0)
    start_num: Mapped[int] = mapped_column(BigInteger, default=0)
    start_den: Mapped[int] = mapped_column(BigInteger, default=1)
    duration_num: Mapped[int] = mapped_column(BigInteger, default=0)
    duration_den: Mapped[int] = mapped_column(BigInteger, default=1)
    iframe_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    codec: Mapped[str] = mapped_column(String(64), default="")
    task_id: Mapped[UUID] = mapped_column(Uuid)
    fence: Mapped[int] = mapped_column(Integer)
    """Of the claim that made it."""

    def made(self, kind: MadeKind) -> Made:
        """The row as the value that playlists are written from; times come back exact."""
        return Made(
            kind=kind,
            rendition=self.rendition,
            name=self.name,
            bytes=self.bytes,
            sha256=self.sha256,
            number=self.number,
            start_s=Fraction(self.start_num, self.start_den),
            duration_s=Fraction(self.duration_num, self.duration_den),
            iframe_bytes=self.iframe_bytes,
            codec=self.codec,
        )
