from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.chunks import FIRST_CHUNK_S, cut, segment_frames
from transcoder.media import Chunk


@pytest.mark.parametrize(
    ("fps", "frames"),
    [("30", 120), ("25", 100), ("30000/1001", 120), ("24000/1001", 96), ("329/12", 110), ("5", 20), ("1", 4)],
)
def test_a_segment_is_the_whole_number_of_frames_nearest_to_four_seconds(fps: str, frames: int) -> None:
    assert segment_frames(Fraction(fps)) == frames


def test_a_minute_at_30() -> None:
    assert cut(1800, Fraction(30)) == (Chunk(0, 0, 360), Chunk(1, 360, 1080), Chunk(2, 1080, 1800))


def test_a_short_rest_joins_the_chunk_before() -> None:
    assert cut(1081, Fraction(30)) == (Chunk(0, 0, 360), Chunk(1, 360, 1081))


def test_a_lesson_shorter_than_a_segment_is_one_chunk() -> None:
    assert cut(7, Fraction(30)) == (Chunk(0, 0, 7),)


def test_sound_alone_has_no_chunks() -> None:
    assert cut(0, Fraction(1)) == ()


# The machine may be busy: timings decide nothing.
@settings(deadline=None)
@given(
    frames=st.integers(1, 200_000),
    fps=st.sampled_from(
        [Fraction(text) for text in ("1", "5", "12", "24000/1001", "25", "329/12", "30000/1001", "30")]
    ),
)
def test_chunks_cover_the_lesson_in_whole_segments(frames: int, fps: Fraction) -> None:
    chunks = cut(frames, fps)

    assert (chunks[0].start_frame, chunks[-1].end_frame) == (0, frames)
    assert all(before.end_frame == after.start_frame for before, after in pairwise(chunks))
    assert all(chunk.start_frame % segment_frames(fps) == 0 for chunk in chunks)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert len(chunks) == 1 or chunks[0].end_frame / fps <= FIRST_CHUNK_S
