"""Following the state of media live: however many people look, the database is asked once per beat."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from streamsvc.errors import DatabaseUnavailable
from transcoder.status import MediaStatus

log = logging.getLogger(__name__)

Read = Callable[[frozenset[UUID]], Awaitable[Mapping[UUID, MediaStatus]]]
"""Ask for many assets at once; an asset that is missing in the answer is gone."""


@dataclass(slots=True, eq=False)
class Follower:
    """One open stream. Holds the newest state only: a slow reader skips states, and never makes us keep them."""

    newest: MediaStatus | None = None
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, status: MediaStatus | None) -> None:
        """None: there is nothing more to follow."""
        if status is None:
            self.ended = True
        elif status == self.newest:
            return
        else:
            self.newest = status
        self.changed.set()

    async def wait(self, *, at_most_s: float) -> bool:
        """Whether something changed within the time."""
        try:
            await asyncio.wait_for(self.changed.wait(), at_most_s)
        except TimeoutError:
            return False
        self.changed.clear()
        return True


class Hub:
    """All followers of one process."""

    def __init__(self, read: Read, *, every_s: float = 0.5) -> None:
        self._read = read
        self._every_s = every_s
        self._followers: dict[UUID, set[Follower]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def follow(self, asset_id: UUID) -> AsyncIterator[Follower]:
        """Follow one asset while the context is open."""
        follower = Follower()
        self._followers.setdefault(asset_id, set()).add(follower)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._beat(), name="follow-media")
            self._task.add_done_callback(_log_mistake)
        try:
            yield follower
        finally:
            self._followers[asset_id].discard(follower)
            if not self._followers[asset_id]:
                del self._followers[asset_id]

    def end_all(self) -> None:
        """Let every stream end, so that a service that stops does not wait for them."""
        for followers in self._followers.values():
            for follower in followers:
                follower.tell(None)

    async def close(self) -> None:
        self.end_all()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _beat(self) -> None:
        try:
            await self._ask_and_tell()
        finally:
            # A stream that nobody tells anything any more must not stay open: whoever looks comes again, to a new beat.
            self.end_all()

    async def _ask_and_tell(self) -> None:
        while self._followers:
            asked = frozenset(self._followers)
            try:
                self._tell(asked, await self._read(asked))
            except DatabaseUnavailable as error:
                # The streams stay open and go on when the database is back.
                log.warning("cannot follow media: %s", error)
            await asyncio.sleep(self._every_s)

    def _tell(self, asked: frozenset[UUID], statuses: Mapping[UUID, MediaStatus]) -> None:
        for asset_id in asked:
            for follower in self._followers.get(asset_id, ()):
                follower.tell(statuses.get(asset_id))


def _log_mistake(beat: asyncio.Task[None]) -> None:
    if not beat.cancelled() and (error := beat.exception()) is not None:
        log.error("following media met a mistake of ours", exc_info=error)
