"""Objects as plain files below one directory: for a person's machine, and for tests."""

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import IO

from cdn.errors import ObjectExists, ObjectMissing, RangeUnsatisfiable, StoreFull, StoreUnavailable
from cdn.layout import checked, checked_prefix, content_type
from cdn.storage import PIECE_BYTES, ObjectInfo, checked_end

INCOMING = ".incoming"
"""Half-written files; no key begins with a dot, so they are never objects."""
ABANDONED_S = 24 * 3600
_FULL = {errno.ENOSPC, errno.EDQUOT}
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class DirectoryStore:
    """
    Fits `cdn.storage.ObjectStore`.

    An object appears whole or not at all, and has survived a power cut once `put` returns: its bytes are fsynced
    under another name and then linked or renamed into place, and so is every folder on the way. The content type
    is not kept: it follows from the suffix.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, body: bytes, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        with self._incoming(key) as (path, file):
            file.write(body)
            return self._settle(key, path, file, if_absent=if_absent)

    def put_file(self, key: str, path: Path, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        with self._incoming(key) as (incoming, file), path.open("rb") as source:
            while piece := source.read(PIECE_BYTES):
                file.write(piece)
            return self._settle(key, incoming, file, if_absent=if_absent)

    def head(self, key: str) -> ObjectInfo:
        with self._open(key) as file:
            return _info(key, os.fstat(file.fileno()))

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return b"".join(self.stream(key, start, end))

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        pieces = self._pieces(key, start, checked_end(start, end))
        next(pieces)  # Here the file is opened.
        return pieces

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            path = self._path(key)
            with _translated(), suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
                path.unlink()
                self._prune(path.parent)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        checked_prefix(prefix)
        folder = prefix.rpartition("/")[0]
        yield from self._walk(self.root / folder, f"{folder}/" if folder else "", prefix)

    def check(self) -> None:
        """Also sweeps away what writers that were killed have left half-written."""
        with _translated():
            incoming = self.root / INCOMING
            incoming.mkdir(parents=True, exist_ok=True)
            if not os.access(incoming, os.W_OK | os.X_OK):
                raise StoreUnavailable(
                    f"{self.root} cannot be written to", reason=f"no permission to write in {self.root}"
                )
            for entry in incoming.iterdir():
                with suppress(FileNotFoundError):
                    if entry.stat().st_mtime < time.time() - ABANDONED_S:
                        entry.unlink()

    def _pieces(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        """The first value is empty: it comes when the file is open."""
        with self._open(key) as file, _translated():
            size = os.fstat(file.fileno()).st_size
            if start and start >= size:
                raise RangeUnsatisfiable(f"{key} has {size} bytes", key=key, bytes=size)
            file.seek(start)
            yield b""
            left = (size if end is None else min(size, end)) - start
            while left > 0 and (piece := file.read(min(left, PIECE_BYTES))):
                left -= len(piece)
                yield piece

    def _path(self, key: str) -> Path:
        return self.root / checked(key)

    def _open(self, key: str) -> IO[bytes]:
        path = self._path(key)
        with _translated():
            try:
                return path.open("rb")
            except _ABSENT as exc:
                raise ObjectMissing(key) from exc

    @contextmanager
    def _incoming(self, key: str) -> Iterator[tuple[Path, IO[bytes]]]:
        checked(key)
        path = self.root / INCOMING / token_hex(16)
        with _translated():
            _make_folder(path.parent)
            try:
                with path.open("xb") as file:
                    yield path, file
            finally:
                path.unlink(missing_ok=True)

    def _settle(self, key: str, incoming: Path, file: IO[bytes], *, if_absent: bool) -> ObjectInfo:
        """Give the written file its key."""
        file.flush()
        os.fsync(file.fileno())
        info = _info(key, os.fstat(file.fileno()))
        path = self._path(key)
        for last in (False, False, False, False, True):
            try:
                _make_folder(path.parent)
                _place(incoming, path, key, if_absent=if_absent)
                _sync_folder(path.parent)
                return info
            except FileNotFoundError:
                # A folder may be pruned between making and using it, when another process deletes its last object.
                if last:
                    raise
        raise AssertionError("unreachable")

    def _prune(self, folder: Path) -> None:
        """Remove the folders that became empty."""
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent

    def _walk(self, folder: Path, before: str, prefix: str) -> Iterator[ObjectInfo]:
        with _translated():
            try:
                entries = [(entry.name, entry.is_dir()) for entry in os.scandir(folder)]
            except _ABSENT:
                return
        # The slash counts in key order: `a-b/…` comes before `a/…`.
        for name, is_folder in sorted((f"{name}/" if is_dir else name, is_dir) for name, is_dir in entries):
            key = before + name
            if name.startswith(".") or not (key.startswith(prefix) or prefix.startswith(key)):
                continue
            if is_folder:
                yield from self._walk(folder / name, key, prefix)
            else:
                with suppress(ObjectMissing):
                    yield self.head(key)


def _place(incoming: Path, path: Path, key: str, *, if_absent: bool) -> None:
    if not if_absent:
        incoming.replace(path)
        return
    try:
        os.link(incoming, path)
    except FileExistsError as exc:
        raise ObjectExists(key) from exc


def _make_folder(folder: Path) -> None:
    """As `mkdir -p`, and the new names survive a power cut."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir()
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _info(key: str, stat: os.stat_result) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size=stat.st_size,
        # The inode tells apart two files of one size that were written within one tick of the clock.
        etag=f'"{stat.st_mtime_ns:x}-{stat.st_size:x}-{stat.st_ino:x}"',
        content_type=content_type(key),
        modified_at=datetime.fromtimestamp(stat.st_mtime, UTC),
    )


@contextmanager
def _translated() -> Iterator[None]:
    """The operating system's errors in our words."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise StoreFull(str(exc)) from exc
        raise StoreUnavailable(str(exc), reason=exc.strerror or str(exc)) from exc
