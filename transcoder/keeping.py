"""Puts what tasks made into the store, so that a second run changes nothing and never overwrites."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from uuid import UUID

from cdn import layout
from cdn.errors import ObjectExists, ObjectMissing, RangeUnsatisfiable
from cdn.storage import ObjectStore
from transcoder.errors import EncodeCancelled
from transcoder.media import Made
from transcoder.settling import Stored
from transcoder.tables import MediaObject

PUTS_AT_ONCE = 4
READS_AT_ONCE = 8


def keep(store: ObjectStore, asset_id: UUID, plan_digest: str, out: Path, made: Iterable[Made]) -> list[Stored]:
    """
    Store files of `out`, each under its own key.

    The same bytes under the key already are as good as ours. Other bytes there (x264 on another machine) stay for
    those who play them; ours go to the next free `a{attempt}/`, and the committed row decides which are named.
    """
    files = list(made)
    with ThreadPoolExecutor(PUTS_AT_ONCE) as pool:
        return list(pool.map(lambda item: _keep_one(store, asset_id, plan_digest, out, item), files))


def _keep_one(store: ObjectStore, asset_id: UUID, plan_digest: str, out: Path, made: Made) -> Stored:
    for attempt in count(1):
        key = layout.made(asset_id, plan_digest, made.rendition, made.name, attempt=attempt)
        if _put_or_same(store, key, out / made.rendition / made.name, made.sha256):
            return Stored(made, key)
    raise AssertionError("count() has no end")


def keep_together(
    store: ObjectStore, asset_id: UUID, plan_digest: str, out: Path, made: Sequence[Made]
) -> list[Stored]:
    """As `keep`, all under one attempt: the storyboard's index names its pictures relative to itself."""
    for attempt in count(1):
        keys = [layout.made(asset_id, plan_digest, item.rendition, item.name, attempt=attempt) for item in made]
        paths = [out / item.rendition / item.name for item in made]
        if all(_put_or_same(store, key, path, item.sha256) for key, path, item in zip(keys, paths, made, strict=True)):
            return [Stored(item, key) for item, key in zip(made, keys, strict=True)]
    raise AssertionError("count() has no end")


def _put_or_same(store: ObjectStore, key: str, path: Path, sha256: str) -> bool:
    """True when the key holds exactly these bytes afterwards."""
    try:
        store.put_file(key, path, content_type=layout.content_type(key), if_absent=True)
    except ObjectExists:
        return stored_sha256(store, key) == sha256
    return True


def stored_sha256(store: ObjectStore, key: str) -> str | None:
    """Of the bytes that the store gives back; None when it has none."""
    digest = hashlib.sha256()
    try:
        for piece in store.stream(key):
            digest.update(piece)
    except (ObjectMissing, RangeUnsatisfiable):
        return None
    return digest.hexdigest()


def damaged(store: ObjectStore, rows: Sequence[MediaObject], *, cancelled: Callable[[], bool]) -> list[MediaObject]:
    """Rows whose object is not there, or holds other bytes than were recorded. Raises EncodeCancelled."""

    def found(row: MediaObject) -> str | None:
        if cancelled():
            raise EncodeCancelled("cancelled while objects were read back")
        return stored_sha256(store, row.key)

    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        return [row for row, sha256 in zip(rows, pool.map(found, rows), strict=True) if sha256 != row.sha256]
