"""Ties the life of a process to its parent's, so that nothing runs on after a kill -9."""

import ctypes
import os
import signal
import threading
import time

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
"""Loaded before any fork: a child between fork and exec may not load libraries."""


def die_with_parent() -> None:
    """
    For `preexec_fn` of a media tool: the kernel sends SIGKILL when the **thread** that started it ends.

    So start such a process from the main thread of a pool child, never from a short-lived one.
    """
    if _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() == 1:
        os._exit(127)


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
