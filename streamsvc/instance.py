"""
One running tree per VAR: its lock, what it says of itself, and the processes that belong to it.

The lock (flock) is held by the supervisor for its life, so that neither a stale pid file nor a reused process id can
be taken for a running system. Every process of the tree carries MARK in its environment, so that one that lost its
parent is still found.
"""

import errno
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from streamsvc.errors import AlreadyRunning

MARK = "SUPERVISED_BY_SABAQ_IN"
"""An environment name outside `SABAQ_…`, because those are settings."""

TreeState = Literal["starting", "running", "stopping", "failed"]


@dataclass(frozen=True, slots=True)
class ChildState:
    """What the supervisor knows of one child."""

    pid: int | None
    state: str
    restarts: int
    failures: int = 0
    """Short runs in a row; a good run forgives them."""


@dataclass(frozen=True, slots=True)
class RunState:
    """What a running tree says of itself in `VAR/supervisor.json`."""

    pid: int
    state: TreeState
    url: str
    reason: str = ""
    children: Mapping[str, ChildState] = field(default_factory=dict)


def make_var(var: Path) -> None:
    """For its owner alone: the database holds who watched what, and the hashes of passwords."""
    var.mkdir(parents=True, exist_ok=True, mode=0o700)


def claim(var: Path) -> IO[str]:
    """
    Take the one place of a supervisor under `var`; it is given back when the handle is closed or its process ends.

    Raises AlreadyRunning.
    """
    make_var(var)
    handle = (var / "supervisor.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        handle.close()
        if exc.errno not in {errno.EAGAIN, errno.EACCES}:
            raise
        state = read_state(var)
        raise AlreadyRunning("a supervisor runs here already", pid=state.pid if state else 0) from exc
    return handle


@contextmanager
def one_starter(var: Path) -> Iterator[None]:
    """Whoever starts, or looks whether something runs and then starts, does so alone; others wait here."""
    make_var(var)
    with (var / "starting.lock").open("a+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_claimed(var: Path) -> bool:
    """Tell whether a supervisor runs under `var` now."""
    try:
        claim(var).close()
    except AlreadyRunning:
        return True
    return False


def write_state(var: Path, state: RunState) -> None:
    """Whole or not at all: a reader never sees half a file."""
    fresh = var / "supervisor.json.new"
    fresh.write_text(json.dumps(asdict(state), indent=1), "utf-8")
    fresh.replace(var / "supervisor.json")


def read_state(var: Path) -> RunState | None:
    """What the last supervisor wrote; whether it still runs, the lock tells."""
    try:
        found: dict[str, Any] = json.loads((var / "supervisor.json").read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    children = {name: ChildState(**child) for name, child in found.pop("children").items()}
    return RunState(**found, children=children)


def mark_of(var: Path) -> str:
    """The mark's value for one VAR: two instances side by side never touch each other."""
    return str(var.resolve())


def processes_of(var: Path) -> list[int]:
    """Every living process that carries the mark of `var`, but ourselves."""
    wanted = f"{MARK}={mark_of(var)}".encode()
    return [pid for pid in _all_processes() if pid != os.getpid() and wanted in _environment(pid)]


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    """Empty for a process that ended, that is a zombie, or that belongs to somebody else."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def kill_processes_of(var: Path, *, within_s: float = 5.0) -> int:
    """End what is left over under `var` without asking, and return how many there were."""
    killed: set[int] = set()
    deadline = time.monotonic() + within_s
    while (left := processes_of(var)) and time.monotonic() < deadline:
        for pid in left:
            _signal(pid, signal.SIGKILL)
        killed.update(left)
        time.sleep(0.05)
    return len(killed)


def stop(var: Path, *, within_s: float = 60.0) -> bool:
    """
    End the tree under `var`, and return when nothing of it runs. Tell whether anything ran.

    The supervisor is asked first; what does not follow, or has lost its supervisor, is killed.
    """
    state, ran = read_state(var), False
    if state and is_claimed(var):
        ran = True
        _signal(state.pid, signal.SIGTERM)
        deadline = time.monotonic() + within_s
        while is_claimed(var) and time.monotonic() < deadline:
            time.sleep(0.1)
    return kill_processes_of(var) > 0 or ran


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended by itself, which is what we want
