"""
Bytes on their way: from a request into the spool, from the spool into the store, each step durable before the next.

A request's bytes are written as they come and fsynced before their offset is told to anybody. Full parts go to the
store while further bytes arrive; one flush at most is under way, so a line never runs far ahead of the store.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from uuid import UUID

from cdn.errors import CdnError
from streamsvc.errors import StreamsvcError
from streamsvc.uploads import ending, transfers
from streamsvc.uploads.errors import (
    ChecksumMismatch,
    OffsetConflict,
    UploadGone,
    UploadIsFinal,
    UploadOverflow,
    UploadTakenOver,
)
from streamsvc.uploads.holding import Held, Holding
from streamsvc.uploads.lines import Body, Line, Lines
from streamsvc.uploads.tables import Upload
from streamsvc.uploads.tus import Checksum

SYNC_EVERY_S = 5.0
"""While bytes trickle in: how old unsynced ones may become."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request that brings bytes."""

    offset: int
    announced: int | None
    """Its Content-Length; None when it comes in chunks."""
    checksum: Checksum | None
    body: Body


@dataclass(frozen=True, slots=True)
class Standing:
    """An upload and how many bytes of it we have for good."""

    upload: Upload
    offset: int


class Receiver:
    """The uploads of this process, as requests see them."""

    def __init__(self, holding: Holding) -> None:
        self.holding = holding
        self.lines = Lines()

    async def standing(self, upload_id: UUID, owner_id: UUID) -> Standing:
        """
        For HEAD: the offset at which the next PATCH may go on. Ends a PATCH that still waits for bytes.

        Raises UploadMissing, UploadGone, UploadBusy.
        """
        held = self.holding.all.get(upload_id)
        if held is not None and held.waits_for_store:
            offset = held.spooled.end
            return Standing(await self.holding.find(upload_id, owner_id), offset)
        async with self._alone(upload_id, owner_id):
            upload = await self.holding.find(upload_id, owner_id)
            if upload.state == "receiving" and upload.node == transfers.NOBODY:
                return Standing(upload, upload.stored_bytes)
            held, upload = await self.holding.hold(upload)
            return Standing(upload, upload.length if held is None else held.spooled.end)

    async def receive(self, upload_id: UUID, owner_id: UUID, incoming: Incoming) -> Standing:
        """
        For PATCH: take a request's bytes; returns when their offset is durable.

        Raises UploadMissing, UploadGone, UploadBusy, OffsetConflict, UploadOverflow, UploadIsFinal with nothing
        changed. On the way: UploadCut, UploadStalled, UploadInterrupted, UploadOverflow, ChecksumMismatch,
        StorageFull, StoreUnavailable, UploadGone, UploadTakenOver; bytes received are kept, unless a checksum covers
        them, and the errors' param `offset` tells how far we are.
        """
        async with self._alone(upload_id, owner_id) as line:
            upload = await self.holding.find(upload_id, owner_id)
            if upload.kind == "final":
                raise UploadIsFinal("a final upload takes no bytes")
            held, upload = await self.holding.hold(upload)
            end = upload.length if held is None else held.spooled.end
            _check(incoming, end=end, length=upload.length)
            if held is not None:
                await self._take_and_settle(line, held, incoming)
                end = held.spooled.end
            return Standing(upload, end)

    async def terminate(self, upload_id: UUID, owner_id: UUID) -> None:
        """For DELETE. Raises UploadMissing, UploadGone."""
        async with self._alone(upload_id, owner_id):
            keys = await self.holding.write(ending.terminate, upload_id, owner_id, now=self.holding.services.now())
            await self.holding.let_fall(upload_id)
            await self.holding.delete(keys)

    async def finish(self, held: Held) -> None:
        """Send the rest to the store, which completes the upload when all bytes are there."""
        with _waiting_for_store(held):
            await self.holding.flush(held)
        if held.missing == 0:
            await self.holding.let_fall(held.upload_id)

    @asynccontextmanager
    async def _alone(self, upload_id: UUID, owner_id: UUID) -> AsyncIterator[Line]:
        """The owner's upload to oneself. Look again inside: it may have changed while we waited."""
        await self.holding.find(upload_id, owner_id)  # before we end a request: only the owner may
        async with self.lines.alone(upload_id) as line:
            yield line

    async def _take_and_settle(self, line: Line, held: Held, incoming: Incoming) -> None:
        try:
            try:
                await self._take(line, held, incoming)
            finally:
                await self._settle(held)
        except (UploadGone, UploadTakenOver):
            # Nobody writes any more, so the files may go.
            await self.holding.let_fall(held.upload_id)
            raise
        except (StreamsvcError, CdnError) as error:
            error.params["offset"] = held.spooled.end
            raise

    async def _take(self, line: Line, held: Held, incoming: Incoming) -> None:
        if incoming.checksum is not None:
            await self._take_checked(line, held, incoming.body, checksum=incoming.checksum)
            return
        if held.spooled.ended():
            self._flush_beside(line, held)  # the store was away last time
        synced_at = time.monotonic()
        while data := await line.read(incoming.body):
            await self._append(line, held, data)
            if held.missing == 0 and incoming.announced is not None:
                return  # nothing more can come, so nobody needs to interrupt us
            if time.monotonic() - synced_at > SYNC_EVERY_S:
                await self.holding.on_disk(held.spooled.sync)
                synced_at = time.monotonic()

    async def _take_checked(self, line: Line, held: Held, body: Body, *, checksum: Checksum) -> None:
        """All of the request or nothing (U10): its bytes wait beside the upload until they are known to be right."""
        hashed = hashlib.new(checksum.algorithm, usedforsecurity=False)
        staged = await self.holding.on_disk(self.holding.spool.stage, held.upload_id, held.holder.epoch)
        received = 0
        try:
            while data := await line.read(body):
                received += len(data)
                if received > held.missing:
                    raise UploadOverflow("more bytes than announced")
                self.holding.check_room()
                hashed.update(data)
                await self.holding.on_disk(staged.write, data)
            if not checksum.matches(hashed):
                raise ChecksumMismatch("the bytes are not those of the checksum")
            while block := await self.holding.on_disk(staged.next_block):
                await self._append(line, held, block)
        finally:
            await self.holding.on_disk(staged.remove)

    async def _append(self, line: Line, held: Held, data: bytes) -> None:
        view = memoryview(data)[: held.missing]
        excess = len(data) - len(view)
        while view:
            self.holding.check_room()
            written = await self.holding.on_disk(held.spooled.write, view)
            view = view[written:]
            if held.spooled.tail is None:
                await _flushed(held)
                self._flush_beside(line, held)
        if excess:
            raise UploadOverflow("more bytes than announced")

    def _flush_beside(self, line: Line, held: Held) -> None:
        """Send full parts to the store while bytes come; when that fails, no more of them are read."""
        held.flushing = task = asyncio.create_task(self.holding.flush_ended(held))
        task.add_done_callback(lambda done: line.stop() if done.cancelled() or done.exception() else None)

    async def _settle(self, held: Held) -> None:
        """
        Make what was received durable, and then known; complete the upload when that was all of it.

        A flush that failed is the error of the request.
        """
        await self.holding.on_disk(held.spooled.sync)
        with _waiting_for_store(held):
            if held.flushing is not None:
                await asyncio.wait({held.flushing})
            await self.holding.acknowledge(held)
            held.used_at = time.monotonic()
            await _flushed(held)
        if held.missing == 0:
            await self.finish(held)


@contextmanager
def _waiting_for_store(held: Held) -> Iterator[None]:
    held.waits_for_store = True
    try:
        yield
    finally:
        held.waits_for_store = False


def _check(incoming: Incoming, *, end: int, length: int) -> None:
    if incoming.offset != end:
        raise OffsetConflict(f"offset {incoming.offset}, ours is {end}", offset=end)
    if incoming.announced is not None and end + incoming.announced > length:
        raise UploadOverflow("the request is longer than what is missing", offset=end)


async def _flushed(held: Held) -> None:
    """Wait for the flush under way and raise its error."""
    task, held.flushing = held.flushing, None
    if task is not None:
        await task
