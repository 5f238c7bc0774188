"""Ties the life of a process to its parent's, so that nothing runs on after a kill -9."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
"""Loaded before any fork: a child between fork and exec may not load libraries."""


def dying_with_parent() -> Callable[[], None]:
    """
    Return a `preexec_fn` for a media tool: the kernel sends it SIGKILL when the **thread** that started it ends.

    So start such a process from the main thread of a pool child, never from a short-lived one.
    """
    parent_pid = os.getpid()

    def prepare() -> None:
        # The parent may have died between the fork and this line; in a container it may well be number 1.
        if _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != parent_pid:
            os._exit(127)

    return prepare


def watch_parent(parent_pid: int, *, every_s: float = 0.2) -> None:
    """
    Kill this process soon after its parent has gone.

    For a pool child, where the kernel's signal would not do: Celery starts replacements from a helper thread that
    ends early in a warm shutdown, and every child of it would be killed in the middle of its task.
    """
    threading.Thread(target=_watch, args=(parent_pid, every_s), name="watch-parent", daemon=True).start()


def _watch(parent_pid: int, every_s: float) -> None:
    while os.getppid() == parent_pid:
        time.sleep(every_s)
    os.kill(os.getpid(), signal.SIGKILL)
