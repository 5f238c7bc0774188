"""The door to the transcoder for the service: submit an asset, follow it, stop it, start again, remove it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from transcoder.growing import growing_playlist as growing_playlist
from transcoder.status import ErrorStatus as ErrorStatus
from transcoder.status import MediaStatus as MediaStatus
from transcoder.status import Publication as Publication
from transcoder.status import RenditionStatus as RenditionStatus
from transcoder.status import SourceStatus as SourceStatus
from transcoder.status import current_publication as current_publication
from transcoder.status import media_status as media_status
from transcoder.status import media_statuses as media_statuses

WAKE_UP = "transcoder.work"
"""The only Celery task: no arguments; the worker claims the best row."""


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
    raise NotImplementedError


def cancel(session: Session, asset_id: UUID, now: datetime) -> bool:
    """
    Stop the encoding: workers learn of it with their next heartbeat, late commits are refused, bytes are freed.

    The source stays, so that `retry` can start again. False when nothing was being encoded.
    """
    raise NotImplementedError


def retry(session: Session, asset_id: UUID, now: datetime) -> UUID:
    """Queue a new job on the same source; returns its id. Raises NothingToRetry unless it failed or was cancelled."""
    raise NotImplementedError


def remove(session: Session, asset_id: UUID, now: datetime) -> None:
    """
    Withdraw the asset at once and have a worker delete its objects, the source's parts among them.

    Harmless when repeated, and for an asset that was never submitted (whose parts belong to the upload).
    """
    raise NotImplementedError


def withdrawn_assets(session: Session) -> set[UUID]:
    """Removed assets, for servers of bytes."""
    raise NotImplementedError


def referenced(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys that a row still names and a collector must leave alone (source parts among them)."""
    raise NotImplementedError


def reconcile(session: Session, *, now: datetime, max_attempts: int = 3, limit: int = 32) -> int:
    """
    Take back tasks of silent workers, quarantine poison, and top up wake-ups; returns how many it left in the outbox.

    Harmless when two run at once.
    """
    raise NotImplementedError
