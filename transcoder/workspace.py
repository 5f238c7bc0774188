"""
A worker's disk: one copy of each source for all tasks of this host, a folder for each running task.

    sources/{asset}/lock, source.bin   flock: shared while a task reads, exclusive while it is made or evicted
    tasks/{task}-{fence}/lock, …       flock: exclusive while the task runs

A lock dies with its process, so what a kill -9 leaves behind is known by its free lock and swept away.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from transcoder.errors import EncodeCancelled, WorkspaceFull

SOURCE = "source.bin"
HALF = "source.half"
LOCK = "lock"
PATIENCE_S = 0.1
TASK_BYTES = 64 * 1024**2
"""What the files of one task take at most, as a rule; the tools have harder limits."""
PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Workspace:
    """Safe to delete while no worker runs."""

    root: Path
    reserve_bytes: int
    """Free disk to be left alone."""

    @contextmanager
    def source(
        self,
        asset_id: UUID,
        *,
        size: int,
        fill: Callable[[IO[bytes]], None],
        cancelled: Callable[[], bool],
    ) -> Iterator[Path]:
        """
        The source as a local file, kept while the context is open; `fill` writes it if this host has no copy.

        Raises EncodeCancelled while waiting for another task that is making it, WorkspaceFull.
        """
        folder = self.root / "sources" / str(asset_id)
        while True:
            with _locked(folder, fcntl.LOCK_SH, cancelled):
                if (folder / SOURCE).exists():
                    os.utime(folder / LOCK)
                    yield folder / SOURCE
                    return
            with _locked(folder, fcntl.LOCK_EX, cancelled):
                if not (folder / SOURCE).exists():
                    self.make_room(size)
                    _fill(folder, fill)

    @contextmanager
    def task(self, task_id: UUID, fence: int) -> Iterator[Path]:
        """An empty folder, gone at the end. Raises WorkspaceFull."""
        self._sweep_tasks()
        self.make_room(TASK_BYTES)
        folder = self.root / "tasks" / f"{task_id}-{fence}"
        with _locked(folder, fcntl.LOCK_EX, _nobody):
            try:
                out = folder / "out"
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir()
                yield out
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def make_room(self, size: int) -> None:
        """Evict copies that nobody reads, the longest unused first, until `size` bytes fit. Raises WorkspaceFull."""
        for folder in [*self._by_last_use(), None]:
            free = shutil.disk_usage(self._ensured()).free
            if free - self.reserve_bytes >= size:
                return
            if folder is not None:
                _evict(folder)
        raise WorkspaceFull(f"{size} bytes do not fit into {self.root}", free_bytes=free, needed_bytes=size)

    def forget(self, asset_id: UUID) -> None:
        """Drop the copy of a removed asset if nobody reads it."""
        _evict(self.root / "sources" / str(asset_id))

    def sweep(self) -> None:
        """Remove what dead workers left: task folders, half copies."""
        self._sweep_tasks()
        for half in (self._ensured() / "sources").glob(f"*/{HALF}"):
            with _if_free(half.parent) as free:
                if free:
                    half.unlink(missing_ok=True)

    def _sweep_tasks(self) -> None:
        for folder in (self._ensured() / "tasks").glob("*"):
            _evict(folder)

    def _ensured(self) -> Path:
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root

    def _by_last_use(self) -> list[Path]:
        folders = []
        for lock in (self._ensured() / "sources").glob(f"*/{LOCK}"):
            with suppress(FileNotFoundError):
                folders.append((lock.stat().st_mtime, lock.parent))
        return [folder for _, folder in sorted(folders)]


def _nobody() -> bool:
    return False


def _fill(folder: Path, fill: Callable[[IO[bytes]], None]) -> None:
    """The copy appears whole or not at all; a crash leaves a half file that the next attempt overwrites."""
    half = folder / HALF
    try:
        with half.open("wb") as file:
            fill(file)
        half.rename(folder / SOURCE)
    except OSError as exc:
        raise WorkspaceFull(f"the source cannot be written: {exc}") from exc
    finally:
        half.unlink(missing_ok=True)


def _evict(folder: Path) -> None:
    with _if_free(folder) as free:
        if free:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path, mode: int, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Hold a folder's lock. Who evicts a folder removes its lock file too, so ours must still be the one there."""
    while True:
        if cancelled():
            raise EncodeCancelled("cancelled while waiting for the workspace")
        folder.mkdir(parents=True, exist_ok=True)
        with _opened(folder) as file:
            if file is not None and _try_lock(file, mode) and _is_current(folder, file):
                yield
                return
        time.sleep(PATIENCE_S)


@contextmanager
def _if_free(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock alone if nobody has it. A folder without one was left by a crash at birth: it is free."""
    try:
        file = (folder / LOCK).open("rb")
    except FileNotFoundError:
        yield folder.is_dir() and time.time() - folder.stat().st_mtime > BIRTH_S
        return
    with file:
        yield _try_lock(file, fcntl.LOCK_EX) and _is_current(folder, file)


BIRTH_S = 60.0
"""A folder gets its lock file at once; one without it for so long has lost its maker."""


@contextmanager
def _opened(folder: Path) -> Iterator[IO[bytes] | None]:
    """None when the folder was evicted between its making and now."""
    try:
        file = (folder / LOCK).open("ab")
    except FileNotFoundError:
        yield None
        return
    with file:
        yield file


def _try_lock(file: IO[bytes], mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_current(folder: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat((folder / LOCK).stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def sha256_of(path: Path, *, cancelled: Callable[[], bool]) -> str:
    """Of a file's bytes, in hex. Raises EncodeCancelled: a large source takes its time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            if cancelled():
                raise EncodeCancelled("cancelled while the source was read")
            digest.update(piece)
    return digest.hexdigest()
