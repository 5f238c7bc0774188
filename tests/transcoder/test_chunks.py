from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.transcoder.sources import planned_for
from transcoder.chunks import Grid, cut, grid, still_step
from transcoder.media import Chunk

RATES = [Fraction(text) for text in ("1", "3/2", "5", "12", "24000/1001", "25", "329/12", "30000/1001", "30")]
HOUR_S = 3600


@pytest.mark.parametrize(
    ("fps", "long", "short"),
    [
        ("30", 240, 120),
        ("25", 200, 100),
        ("30000/1001", 240, 120),
        ("329/12", 216, 108),
        ("5", 40, 20),
        ("3/2", 12, 6),
        ("1", 8, 4),
    ],
)
def test_segments_are_whole_seconds_of_about_eight_and_four(fps: str, long: int, short: int) -> None:
    rate = Fraction(fps)

    assert grid(round(HOUR_S * rate), rate) == Grid(long, 3, short)


def test_a_lesson_of_a_minute_has_no_short_segments() -> None:
    assert grid(1800, Fraction(30)) == Grid(240, 0, 240)
    assert grid(1801, Fraction(30)) == Grid(240, 3, 120)


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [
        ("203/25", "25", 225),
        ("313/30", "30", 180),
        ("12", "30", 180),
        ("18", "30", 270),
        ("25", "30", 270),
        ("60", "30", 240),
        ("1/2", "30", 30),
        ("0", "1", 8),
    ],
)
def test_a_short_lesson_has_equal_segments_and_no_rest(seconds: str, fps: str, frames: int) -> None:
    rate = Fraction(fps)

    assert grid(round(Fraction(seconds) * rate), rate) == Grid(frames, 0, frames)


def test_two_minutes_at_30() -> None:
    chunks = cut(3600, grid(3600, Fraction(30)))

    assert [(chunk.start_frame, chunk.end_frame) for chunk in chunks] == [
        *((0, 360), (360, 1080), (1080, 1800), (1800, 2520), (2520, 3240), (3240, 3600))
    ]


def test_a_rest_of_less_than_a_segment_joins_the_chunk_before() -> None:
    assert cut(241 + 720, Grid(240, 0, 240)) == (Chunk(0, 0, 240), Chunk(1, 240, 961))


def test_a_lesson_shorter_than_a_segment_is_one_chunk() -> None:
    assert cut(7, grid(7, Fraction(30))) == (Chunk(0, 0, 7),)


def test_sound_alone_has_no_chunks() -> None:
    assert cut(0, grid(0, Fraction(1))) == ()


# The machine may be busy: timings decide nothing.
@settings(deadline=None)
@example(frames=15, fps=Fraction(3, 2))
@example(frames=30, fps=Fraction(3, 2))
@given(frames=st.integers(1, 200_000), fps=st.sampled_from(RATES))
def test_chunks_cover_the_lesson_in_whole_segments(frames: int, fps: Fraction) -> None:
    found = grid(frames, fps)
    chunks = cut(frames, found)

    assert (chunks[0].start_frame, chunks[-1].end_frame) == (0, frames)
    assert all(before.end_frame == after.start_frame for before, after in pairwise(chunks))
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert found.segment_frames % still_step(fps) == found.opening_frames % still_step(fps) == 0
    assert found.segment_frames / fps <= 10 + Fraction(1, 10)
    assert found.segment_frames / fps >= 5 or frames <= found.segment_frames


@settings(deadline=None)
@given(seconds=st.integers(1, 4000), fps=st.sampled_from(RATES))
def test_segments_of_all_chunks_follow_each_other(seconds: int, fps: Fraction) -> None:
    plan = planned_for(seconds, fps)

    numbers = [number for chunk in plan.chunks for number in plan.segments_of(chunk)]

    assert numbers == list(range(plan.segment_count))
    assert all(plan.start_frame(plan.segments_of(chunk)[0]) == chunk.start_frame for chunk in plan.chunks)
    assert plan.start_frame(plan.segment_count - 1) < plan.frame_count <= plan.start_frame(plan.segment_count)
