"""A progress bar over bytes, on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn


@contextmanager
def bytes_progress(what: str) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """Two functions: one is told the total, the other of each piece done; both from any thread."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        yield (lambda total: progress.update(task, total=total)), (lambda done: progress.advance(task, done))
