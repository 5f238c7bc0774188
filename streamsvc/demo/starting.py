"""Brings the embedded system up under a supervisor of its own, and tells when it serves."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from streamsvc.childlogs import tail
from streamsvc.errors import PartNotStarted, PortTaken
from streamsvc.instance import MARK, RunState, is_claimed, mark_of, read_state, stop
from streamsvc.supervisor import launch

WITHIN_S = 180.0
"""A slow disk may need long for the first start of the store."""


def running(var: Path) -> RunState | None:
    """The tree that runs under `var`, if one does."""
    return read_state(var) if is_claimed(var) else None


def check_port(host: str, port: int) -> None:
    """Raises PortTaken, with a port that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the service will: old connections do no harm
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise PortTaken(f"port {port}: {exc}", port=port, other=_free_port(host, port)) from exc


def _free_port(host: str, port: int) -> int:
    """A port near the one that was wanted, because people remember those."""
    for candidate in (*range(port + 1, min(port + 20, 65536)), 0):
        with socket.socket() as probe:
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0


def start(
    settings: Mapping[str, str],
    *,
    environment: Mapping[str, str],
    var: Path,
    attached: bool,
    on_state: Callable[[RunState], None],
) -> RunState:
    """
    Start the supervisor and wait until all parts serve. Attached, it ends when we do, however we end.

    Raises PartNotStarted with the end of the log; then nothing runs any more.
    """
    (var / "supervisor.json").unlink(missing_ok=True)
    log = var / "log" / "supervisor.log"
    supervisor = launch(
        (sys.executable, "-m", "streamsvc.demo"),
        environment={**environment, **settings, MARK: mark_of(var)},
        log=log,
        die_with_us=signal.SIGTERM if attached else None,
    )
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline and not supervisor.has_ended():
        state = read_state(var)
        if state is not None:
            on_state(state)
            if state.state == "running":
                return state
            if state.state in {"failed", "stopping"}:
                break
        time.sleep(0.1)
    state = read_state(var)
    stop(var)
    name = state.reason if state and state.reason else "supervisor"
    path = var / "log" / f"{name}.log"
    raise PartNotStarted(tail(path), name=name, log=path)
