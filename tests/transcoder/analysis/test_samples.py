from dataclasses import replace
from fractions import Fraction

import pytest

from tests.transcoder.sources import VIDEO, source
from transcoder.analysis.looking import segment_around
from transcoder.analysis.samples import MOST_SAMPLES, samples
from transcoder.media import Plan
from transcoder.plan import starter_plan
from transcoder.policy import DEFAULT_POLICY, Policy


def started(seconds: float, *, width: int = 1920, height: int = 1080, fps: str = "30") -> Plan:
    video = replace(VIDEO, width=width, height=height, fps=Fraction(fps), duration_s=seconds)
    return starter_plan(replace(source(video), duration_s=seconds), threads=1, encoder="build")


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.5, 1), (5, 1), (6.5, 3), (20, 3), (60, 3), (90, 3), (180, 6), (2700, 6), (36_000, 6)]
)
def test_a_longer_lesson_has_more_samples_up_to_a_fixed_number(seconds: float, count: int) -> None:
    assert len(samples(started(seconds), DEFAULT_POLICY)) == count


@pytest.mark.parametrize("seconds", [0.2, 3, 6, 7, 30, 61, 600, 2700])
@pytest.mark.parametrize("fps", ["30", "25", "30000/1001", "5", "1"])
def test_samples_lie_apart_within_the_lesson_and_stand_for_all_of_it(seconds: float, fps: str) -> None:
    plan = started(seconds, fps=fps)
    drawn = samples(plan, DEFAULT_POLICY)

    ends = [each.start_frame + each.frames for each in drawn]
    assert all(each.frames > 0 for each in drawn)
    assert all(end <= after.start_frame for end, after in zip(ends, drawn[1:], strict=False))
    assert drawn[0].start_frame >= 0
    assert ends[-1] <= plan.frame_count
    assert sum(each.share for each in drawn) == pytest.approx(1)


def test_a_small_or_a_large_picture_gets_as_many_samples() -> None:
    """
    The look and the work grow alike.
    """
    counts = {len(samples(started(90, width=h * 16 // 9, height=h), DEFAULT_POLICY)) for h in (240, 720, 1080, 2160)}

    assert len(counts) == 1


def test_samples_never_cost_more_than_the_most() -> None:
    assert len(samples(started(7200), Policy(cpu="fast"))) == MOST_SAMPLES


@pytest.mark.parametrize("seconds", [3, 9, 30, 61, 600])
def test_a_still_rung_is_tried_on_whole_segments(seconds: float) -> None:
    plan = started(seconds)

    for frame in range(0, plan.frame_count, 50):
        chunk = segment_around(plan, frame)
        assert chunk.end_frame <= plan.frame_count
        assert chunk.end_frame - chunk.start_frame == min(plan.segment_frames, plan.frame_count)
