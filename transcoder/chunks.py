"""The grid of segments and chunks, in frames. Pure."""

from fractions import Fraction

from transcoder.media import Chunk

SEGMENT_S = 4
FIRST_CHUNK_S = 12
CHUNK_SEGMENTS = 6
"""About 24 s: long enough that starting ffmpeg costs nothing, short enough to be done again after a crash."""


def segment_frames(fps: Fraction) -> int:
    """Whole frames nearest to 4 s; one frame at least."""
    return max(1, round(SEGMENT_S * fps))


def cut(frame_count: int, fps: Fraction) -> tuple[Chunk, ...]:
    """
    Cut a lesson into chunks of whole segments that cover `[0, frame_count)`.

    The first chunk lasts at most 12 s, so that a lesson is playable soon. A rest of less than two segments joins the
    chunk before it.
    """
    segment = segment_frames(fps)
    first = max(1, int(FIRST_CHUNK_S * fps) // segment) * segment
    if frame_count == 0:
        return ()
    starts = [0, *range(first, frame_count, CHUNK_SEGMENTS * segment)]
    if len(starts) > 2 and frame_count - starts[-1] < 2 * segment:
        starts.pop()
    ends = [*starts[1:], frame_count] if starts else []
    return tuple(Chunk(index, start, end) for index, (start, end) in enumerate(zip(starts, ends, strict=True)))
