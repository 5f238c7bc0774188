"""Playlists rendered from the database while a job runs, and after it, for players that began early."""

from uuid import UUID

from sqlalchemy.orm import Session


def growing_playlist(session: Session, asset_id: UUID, job_id: UUID, name: str) -> str:
    """
    The text of `avc.m3u8` (multivariant) or `{rendition}.m3u8` (EVENT; with EXT-X-ENDLIST when all of it exists).

    Served with `Cache-Control: no-cache` and an ETag. Raises MediaNotReady while nothing can be listed,
    MediaFailed when the job failed, was cancelled or removed, and cdn.errors.ObjectMissing for a name that the
    plan does not have or a job that is not this asset's.
    """
    raise NotImplementedError
