"""
Bytes on this node's disk that do not stand in the store yet.

    {directory}/{node}/lock                       held by the living process
    {directory}/{node}/{upload}.{epoch}/{offset}  a part in the making, at most 8 MiB
    {directory}/{node}/{upload}.{epoch}/staged    bytes whose checksum is not known yet; worth nothing after a crash

A killed process leaves its folder to the next one on the same disk, together with the node's name and so with its
leases: everything received is still there. Files only grow at their end, and file systems that keep their promises
never show a length whose bytes were not written; the lengths are therefore the truth after a crash.
"""

import errno
import fcntl
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from cdn.layout import PART_BYTES
from streamsvc.uploads.errors import StorageFull

READ_BYTES = 256 * 1024
RETRY_AFTER_S = 60
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_some(fd: int, data: memoryview) -> int:
    """As os.write, which may write less than asked. Raises StorageFull when the disk takes nothing."""
    try:
        return os.write(fd, data)
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            raise StorageFull("the spool's disk is full", retry_after_s=RETRY_AFTER_S) from exc
        raise


@dataclass(slots=True)
class SpoolFile:
    """Bytes `[offset, offset + bytes)` of an upload."""

    offset: int
    bytes: int


@dataclass(slots=True)
class Spooled:
    """
    What the spool holds of one upload: files without a gap, from the end of the store's parts on.

    One thread may write while another reads and drops files that are ended.
    """

    folder: Path
    end: int
    """The offset behind the last byte received."""
    files: list[SpoolFile] = field(default_factory=list)
    tail: SpoolFile | None = None
    """The part in the making; a part that is ended is no tail any more."""
    fd: int = -1

    def write(self, data: memoryview) -> int:
        """Append to the part in the making and return how many bytes went in: never across the end of a part."""
        tail = self._open_tail()
        written = write_some(self.fd, data[: PART_BYTES - tail.bytes])
        tail.bytes += written
        self.end += written
        if tail.bytes == PART_BYTES:
            self.end_part()
        return written

    def sync(self) -> None:
        """Everything written so far survives a power cut when this returns."""
        if self.fd >= 0:
            os.fsync(self.fd)

    def end_part(self) -> None:
        """End the part in the making, durably; the next byte begins another."""
        self.sync()
        self._close()
        self.tail = None

    def ended(self) -> list[SpoolFile]:
        """Parts that nobody appends to any more, in order."""
        return [file for file in self.files if file is not self.tail]

    def read(self, file: SpoolFile) -> bytes:
        return self._path(file.offset).read_bytes()

    def drop(self, file: SpoolFile) -> None:
        """The part stands in the store and in the database."""
        self.files.remove(file)
        self._path(file.offset).unlink(missing_ok=True)

    def remove(self) -> None:
        """Give everything up. Nobody may be writing."""
        self._close()
        self.files, self.tail = [], None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open_tail(self) -> SpoolFile:
        if self.tail is None:
            self.fd = _create(self._path(self.end))
            self.tail = SpoolFile(self.end, 0)
            self.files.append(self.tail)
        elif self.fd < 0:
            self.fd = os.open(self._path(self.tail.offset), os.O_WRONLY | os.O_APPEND)
        return self.tail

    def _close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _path(self, offset: int) -> Path:
        return self.folder / f"{offset:015d}"


