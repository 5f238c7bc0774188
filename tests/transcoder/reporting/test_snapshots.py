"""Which moments are shown, and which cut of them."""

from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from tests.transcoder.sources import planned, video
from transcoder.analysis.values import Analysis, Part
from transcoder.reporting.commands import source_size
from transcoder.reporting.scoring import frames_of, sampled_segments, score_of
from transcoder.reporting.snapshots import busiest, moments

PLAN = planned()


def test_moments_are_spread_over_the_lesson():
    assert moments(PLAN) == [300, 900, 1500]


def test_every_kind_of_part_is_shown():
    parts = (
        Part(0, 90, 0.7, "slides", 1.0, 20),
        Part(90, 90, 0.2, "slides", 1.0, 20),
        Part(1200, 60, 0.1, "motion", 0, 0),
    )

    assert moments(replace(PLAN, analysis=Analysis(parts=parts))) == [45, 300, 1230]


def test_a_moment_is_a_frame_that_every_rung_has():
    few = replace(PLAN, video=(replace(PLAN.video[0], frame_step=30), *PLAN.video[1:]))

    assert all(frame % 30 == 0 for frame in moments(few))


def test_a_short_lesson_has_fewer_moments():
    assert moments(replace(PLAN, frame_count=1)) == [0]


def test_the_cut_is_where_most_is_drawn():
    picture = Image.new("RGB", (1920, 1080), "white")
    drawing = ImageDraw.Draw(picture)
    for line in range(800, 1000, 10):
        drawing.line((1320, line, 1620, line), fill="black", width=3)

    left, top, right, bottom = busiest(picture)
    assert (right - left, bottom - top) == (480, 270)
    assert left <= 1320 <= 1620 <= right
    assert top <= 810
    assert bottom >= 980


def test_a_picture_smaller_than_a_cut_is_shown_whole():
    assert busiest(Image.new("RGB", (128, 72))) == (0, 0, 128, 72)


def test_samples_are_segments_spread_over_the_lesson():
    picked = sampled_segments(PLAN)

    assert len(picked) == 4
    assert [frames_of(PLAN, segment).start_frame for segment in picked] == [PLAN.start_frame(each) for each in picked]


@pytest.mark.parametrize(("frames", "picked"), [(240 + 239, [0, 1]), (240 + 120, [0, 1]), (240 + 119, [0])])
def test_a_last_segment_counts_unless_it_is_short(frames, picked):
    assert sampled_segments(replace(PLAN, frame_count=frames, opening=0)) == picked


def test_a_lesson_of_one_segment_is_its_own_sample():
    assert sampled_segments(replace(PLAN, frame_count=20, opening=0)) == [0]
    assert frames_of(replace(PLAN, frame_count=20, opening=0), 0).end_frame == 20


def test_a_score_is_the_mean_and_the_weak_moments():
    score = score_of([100.0 - number for number in range(100)])

    assert score.mean == 50.5
    assert score.low == 6.0


def test_pictures_are_compared_at_the_sources_size_of_at_most_1080_lines():
    for width, height, size in ((1280, 720, (1280, 720)), (641, 361, (640, 360)), (3840, 2160, (1920, 1080))):
        assert source_size(planned(video(width=width, height=height))) == size
