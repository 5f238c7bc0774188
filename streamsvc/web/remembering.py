"""Playlists of growing lessons, written once per change: thirty pupils who ask every few seconds cost one writing."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from transcoder import jobs

MAX_BYTES = 32 * 1024 * 1024
"""Of all texts together; one of an hour has about 100 kB."""

Read = Callable[..., Awaitable[Any]]
"""Run a domain function in a reading transaction, as `Database.read` does."""
Address = tuple[UUID, UUID, str]
"""Asset, job and name."""


@dataclass(frozen=True, slots=True)
class Written:
    """A playlist as it is sent."""

    version: jobs.Version
    body: bytes
    etag: str


class GrowingPlaylists:
    """
    Each answer is as new as the database: its version is asked for every time, its text only when that changed.

    Keeps what was asked for last, up to `max_bytes`. Only texts are kept, never a refusal.
    """

    def __init__(self, read: Read, *, max_bytes: int = MAX_BYTES) -> None:
        self._read, self._max_bytes = read, max_bytes
        self._kept: OrderedDict[Address, Written] = OrderedDict()
        self._bytes = 0
        self._writing = asyncio.Lock()

    async def get(self, asset_id: UUID, job_id: UUID, name: str) -> Written:
        """Raises what `transcoder.jobs.growing_playlist` raises."""
        address = (asset_id, job_id, name)
        found = await self._current(address)
        if found is not None:
            return found
        async with self._writing:
            # Whoever waited for this looks again: most often somebody else has written it meanwhile.
            found = await self._current(address)
            if found is None:
                found = await self._read(_write, *address)
                self._keep(address, found)
            return found

    async def _current(self, address: Address) -> Written | None:
        kept = self._kept.get(address)
        if kept is None or kept.version != await self._read(jobs.growing_version, *address[1:]):
            return None
        if address in self._kept:
            self._kept.move_to_end(address)
        return kept

    def _keep(self, address: Address, written: Written) -> None:
        self._forget(address)
        if len(written.body) > self._max_bytes:
            return
        self._kept[address] = written
        self._bytes += len(written.body)
        while self._bytes > self._max_bytes:
            self._forget(next(iter(self._kept)))

    def _forget(self, address: Address) -> None:
        old = self._kept.pop(address, None)
        if old is not None:
            self._bytes -= len(old.body)


def _write(session: Session, asset_id: UUID, job_id: UUID, name: str) -> Written:
    # The version first: what is added between the two reads is written early, and never missed.
    version = jobs.growing_version(session, job_id, name)
    body = jobs.growing_playlist(session, asset_id, job_id, name).encode()
    return Written(version, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
