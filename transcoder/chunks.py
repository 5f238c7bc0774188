"""The grid of segments and chunks, in frames. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from transcoder.media import Chunk

SEGMENT_S = 8
"""Key frames are most of a picture that stands still: of 8 s in place of 4, AV1 loses a tenth of its bytes."""
OPENING_SEGMENT_S = 4
OPENING_SEGMENTS = 3
SHORT_LESSON_S = 60
"""In a lesson up to this length two key frames more would be felt, and waiting for eight seconds of it is short."""
LONGEST_SEGMENT_S = Fraction(101, 10)
"""Ten, and what ten seconds of 29.97 frames each last longer."""
CHUNK_SEGMENTS = 3
"""About 24 s: long enough that starting ffmpeg costs nothing, short enough to be done again after a crash."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the segments of a lesson lie; see the fields of the same names in `Plan`."""

    segment_frames: int
    opening: int
    opening_frames: int


def still_step(fps: Fraction) -> int:
    """How many frames of the grid one frame stands for where the picture stands still: about a second's."""
    return max(1, round(fps))


def grid(frame_count: int, fps: Fraction) -> Grid:
    """
    Segments of about 8 s, each a whole number of still steps, so that rungs of few frames have the same boundaries.

    A lesson of more than a minute begins with three of about 4 s: on a slow line it starts twice as soon. A shorter one
    is cut into equal parts: a rest of a few frames would need a key frame for itself, and burst its line.
    """
    step = still_step(fps)
    long = step * max(1, round(SEGMENT_S * fps / step))
    short = step * max(1, round(OPENING_SEGMENT_S * fps / step))
    if frame_count / fps > SHORT_LESSON_S:
        return Grid(long, OPENING_SEGMENTS, short)
    steps = ceil(Fraction(frame_count, step))
    most = max(1, floor(LONGEST_SEGMENT_S * fps / step))
    count = max(1, round(frame_count / long), ceil(steps / most))
    equal = step * ceil(Fraction(steps, count)) or long
    return Grid(equal, 0, equal)


def cut(frame_count: int, found: Grid) -> tuple[Chunk, ...]:
    """
    Cut a lesson into chunks of whole segments that cover `[0, frame_count)`.

    The first chunk lasts at most about 12 s, so that a lesson is playable soon. A rest of less than a segment joins the
    chunk before it.
    """
    first = found.opening * found.opening_frames or found.segment_frames
    if frame_count == 0:
        return ()
    starts = [0, *range(first, frame_count, CHUNK_SEGMENTS * found.segment_frames)]
    if len(starts) > 2 and frame_count - starts[-1] < found.segment_frames:
        starts.pop()
    ends = [*starts[1:], frame_count] if starts else []
    return tuple(Chunk(index, start, end) for index, (start, end) in enumerate(zip(starts, ends, strict=True)))
