"""What a person sees while the demo prepares itself: on stderr, moving on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

SECONDS_BETWEEN_LINES = 5.0


class Display:
    """One bar for each thing that is going on. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<28}"),
            BarColumn(30),
            TextColumn("{task.percentage:>4.0f} %"),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._said_at: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, name: str, fraction: float | None, note: str = "") -> None:
        """Set the bar called `name`; None is a thing whose end is not known."""
        if not self.console.is_terminal:
            self._say_now_and_then(name, fraction, note)
            return
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=1.0, note="")
        total = None if fraction is None else 1.0
        self._progress.update(self._tasks[name], total=total, completed=fraction or 0.0, note=note)

    def _say_now_and_then(self, name: str, fraction: float | None, note: str) -> None:
        """A log wants few lines: at the start, the end, and every few seconds between."""
        done = fraction is not None and fraction >= 1.0
        last = self._said_at.get(name)
        if last == float("inf") or (last is not None and not done and time.monotonic() - last < SECONDS_BETWEEN_LINES):
            return
        self._said_at[name] = float("inf") if done else time.monotonic()
        share = "" if fraction is None else f"{100 * fraction:3.0f} %"
        self.say(f"{name:<28} {share} {note}".rstrip())

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[float], None]]:
        """A thing that begins and ends; hands out what moves its bar."""
        self.show(name, None)
        yield lambda fraction: self.show(name, min(0.999, fraction))
        self.show(name, 1.0)


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def transfer_note(sent: int, total: int, *, per_s: float) -> str:
    """How much, how fast, how much longer."""
    left = f", {readable(round((total - sent) / per_s))} left" if per_s > 0 and sent < total else ""
    return f"{megabytes(sent)} of {megabytes(total)}, {per_s / 1e6:.1f} MB/s{left}"


def encoding_note(media: Mapping[str, Any]) -> str:
    left = media.get("seconds_left")
    return f"{readable(round(left))} left" if left else ""


def rendition_fraction(rendition: Mapping[str, Any], *, duration_s: float | None) -> float:
    """How much of the lesson a rendition has: its bytes at its own average rate are seconds."""
    if rendition["state"] == "ready":
        return 1.0
    if not rendition.get("average_bps") or not duration_s:
        return 0.0
    return min(0.99, float(rendition["bytes"]) * 8 / float(rendition["average_bps"]) / duration_s)


def rendition_note(rendition: Mapping[str, Any]) -> str:
    rate = f", {rendition['average_bps'] / 1000:.0f} kbit/s" if rendition.get("average_bps") else ""
    return f"{rendition['codec']}{rate}, {megabytes(rendition['bytes'])}"


def readable(seconds: int) -> str:
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds >= 60 else f"{seconds} s"
