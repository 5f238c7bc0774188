"""
The one door through which a media tool is started: no shell, hard limits, and dead when its parent is.

What the tools may open and decode is decided by the argument lists of `transcoder.encode` and `transcoder.report`.
"""

import ctypes
import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcoder.errors import EncodeCancelled

GIB = 1024**3
TICK_S = 0.2
STDERR_BYTES = 8 * 1024
"""Kept of each end of what a tool complains about: a hostile file can make it repeat itself millions of times."""
READ_BYTES = 64 * 1024
LINE_BYTES = 1024 * 1024
"""Of one line of standard output; the rest of a longer one is forgotten."""

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "AV_LOG_FORCE_NOCOLOR": "1",
    # SVT-AV1 writes its settings to standard error past ffmpeg's own level; errors alone are told.
    "SVT_LOG": "1",
    # Every thread's own arena would reserve 64 MiB of address space, which RLIMIT_AS counts.
    "MALLOC_ARENA_MAX": "2",
}

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run of a tool may use; the kernel enforces all but the wall clock."""

    memory_bytes: int = 4 * GIB
    """Address space. Measured: 4K HEVC of 10 bit into four rungs is content with 2 GiB."""
    file_bytes: int = 4 * GIB
    """Of any one file that it writes."""
    cpu_s: int = 4 * 3600
    wall_s: float = 1800.0
    open_files: int = 128
    niceness: int = 5


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended."""

    returncode: int
    """Negative: the number of the signal that ended it."""
    complaint: str
    """The beginning and the end of its standard error."""
    cpu_s: float
    wall_s: float
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return self.returncode == 0 and not self.timed_out


def nobody_cancels() -> bool:
    return False


def run(
    command: Sequence[str],
    *,
    limits: Limits,
    folder: Path = Path("/"),
    cancelled: Callable[[], bool] = nobody_cancels,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
) -> Finished:
    """
    Run a tool to its end, in `folder`.

    `on_line` hears its standard output line by line, `on_tick` is called several times a second, and so is
    `cancelled`: when that says True, or anything here raises, the whole process group is killed. Raises
    EncodeCancelled. A bad end is no exception here: the caller knows what it means.
    """
    started = time.monotonic()
    process = _start(command, folder, limits)
    watch = _Watch(process, on_line or _ignore)
    try:
        while not watch.ended():
            if cancelled():
                raise EncodeCancelled("cancelled while a media tool ran")
            if on_tick:
                on_tick()
            if time.monotonic() - started > limits.wall_s:
                break
            watch.read()
        timed_out = not watch.ended()
    finally:
        _kill(process)
        watch.close()
    return Finished(watch.returncode, watch.complaint(), watch.cpu_s, time.monotonic() - started, timed_out)


def _ignore(_line: str) -> None:
    """Nobody listens."""


def _start(command: Sequence[str], folder: Path, limits: Limits) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def before_exec() -> None:
        # Without this a worker that is killed leaves ffmpeg running; it must come before the check of the parent.
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for name, value in _rlimits(limits):
            resource.setrlimit(name, (value, value))
        os.nice(limits.niceness)

    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd=folder,
        env=ENVIRONMENT,
        start_new_session=True,
        preexec_fn=before_exec,
    )


def _rlimits(limits: Limits) -> list[tuple[int, int]]:
    wanted = [
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ]
    return [(name, _within_hard(name, value)) for name, value in wanted]


def _within_hard(name: int, value: int) -> int:
    """An operator's own limit may be lower, and cannot be raised."""
    hard = resource.getrlimit(name)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole group, and wait until it is gone; a group that ended by itself is no error."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class _Watch:
    """Reads both pipes of a process without ever blocking for long, and collects it when it ends."""

    def __init__(self, process: subprocess.Popen[bytes], on_line: Callable[[str], None]) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self.process, self.on_line = process, on_line
        self.cpu_s = 0.0
        self._line, self._stderr_head, self._stderr_tail = b"", b"", b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(process.stdout, selectors.EVENT_READ, self._on_stdout)
        self._selector.register(process.stderr, selectors.EVENT_READ, self._on_stderr)

    @property
    def returncode(self) -> int:
        return -signal.SIGKILL if self.process.returncode is None else self.process.returncode

    def ended(self) -> bool:
        """Whether the pipes are closed and the process is collected."""
        return not self._selector.get_map() and self._collect(os.WNOHANG)

    def read(self) -> None:
        """Handle what the process wrote within one tick."""
        if not self._selector.get_map():
            time.sleep(TICK_S / 10)
        for key, _ in self._selector.select(TICK_S):
            data = os.read(key.fd, READ_BYTES)
            if not data:
                self._selector.unregister(key.fileobj)
            key.data(data)

    def complaint(self) -> str:
        return (self._stderr_head + self._stderr_tail).decode("utf-8", "replace").strip()

    def close(self) -> None:
        self._selector.close()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()
        self._collect(0)

    def _collect(self, options: int) -> bool:
        """wait4 in place of Popen.wait: only it tells the CPU time of this very child."""
        if self.process.returncode is None:
            pid, status, usage = os.wait4(self.process.pid, options)
            if pid == 0:
                return False
            self.process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_s = usage.ru_utime + usage.ru_stime
        return True

    def _on_stdout(self, data: bytes) -> None:
        *lines, rest = (self._line + data).split(b"\n")
        self._line = rest[:LINE_BYTES]
        for line in lines:
            self.on_line(line.decode("utf-8", "replace"))

    def _on_stderr(self, data: bytes) -> None:
        room = STDERR_BYTES - len(self._stderr_head)
        self._stderr_head += data[:room]
        self._stderr_tail = (self._stderr_tail + data[room:])[-STDERR_BYTES:]
