"""Log files of the children, rotated by size, so that a machine left alone for a year does not fill its disk."""

from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 10 * 1024 * 1024
KEPT = 3


class RotatingLog:
    """One child's log: `name.log`, and older ones as `name.log.1` … `.3`. Written by one process only."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self.path, self.max_bytes, self.kept = path, max_bytes, kept
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file, self._size = self._open()

    def _open(self) -> tuple[BinaryIO, int]:
        opened = self.path.open("ab", buffering=0)
        return opened, opened.tell()

    def write(self, output: bytes) -> None:
        """Append; a file that is full is put aside first."""
        if self._size + len(output) > self.max_bytes and self._size:
            self._rotate()
        self._file.write(output)
        self._size += len(output)

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self.kept, 0, -1):
            older = self._numbered(number)
            newer = self._numbered(number - 1) if number > 1 else self.path
            if newer.exists():
                newer.replace(older)
        self._file, self._size = self._open()

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def close(self) -> None:
        self._file.close()


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log, for a message about why something did not start; empty when there is none."""
    try:
        text = path.read_bytes()[-64 * 1024 :].decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
