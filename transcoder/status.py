"""What a person may know about an asset: how far it is, how long it will take, what went wrong, what can be played."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

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
    """RFC 6381 string once an init segment exists, before that `avc1` or `mp4a`."""
    width: int | None
    height: int | None
    fps: float | None
    average_bps: int | None
    peak_bps: int | None
    bytes: int
    state: Literal["waiting", "encoding", "ready"]


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


def media_status(session: Session, asset_id: UUID, now: datetime) -> MediaStatus:
    """The state of one asset; an asset whose upload has not ended is `waiting` with no source."""
    raise NotImplementedError


def media_statuses(session: Session, asset_ids: Iterable[UUID], now: datetime) -> dict[UUID, MediaStatus]:
    """As `media_status` for many, in a fixed number of queries."""
    raise NotImplementedError


def current_publication(session: Session, asset_id: UUID) -> Publication:
    """What a new playback session plays. Raises MediaNotReady or MediaFailed."""
    raise NotImplementedError
