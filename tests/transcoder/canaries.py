"""What a hostile file would touch: an address on loopback and a file, both of which tell on it."""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_OPEN = 0x20
IN_NONBLOCK = os.O_NONBLOCK
EVENT_BYTES = 16


class Canaries:
    """Knows whether anybody called the address or opened the file."""

    def __init__(self, listener: socket.socket, watch: int, file: Path) -> None:
        self._listener, self._watch = listener, watch
        self.file = file
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def touched(self) -> list[str]:
        return [*self._calls(), *self._opens()]

    def _calls(self) -> Iterator[str]:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        connection.close()
        yield "somebody called the address"

    def _opens(self) -> Iterator[str]:
        try:
            events = os.read(self._watch, 4096)
        except BlockingIOError:
            return
        yield from ("somebody opened the file" for _ in range(len(events) // EVENT_BYTES))


@contextmanager
def canaries(folder: Path) -> Iterator[Canaries]:
    """A listener on a free port and a watched file, `neighbour.mp4`, that holds a secret."""
    file = folder / "neighbour.mp4"
    file.write_bytes(b"secret" + struct.pack(">I", 0))
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(IN_NONBLOCK)
    assert watch >= 0
    assert libc.inotify_add_watch(watch, os.fsencode(file), IN_OPEN) >= 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        try:
            yield Canaries(listener, watch, file)
        finally:
            os.close(watch)
