"""What a sample shows, from small maps of its frames: how much stands still, whether it was filmed, writing. Pure."""

from dataclasses import dataclass
from itertools import groupby

from transcoder.analysis.commands import STRIPS
from transcoder.analysis.values import Kind

WHITE = 255
DRAWN = 0.5
"""Flat share from which pictures were drawn, not filmed: even a wall before a camera has grain."""
SLIDES_MOVE = 0.0005
"""Share of pixels that move, on the mean of a sample; a pointer is more, what a codec makes of a page is less."""
BOARD_MOVES = 0.005
"""Share of pixels that move when one writes; a face and its shoulders move more."""
HELD_MOVES = 0.25
"""And what moves with a camera in the hand."""
MOTION_MOVES = 0.45
WRITTEN = 12
"""Grey of a line of a strip that has strokes in it."""
SMALLEST_LINES, LARGEST_LINES = 5, 64
FEWEST_RUNS = 12
SMALL = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """Shares of pixels, 0 to 1."""

    changed: float
    moved: float
    flat: float
    text_lines: int

    @property
    def kind(self) -> Kind:
        if self.moved < SLIDES_MOVE:
            return "slides"
        if self.flat >= DRAWN:
            return "screen"
        if self.moved < BOARD_MOVES:
            return "board"
        if self.moved < HELD_MOVES:
            return "talking"
        return "phone" if self.moved < MOTION_MOVES else "motion"


def seen(*, changed: bytes, moved: bytes, flat: bytes, edges: bytes) -> Seen:
    """From the maps of one sample; a sample of one frame shows no changes."""
    return Seen(_share(changed), _share(moved), _share(flat), text_lines(edges))


def text_lines(edges: bytes) -> int:
    """
    The height of the smallest writing: runs of lines with strokes, with nothing above and below them.

    `edges` is a map of strips, one row for each line of the picture. 0 where too few such runs are seen.
    """
    runs = sorted(run for strip in range(STRIPS) for run in _runs(edges[strip::STRIPS]))
    return runs[int(len(runs) * SMALL)] if len(runs) >= FEWEST_RUNS else 0


def _runs(strip: bytes) -> list[int]:
    """Heights of what may be lines of writing in one strip; what touches its ends is cut off and not counted."""
    lengths = [(marked, sum(1 for _ in lines)) for marked, lines in groupby(strip, key=lambda grey: grey >= WRITTEN)]
    return [length for marked, length in lengths[1:-1] if marked and SMALLEST_LINES <= length <= LARGEST_LINES]


def _share(drawn: bytes) -> float:
    return sum(drawn) / (len(drawn) * WHITE) if drawn else 0.0
