"""
Every object key, and the address it is served under. Pure.

    uploads/{upload}/{offset}                        a part of a source, at most 8 MiB
    media/{asset}/{plan_digest}/{rendition}/init.mp4 immutable, `{n}.m4s` beside it
    media/{asset}/{plan_digest}/stills/poster.jpg    immutable
    media/{asset}/{publication}/avc.m3u8             immutable, written when the asset is published
    media/{asset}/{publication}/{rendition}.m3u8

A rendition's object written by attempt 2 or later, where the first left other bytes, stands under `…/a{attempt}/`.
Playlists name segments relative to themselves (`../{plan_digest}/{rendition}/{n}.m4s`), so that every request
inherits the signed prefix `/media/{token}/` of the multivariant playlist.
"""

from uuid import UUID

PART_BYTES = 8 * 1024 * 1024

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
SEGMENT_TYPE = "video/iso.segment"
INIT_TYPE = "video/mp4"


def upload_part(upload_id: UUID, offset: int) -> str:
    """Zero-padded, so that key order is byte order."""
    return f"uploads/{upload_id}/{offset:015d}"


def upload_prefix(upload_id: UUID) -> str:
    return f"uploads/{upload_id}/"


def asset_prefix(asset_id: UUID) -> str:
    return f"media/{asset_id}/"


def made(asset_id: UUID, plan_digest: str, folder: str, name: str, *, attempt: int = 1) -> str:
    """An object that a chunk task makes: `folder` is the rendition's name, or `stills`."""
    again = f"a{attempt}/" if attempt > 1 else ""
    return f"media/{asset_id}/{plan_digest}/{folder}/{again}{name}"


def published(asset_id: UUID, publication_id: UUID, name: str) -> str:
    """A playlist of one publication."""
    return f"media/{asset_id}/{publication_id}/{name}"


def address(token: str, key: str) -> str:
    """The path, from the host's root, under which a `media/…` key is served."""
    return f"/media/{token}/{key.removeprefix('media/')}"
