"""Which picture each frame of the sample lesson shows, and where the pointer is on it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamsvc.sample.slides import HEIGHT, WIDTH, Line, Slides
from streamsvc.sample.timeline import Beat

FPS = 15
MOVE_S = 0.8
"""The pointer's way to the next line."""
FOLLOW_S = 2.4
"""How long it follows the line, if the sentence is so long."""
RESTING_PLACE = (WIDTH * 0.62, HEIGHT * 0.80)


@dataclass(frozen=True, slots=True)
class Look:
    """All that a frame depends on; equal looks are one picture."""

    slide: int
    shown: int
    part: float
    pointer: tuple[int, int]


def looks(beats: Sequence[Beat], slides: Slides, *, frame_count: int) -> Iterator[Look]:
    """One look for each frame."""
    lines = [slides.lines(beat.slide, beat.shown) for beat in beats]
    number = 0
    for frame in range(frame_count):
        time_s = frame / FPS
        while number + 1 < len(beats) and beats[number].end_s <= time_s:
            number += 1
        yield _look(beats, lines, number, time_s)


def _look(beats: Sequence[Beat], lines: Sequence[list[Line]], number: int, time_s: float) -> Look:
    beat = beats[number]
    start, end = _resting(lines, number - 1), _target(lines[number], 0.0)
    moved = _eased((time_s - beat.shows_s) / MOVE_S)
    follow_s = max(0.1, min(FOLLOW_S, beat.speech_end_s - beat.shows_s - MOVE_S))
    part = round(_eased((time_s - beat.shows_s - MOVE_S) / follow_s), 2)
    if moved < 1:
        x, y = (a + (b - a) * moved for a, b in zip(start, end, strict=True))
    else:
        x, y = _target(lines[number], part)
    visible = beat.shown if time_s >= beat.shows_s else beat.shown - 1
    return Look(beat.slide, visible, part if visible == beat.shown else 1.0, (round(x), round(y)))


def _target(lines: Sequence[Line], part: float) -> tuple[float, float]:
    return lines[-1].under(part) if lines else RESTING_PLACE


def _resting(lines: Sequence[list[Line]], number: int) -> tuple[float, float]:
    """Where the pointer was left by the step before."""
    return _target(lines[number], 1.0) if number >= 0 else RESTING_PLACE


def _eased(part: float) -> float:
    """A hand starts and stops gently."""
    part = min(1.0, max(0.0, part))
    return part * part * (3 - 2 * part)
