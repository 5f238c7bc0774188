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

import re
from uuid import UUID

from cdn.errors import BadKey

PART_BYTES = 8 * 1024 * 1024

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
SEGMENT_TYPE = "video/iso.segment"
INIT_TYPE = "video/mp4"

TYPES = {
    ".m3u8": PLAYLIST_TYPE,
    ".m4s": SEGMENT_TYPE,
    ".mp4": INIT_TYPE,
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".vtt": "text/vtt; charset=utf-8",
}
"""What a suffix is served as (Apple's HLS authoring specification, item 10.4, and RFC 8216bis)."""

MAX_KEY_CHARACTERS = 512

# No part begins with a dot, so there is neither `..` nor a hidden file; no `%`, so nothing can be decoded twice.
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_PREFIX = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*(/|$))*")


def is_key(key: str) -> bool:
    return len(key) <= MAX_KEY_CHARACTERS and _KEY.fullmatch(key) is not None


def checked(key: str) -> str:
    """Return the key if it is one. Raises BadKey: the door against paths that lead elsewhere."""
    if not is_key(key):
        raise BadKey(key)
    return key


def checked_prefix(prefix: str) -> str:
    """As `checked`, for the beginning of keys; the empty one means all."""
    if len(prefix) > MAX_KEY_CHARACTERS or _PREFIX.fullmatch(prefix) is None:
        raise BadKey(prefix)
    return prefix


def content_type(key: str) -> str:
    """By suffix alone, so that every store and every server of bytes says the same."""
    dot = key.rfind(".")
    return TYPES.get(key[dot:], "application/octet-stream") if dot > key.rfind("/") else "application/octet-stream"


def upload_part(upload_id: UUID, offset: int, *, epoch: int = 1) -> str:
    """Zero-padded, so that key order is byte order; a node that takes an upload over writes beside the silent one."""
    beside = f"e{epoch}/" if epoch > 1 else ""
    return f"uploads/{upload_id}/{beside}{offset:015d}"


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
