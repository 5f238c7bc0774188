"""The life of a pool child: it dies with its worker, and hands its task back when it is asked to end."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

PR_SET_PDEATHSIG = 1


def die_with_worker() -> None:
    """
    Make sure that this pool child does not outlive its worker; its media tools die with it (`transcoder.runner`).

    Celery asks the kernel for a SIGKILL at the parent's end, but the kernel means the *thread* that forked. Children
    of the main thread keep that. Replacements may come from a helper thread, which ends first in a warm shutdown:
    they would be killed in the middle of their task, so they watch the process instead.
    """
    if threading.current_thread().name != "MainThread":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
        watch_parent(os.getppid())


def watch_parent(parent_pid: int, *, every_s: float = 0.2) -> None:
    """Kill this process soon after its parent has gone."""
    threading.Thread(target=_watch, args=(parent_pid, every_s), name="watch-parent", daemon=True).start()


def _watch(parent_pid: int, every_s: float) -> None:
    while os.getppid() == parent_pid:
        time.sleep(every_s)
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def finish_before_ending(ask_to_stop: Callable[[], None]) -> Iterator[None]:
    """
    While the context is open SIGTERM asks the task to stop; the process ends when it has.

    A service manager may signal the whole process group: without this the child would end at once, and its task
    would wait for the end of its lease.
    """
    asked = False

    def on_term(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        ask_to_stop()

    before = signal.signal(signal.SIGTERM, on_term)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if asked:
            os.kill(os.getpid(), signal.SIGTERM)