def _create(path: Path) -> int:
    """A new file whose name is durable too."""
    try:
        fresh = not path.parent.exists()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            raise StorageFull("the spool's disk is full", retry_after_s=RETRY_AFTER_S) from exc
        raise
    _sync_folder(path.parent)
    if fresh:
        _sync_folder(path.parent.parent)
    return fd


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@dataclass(slots=True)
class Staged:
    """Bytes that become part of the upload only if their checksum is right."""

    path: Path
    fd: int
    read_bytes: int = 0

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[write_some(self.fd, view) :]

    def next_block(self) -> bytes:
        """What was written, from the beginning, piece by piece; empty at the end."""
        block = os.pread(self.fd, READ_BYTES, self.read_bytes)
        self.read_bytes += len(block)
        return block

    def remove(self) -> None:
        os.close(self.fd)
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class NodeSpool:
    """One process's own part of the spool."""

    root: Path
    node: str
    lock_fd: int

    def open(self, upload_id: UUID, epoch: int, *, stored_bytes: int) -> Spooled:
        """
        What lies here of an upload, made durable; files that the store has already are removed.

        A gap (an operator took files away) ends what counts: the client sends the rest again.
        """
        spooled = Spooled(self.root / f"{upload_id}.{epoch}", stored_bytes)
        with suppress(FileNotFoundError):
            (spooled.folder / "staged").unlink()
        for path in sorted(spooled.folder.glob("[0-9]" * 15)):
            offset, size = int(path.name), path.stat().st_size
            if offset != spooled.end or size == 0:
                path.unlink()
                continue
            _sync_file(path)
            spooled.files.append(SpoolFile(offset, size))
            spooled.end += size
        if spooled.files and spooled.files[-1].bytes < PART_BYTES:
            spooled.tail = spooled.files[-1]
        return spooled

    def stage(self, upload_id: UUID, epoch: int) -> Staged:
        path = self.root / f"{upload_id}.{epoch}" / "staged"
        path.unlink(missing_ok=True)
        return Staged(path, _create(path))

    def present(self) -> dict[tuple[UUID, int], Path]:
        """The folders of all uploads, by upload and epoch; what others put here (`.nfs…`, say) is left alone."""
        named = ((_upload_and_epoch(path.name), path) for path in self.root.iterdir())
        return {name: path for name, path in named if name is not None}

    def orphans(self) -> "list[NodeSpool]":
        """The folders beside ours of nodes that are not alive; each is ours until it is closed."""
        beside = sorted(path for path in self.root.parent.iterdir() if path.is_dir() and path != self.root)
        locked = [(root, _locked(root)) for root in beside]
        return [NodeSpool(root, root.name, lock_fd) for root, lock_fd in locked if lock_fd is not None]

    def take(self, folder: Path, *, replace: bool) -> None:
        """Move an upload's folder here from an orphan; unless asked to replace ours, ours counts."""
        target = self.root / folder.name
        if replace:
            shutil.rmtree(target, ignore_errors=True)
        if not target.exists():
            folder.rename(target)
            _sync_folder(self.root)

    def remove(self) -> None:
        """Of an orphan: what is left here nobody wants."""
        shutil.rmtree(self.root, ignore_errors=True)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.root).free

    def close(self) -> None:
        """Leave the folder to the next process."""
        os.close(self.lock_fd)


def open_spool(directory: Path) -> NodeSpool:
    """Take over the folder of a node that is not alive, or begin as a new node."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for root in sorted(path for path in directory.iterdir() if path.is_dir()):
        lock_fd = _locked(root)
        if lock_fd is not None:
            return NodeSpool(root, root.name, lock_fd)
    root = directory / str(uuid4())
    root.mkdir(mode=0o700)
    lock_fd = _locked(root)
    if lock_fd is None:
        return open_spool(directory)  # another process took the new folder before us; it can have it
    _sync_folder(directory)
    return NodeSpool(root, root.name, lock_fd)


def _upload_and_epoch(name: str) -> tuple[UUID, int] | None:
    """None for a name that is not of our making."""
    upload, _, epoch = name.partition(".")
    try:
        upload_id, number = UUID(upload), int(epoch)
    except ValueError:
        return None
    return (upload_id, number) if name == f"{upload_id}.{number}" else None


def _locked(root: Path) -> int | None:
    """The lock goes with the process, however it ends. None when another has it, or the folder was just removed."""
    try:
        fd = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(fd), (root / "lock").stat()):
            return fd
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(fd)
    return None


def _sync_file(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
