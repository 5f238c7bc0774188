"""
One writer per upload in this process: a newer request ends an older one that still waits for bytes.

It may still take what has come already, so that even clients which fight for an upload bring it to its end.
A line that broke without a word (a closed laptop) leaves a request open for minutes; the client that comes back must
not wait for it. Between nodes the lease in the database does the same (`streamsvc.uploads.transfers.hold`).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from streamsvc.uploads.errors import UploadInterrupted, UploadStalled

Body = Callable[[int], Awaitable[bytes]]
"""Gives at most so many bytes of a request as they come, empty at its end. Raises UploadCut when the line breaks."""

BLOCK_BYTES = 64 * 1024
HURRIED_S = 0.02
SILENCE_S = 120.0
"""A line that brings nothing for so long is given up; what it brought is kept."""


@dataclass(slots=True)
class Line:
    """The request that is served, and how many newer ones wait for it to end."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    ending: bool = False
    """The service stops."""
    last_read: bool = False
    """Of the request that is served: it was hurried, and has taken what there was."""
    stopped: bool = False
    """Of the request that is served: what it brought cannot be kept; the reason is told elsewhere."""
    reading: asyncio.Timeout | None = None

    @property
    def hurried(self) -> bool:
        return self.waiting > 0 or self.ending

    async def read(self, body: Body) -> bytes:
        """The next bytes. Raises UploadInterrupted when somebody waits, UploadStalled after a long silence."""
        if self.last_read or self.stopped:
            raise UploadInterrupted("a newer request waits, or the service stops")
        self.last_read = self.hurried
        try:
            async with asyncio.timeout(HURRIED_S if self.hurried else SILENCE_S) as self.reading:
                return await body(BLOCK_BYTES)
        except TimeoutError as exc:
            if self.hurried or self.stopped:
                raise UploadInterrupted("a newer request came, or the service stops") from exc
            raise UploadStalled("no byte came for a long time") from exc
        finally:
            self.reading = None

    def stop(self) -> None:
        """Let the request that is served read no more."""
        self.stopped = True
        self.interrupt()

    def interrupt(self) -> None:
        """End the read that is under way, if there is one."""
        if self.reading is not None:
            self.reading.reschedule(asyncio.get_running_loop().time())


class Lines:
    """All uploads that somebody works on."""

    def __init__(self) -> None:
        self._lines: dict[UUID, Line] = {}
        self._ending = False

    @asynccontextmanager
    async def alone(self, upload_id: UUID) -> AsyncIterator[Line]:
        """The upload to oneself. Requests come to it in the order of their arrival; each ends the one before."""
        line = self._lines.setdefault(upload_id, Line(ending=self._ending))
        line.waiting += 1
        line.interrupt()
        try:
            await line.lock.acquire()
        finally:
            line.waiting -= 1
            self._forget(upload_id, line)  # a wait that was cancelled
        line.last_read = line.stopped = False
        try:
            yield line
        finally:
            line.lock.release()
            self._forget(upload_id, line)

    def busy(self, upload_id: UUID) -> bool:
        return upload_id in self._lines

    def end_all(self) -> None:
        """For a service that stops: every reader ends as if somebody waited."""
        self._ending = True
        for line in self._lines.values():
            line.ending = True
            line.interrupt()

    def _forget(self, upload_id: UUID, line: Line) -> None:
        if not line.waiting and not line.lock.locked():
            self._lines.pop(upload_id, None)
