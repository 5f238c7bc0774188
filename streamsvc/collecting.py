"""
Frees what nobody needs: uploads past their time, and objects that no row names.

An object without a row is normal for a while: a worker puts it first and commits its row afterwards, an upload the
same. So only what is older than `collect_after_s` is looked at, nothing of an asset that is being encoded, and each
batch is asked about a second time right before it is deleted. Should a row appear even then, publishing still finds
the loss (it reads every object back) and has it made again.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cdn.errors import ObjectMissing
from cdn.storage import ObjectInfo, ObjectStore
from streamsvc.services import Services
from streamsvc.uploads import ending
from transcoder import jobs
from transcoder.tables import TranscodeJob

log = logging.getLogger(__name__)

PREFIXES = ("media/", "uploads/")
"""All that this collector may ever touch; a bucket may hold more."""
BATCH = 500
_RUNNING = ("waiting", "encoding")


@dataclass(frozen=True, slots=True)
class Collected:
    """What one round has freed."""

    objects: int = 0
    bytes: int = 0


async def expire_uploads(services: Services) -> None:
    """End uploads that are past their time and delete their parts."""
    while True:
        keys, messages = await services.database.write(ending.expire, services.now())
        if messages:
            await asyncio.to_thread(services.send, messages)
        if not keys:
            return
        await asyncio.to_thread(services.store.delete, keys)
        log.info("%d parts of expired uploads deleted", len(keys))


async def collect_objects(services: Services) -> Collected:
    """Delete every old object that no row names. Interrupted at any point it has done no harm."""
    before = services.now() - timedelta(seconds=services.settings.collect_after_s)
    total = Collected()
    for prefix in PREFIXES:
        found = services.store.list(prefix)
        while batch := await asyncio.to_thread(_take, found):
            total = _sum(total, await _collect(services, [item for item in batch if item.modified_at < before], before))
    if total.objects:
        log.info("%d unreferenced objects deleted, %d bytes", total.objects, total.bytes)
    return total


def _take(found: Iterator[ObjectInfo]) -> list[ObjectInfo]:
    return list(islice(found, BATCH))


async def _collect(services: Services, old: list[ObjectInfo], before: datetime) -> Collected:
    unnamed = await services.database.read(unreferenced, old)
    if not unnamed:
        return Collected()
    # Asked again: the list may be minutes old by now, and the key may have been put anew since.
    still_old = await asyncio.to_thread(_still_old, services.store, unnamed, before)
    doomed = await services.database.read(unreferenced, still_old)
    await asyncio.to_thread(services.store.delete, [item.key for item in doomed])
    return Collected(len(doomed), sum(item.size for item in doomed))


def unreferenced(session: Session, found: Collection[ObjectInfo]) -> list[ObjectInfo]:
    """Those objects that neither an upload nor an asset names, and whose asset is not being encoded."""
    keys = [item.key for item in found]
    named = jobs.referenced(session, keys) | ending.referenced(session, keys)
    left = [item for item in found if item.key not in named]
    busy = _being_encoded(session, {asset_id for item in left if (asset_id := asset_of(item.key))})
    return [item for item in left if asset_of(item.key) not in busy]


def asset_of(key: str) -> UUID | None:
    """The asset whose object this is; None for an upload's part and for what is no key of ours."""
    folder, _, rest = key.partition("/")
    if folder != "media":
        return None
    try:
        return UUID(rest.partition("/")[0])
    except ValueError:
        return None


def _being_encoded(session: Session, asset_ids: Collection[UUID]) -> set[UUID | None]:
    query = select(TranscodeJob.asset_id).where(TranscodeJob.asset_id.in_(asset_ids), TranscodeJob.state.in_(_RUNNING))
    return set(session.scalars(query)) if asset_ids else set()


def _still_old(store: ObjectStore, found: Iterable[ObjectInfo], before: datetime) -> list[ObjectInfo]:
    def now() -> Iterator[ObjectInfo]:
        for item in found:
            try:
                yield store.head(item.key)
            except ObjectMissing:
                continue  # somebody else was faster

    return [item for item in now() if item.modified_at < before]


def _sum(one: Collected, other: Collected) -> Collected:
    return Collected(one.objects + other.objects, one.bytes + other.bytes)
