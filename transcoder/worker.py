"""A Celery worker with a prefork pool, whose children each open a station and work on one task at a time."""

import os
import secrets
import socket
from collections.abc import Callable
from multiprocessing import RawValue
from typing import Any

from billiard.util import get_logger
from celery import Celery, signals

from transcoder.claims import Worker
from transcoder.station import Station
from transcoder.tasks import register

GRACE_S = 60.0


class _Crew:
    """State of one worker process: the flag is shared with the pool's children, the station is each child's own."""

    def __init__(self, open_station: Callable[[Worker, Callable[[], bool]], Station], worker: Worker) -> None:
        self._open_station, self._worker = open_station, worker
        # Memory shared over forks: a signal handler sets it, children read it several times a second.
        self._stopping = RawValue("b", 0)
        self._station: Station | None = None

    def stopping(self) -> bool:
        return bool(self._stopping.value)

    def ask_to_stop(self, **_: Any) -> None:
        self._stopping.value = 1

    def open(self, **_: Any) -> None:
        self._station = self._open_station(self._worker, self.stopping)

    def leave(self, *, exitcode: int | None, **_: Any) -> None:
        # The pool lets every child sleep for a second before it ends, one after the other. Its results are sent.
        if self.stopping():
            os._exit(exitcode or 0)

    def station(self) -> Station:
        assert self._station is not None
        return self._station


def _log_as_before(**_: Any) -> None:
    """Celery leaves logging alone when somebody listens to this signal."""


def run(
    app: Celery,
    open_station: Callable[[Worker, Callable[[], bool]], Station],
    *,
    slots: int,
    task_limit_s: float,
    ready: Callable[[], object],
) -> int:
    """
    Work until SIGTERM or SIGINT; returns the exit code.

    A running task is handed back within a second or so, so that a restart costs a lesson no lease. `ready` is called
    once the worker takes messages.
    """
    worker = Worker(f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}", slots)
    crew = _Crew(open_station, worker)
    register(app, crew.station, crew.ask_to_stop)
    # The pulse stops renewing at the limit; this is for a child that hangs where nothing can be cancelled.
    app.conf.task_time_limit = task_limit_s + GRACE_S

    def on_ready(**_: Any) -> None:
        # The pool's own logger keeps apart, and what it says of killed children would be a line without a time.
        get_logger().propagate = True
        # What was queued while no worker ran may have lost its wake-ups.
        ready()

    # The entry point has decided how this process logs.
    signals.setup_logging.connect(_log_as_before, weak=False)
    signals.worker_process_init.connect(crew.open, weak=False)
    signals.worker_process_shutdown.connect(crew.leave, weak=False)
    signals.worker_shutting_down.connect(crew.ask_to_stop, weak=False)
    signals.worker_ready.connect(on_ready, weak=False)
    celery_worker = app.Worker(
        hostname=worker.name,
        pool="prefork",
        concurrency=slots,
        optimization="fair",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        task_events=False,
        loglevel="INFO",
        quiet=True,
    )
    celery_worker.start()
    return int(celery_worker.exitcode or 0)
