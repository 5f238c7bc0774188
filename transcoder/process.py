"""The end of a pool child: it hands its task back first. (With its worker it dies at once; Celery sees to that.)"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


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
