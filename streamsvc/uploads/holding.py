"""
The uploads that this node holds: their spool, their way into the store, and what the database knows of both.

Whoever calls these has the upload to himself (`streamsvc.uploads.lines`).
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from cdn import layout
from cdn.errors import CdnError, StoreFull
from streamsvc.services import Services
from streamsvc.uploads import transfers
from streamsvc.uploads.errors import StorageFull
from streamsvc.uploads.spool import RETRY_AFTER_S, NodeSpool, Spooled, SpoolFile, open_spool
from streamsvc.uploads.tables import Upload
from streamsvc.uploads.transfers import Holder, Wanted
from transcoder.jobs import SourcePart

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

PART_TYPE = "application/octet-stream"


@dataclass(slots=True)
class Held:
    """An upload that this node holds."""

    upload_id: UUID
    length: int
    holder: Holder
    spooled: Spooled
    used_at: float
    """Of the monotonic clock: the last request's end."""
    flushing: "asyncio.Task[None] | None" = None
    """Full parts on their way to the store while further bytes arrive."""
    waits_for_store: bool = False
    """No byte is taken now, and all that were are durable: the offset stands, however long the store takes."""

    @property
    def missing(self) -> int:
        return self.length - self.spooled.end


class Holding:
    """What one process holds, and its means to keep it."""

    spool: NodeSpool

    def __init__(self, services: Services) -> None:
        self.services = services
        self.limits = services.settings.uploads
        self.lease = timedelta(seconds=self.limits.lease_s)
        self.all: dict[UUID, Held] = {}
        # Threads of our own: a store that hangs must hold up neither the lines of others nor the rest of the service.
        self._disk = ThreadPoolExecutor(8, "upload-disk")
        self._store = ThreadPoolExecutor(4, "upload-store")

    def open(self) -> None:
        """Take our place in the spool, before anything else is called."""
        self.spool = open_spool(self.limits.spool)

    async def on_disk(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call what may wait for the spool's disk."""
        return await asyncio.get_running_loop().run_in_executor(self._disk, partial(function, *args, **kwargs))

    async def in_store(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call what may wait for the store; four at once, each with a part of 8 MiB in memory."""
        return await asyncio.get_running_loop().run_in_executor(self._store, partial(function, *args, **kwargs))

    async def write(self, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """One writing transaction; its wake-ups leave after the commit."""
        result, messages = await self.services.database.write(function, *args, **kwargs)
        if messages:
            await asyncio.to_thread(self.services.send, messages)
        return result

    async def find(self, upload_id: UUID, owner_id: UUID) -> Upload:
        """Raises UploadMissing, UploadGone."""
        return await self.services.database.read(transfers.find, upload_id, owner_id, now=self.services.now())

    async def hold(self, upload: Upload) -> tuple[Held | None, Upload]:
        """The upload with what our spool has of it, under our lease; None for a complete one. Raises UploadBusy."""
        now, node = self.services.now(), self.spool.node
        if upload.node != node:
            await self.let_fall(upload.id)  # what we remember is from before another node had it
        if transfers.needs_hold(upload, node=node, lease=self.lease, now=now):
            upload = await self.write(transfers.hold, upload.id, upload.owner_id, node=node, lease=self.lease, now=now)
        if upload.state != "receiving":
            await self.let_fall(upload.id)
            return None, upload
        return await self.adopt(upload), upload

    async def adopt(self, upload: Upload) -> Held:
        """Open what lies in our spool of an upload that the database says is ours."""
        held = self.all.get(upload.id)
        if held is None or held.holder.epoch != upload.epoch:
            await self.let_fall(upload.id)
            spooled = await self.on_disk(self.spool.open, upload.id, upload.epoch, stored_bytes=upload.stored_bytes)
            held = Held(upload.id, upload.length, Holder(self.spool.node, upload.epoch, self.lease), spooled, 0.0)
            self.all[upload.id] = held
        held.used_at = time.monotonic()
        return held

    async def let_fall(self, upload_id: UUID) -> None:
        """Forget an upload that is complete, over, or another's, and its bytes in the spool."""
        held = self.all.pop(upload_id, None)
        if held is not None:
            await self.on_disk(held.spooled.remove)

    async def acknowledge(self, held: Held) -> None:
        """Write down how far the spool has come. Raises UploadGone, UploadTakenOver."""
        await self.write(
            transfers.acknowledge, held.upload_id, held.spooled.end, holder=held.holder, now=self.services.now()
        )

    async def flush(self, held: Held) -> None:
        """Send everything to the store, which may complete the upload. Raises StoreUnavailable, StorageFull."""
        await self.on_disk(held.spooled.end_part)
        await self.flush_ended(held)

    async def flush_ended(self, held: Held) -> None:
        """Send the parts that are full; safe while further bytes are written. Raises as `flush`."""
        for file in held.spooled.ended():
            if file.bytes:
                part = await self.in_store(self._put, held, file)
                await self.write(transfers.add_part, held.upload_id, part, holder=held.holder, now=self.services.now())
            await self.on_disk(held.spooled.drop, file)

    def _put(self, held: Held, file: SpoolFile) -> SourcePart:
        body = held.spooled.read(file)
        key = layout.upload_part(held.upload_id, file.offset, epoch=held.holder.epoch)
        try:
            # Unconditional: an earlier attempt of ours, killed before its commit, may have left a shorter part.
            self.services.store.put(key, body, content_type=PART_TYPE)
        except StoreFull as exc:
            raise StorageFull("the store is full", retry_after_s=RETRY_AFTER_S) from exc
        return SourcePart(key=key, offset=file.offset, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())

    async def delete(self, keys: list[str]) -> None:
        """Remove objects that nothing names any more; what fails is left to the collector."""
        if not keys:
            return
        try:
            await self.in_store(self.services.store.delete, keys)
        except CdnError as error:
            log.warning("parts of an ended upload stay for the collector: %s", error)

    def close(self) -> None:
        """Leave the spool to the next process. Nothing may be called any more."""
        self._disk.shutdown()
        self._store.shutdown()
        self.spool.close()

    def check_room_for(self, wanted: Wanted) -> None:
        """
        Before an upload begins. Raises UploadTooLarge, StorageFull.

        For a store elsewhere we need room for a few parts only.
        """
        transfers.check_size(wanted.length, limits=self.limits)
        self.check_room(wanted.length if _shares_disk(self.services.settings.storage_url) else 2 * layout.PART_BYTES)

    def check_room(self, length: int = 0) -> None:
        """Raises StorageFull when the disk would have less free room than the reserve after `length` more bytes."""
        if self.spool.free_bytes() - length < self.limits.reserve_bytes:
            raise StorageFull("free disk is below the reserve", retry_after_s=RETRY_AFTER_S)


def _shares_disk(storage_url: str) -> bool:
    """Whether the store is a directory or a server on this machine, whose disk is most likely ours."""
    parts = urlsplit(storage_url)
    return parts.scheme == "file" or parts.hostname in {"127.0.0.1", "::1", "localhost"}
