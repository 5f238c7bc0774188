from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.transcoder.analysis.lessons import MOTION, SLIDES, TALKING, Lesson, analysed
from tests.transcoder.analysis.test_samples import started
from transcoder.analysis.candidates import HEIGHTS
from transcoder.analysis.values import Analysis
from transcoder.fitting import RAISED_SHARE
from transcoder.ladder import lines_of, rungs, starter_rung
from transcoder.media import Plan, VideoRendition
from transcoder.plan import starter_plan
from transcoder.policy import DEFAULT_POLICY, Policy

UNSEEN = Analysis(doubt="failed")


def told(made: Sequence[VideoRendition]) -> list[str]:
    """A row for each rung."""
    return [
        f"{rung.name:12} {rung.width}x{rung.height}/{rung.frame_step} crf {rung.crf:2} "
        f"at most {rung.max_kbps:4} with {rung.sound:7}"
        + (f" expected {rung.why.average_kbps:6} VMAF {rung.why.vmaf}" if rung.why else "")
        for rung in made
    ]


def sizes_up_to(height: int) -> list[int]:
    return [height, *(each for each in HEIGHTS if each < height * 0.85)]


def test_slides_keep_their_pixels_on_every_line() -> None:
    """
    A page of text is read better large at a high CRF; the lowest AV1 rung spares bytes, the last has every frame.
    """
    assert told(rungs(started(600), analysed([SLIDES], (1080, 720, 480), steps=(1, 30)), DEFAULT_POLICY)) == TABLES[0]


def test_a_face_grows_with_its_line() -> None:
    assert told(rungs(started(600), analysed([TALKING], HEIGHTS), DEFAULT_POLICY)) == TABLES[1]


def test_a_lesson_of_much_motion_goes_up_to_the_last_line() -> None:
    assert told(rungs(started(600), analysed([MOTION], HEIGHTS), DEFAULT_POLICY)) == TABLES[2]


def test_a_short_film_among_slides_does_not_make_the_slides_small() -> None:
    """
    What is too much for a line is a small part of the lesson: it is forced into the line, and the text stays legible.
    """
    made = rungs(started(600), analysed([*[SLIDES] * 5, MOTION], HEIGHTS), DEFAULT_POLICY)

    assert told(made) == TABLES[3]


def test_pictures_whose_writing_cannot_be_read_must_be_much_better() -> None:
    """
    Of 4 lines in 1080, letters of 6 lines need a picture of 720; then a small rung wins only where it wins clearly.
    """
    sketch = replace(SLIDES, kind="board", fineness=1.5)
    small_print = analysed([sketch], HEIGHTS, text_lines=6)
    large_print = analysed([sketch], HEIGHTS, text_lines=30)

    read, seen = (rungs(started(600), each, DEFAULT_POLICY) for each in (small_print, large_print))

    assert min(rung.height for rung in seen if rung.family == "av1") < 720
    assert {rung.height for rung in read if rung.family == "av1"} <= {720, 1080}
    assert all(rung.why.vmaf > 60 for rung in read[1:] if rung.why)


def test_without_an_analysis_the_ladder_follows_the_size() -> None:
    assert told(rungs(started(600), UNSEEN, DEFAULT_POLICY)) == TABLES[4]


@pytest.mark.parametrize("height", [90, 144, 240, 333, 480, 600, 720, 1000, 2160])
def test_without_an_analysis_nothing_is_enlarged_and_every_rung_is_another(height: int) -> None:
    made = rungs(started(600, width=height * 16 // 9, height=height), UNSEEN, DEFAULT_POLICY)

    assert all(rung.height <= height for rung in made)
    assert len({(rung.family, rung.height, rung.crf) for rung in made}) == len(made)
    assert {rung.family for rung in made} == {"avc", "av1"}


def test_a_portrait_lesson_gets_the_same_ladder_on_its_side() -> None:
    analysis = analysed([TALKING], HEIGHTS)
    wide = rungs(started(600), analysis, DEFAULT_POLICY)
    tall = rungs(started(600, width=1080, height=1920), analysis, DEFAULT_POLICY)

    assert [(rung.name, rung.width, rung.height) for rung in tall] == [
        (rung.name, rung.height, rung.width) for rung in wide
    ]


def test_the_starter_rung_stays_the_lowest_of_h264_and_keeps_its_size() -> None:
    plan = started(600)
    for lesson in (SLIDES, TALKING, MOTION):
        lowest = rungs(plan, analysed([lesson], HEIGHTS), DEFAULT_POLICY)[0]
        assert replace(lowest, crf=plan.video[0].crf, why=None) == plan.video[0]


def test_the_starter_rung_s_line_gets_a_better_rung_of_another_size_too() -> None:
    names = [rung.name for rung in rungs(started(600), analysed([SLIDES], (1080, 720, 480)), DEFAULT_POLICY)]

    assert names[:2] == ["avc-96", "avc-96-1080"]


def test_above_a_rung_of_few_frames_stands_one_of_every_frame() -> None:
    """
    Samples do not see everything that moves.
    """
    never_moves = analysed([SLIDES], (1080, 720, 480), steps=(1, 30), held_loss=0.0)
    dear = replace(
        never_moves,
        trials=tuple(
            replace(trial, frame_bytes=tuple(size * 20 for size in trial.frame_bytes))
            if trial.frame_step == 1
            else trial
            for trial in never_moves.trials
        ),
    )
    made = rungs(started(600), dear, DEFAULT_POLICY)

    for family in ("avc", "av1"):
        steps = [rung.frame_step for rung in made if rung.family == family]
        assert 30 in steps
        assert steps[-1] == 1


def test_a_policy_decides_lines_families_and_presets() -> None:
    policy = Policy(lines_kbps=(96, 300), families=("avc",), cpu="fast")
    plan = starter_plan(started(600).source, threads=1, encoder="build", policy=policy)
    made = rungs(plan, analysed([TALKING], HEIGHTS), policy)

    assert [(rung.name, rung.preset) for rung in made] == [("avc-96", "veryfast"), ("avc-300", "veryfast")]


def test_a_policy_of_fast_lines_alone_starts_with_the_slowest_of_them() -> None:
    policy = Policy(lines_kbps=(900, 1800))

    assert starter_rung(started(60), policy).name == "avc-900"


def test_a_policy_of_slow_lines_alone_still_serves_every_device() -> None:
    assert lines_of("avc", Policy(lines_kbps=(50, 64))) == (96,)


def test_the_top_rung_stops_at_the_policy_s_ceiling() -> None:
    made = rungs(started(600), analysed([TALKING], HEIGHTS), Policy(ceiling_vmaf=88.0))

    assert all(rung.why.vmaf <= 89 for rung in made if rung.why)


lessons = some.builds(
    Lesson,
    kind=some.sampled_from(["slides", "talking", "motion"]),
    key_bytes=some.floats(100, 300_000),
    frame_bytes=some.floats(0, 40_000),
    fineness=some.floats(0, 30),
    loss=some.floats(0.1, 20),
)


@settings(max_examples=25, deadline=None)
@given(
    parts=some.lists(lessons, min_size=1, max_size=6),
    height=some.sampled_from([90, 240, 480, 720, 1080, 1440]),
    seconds=some.sampled_from([2.0, 12.0, 61.0, 2700.0]),
)
def test_rungs_rise_within_their_lines_and_are_never_larger_than_the_source(
    parts: list[Lesson], height: int, seconds: float
) -> None:
    plan = started(seconds, width=height * 16 // 9, height=height)
    sizes = sizes_up_to(min(height, 1080))

    made = rungs(plan, analysed(parts, sizes, steps=(1, 30)), DEFAULT_POLICY)

    assert made[0].name == plan.video[0].name
    assert len({rung.name for rung in made}) == len(made)
    for family in ("avc", "av1"):
        own = [rung for rung in made if rung.family == family]
        assert own
        _rise(own)
        for rung in own:
            _fits(plan, rung)


def _rise(own: list[VideoRendition]) -> None:
    assert [rung.line_kbps for rung in own] == sorted(rung.line_kbps for rung in own)
    expected = [rung.why.vmaf for rung in own if rung.why]
    assert all(after >= before for before, after in pairwise(expected))
    assert len({(rung.height, rung.crf, rung.frame_step) for rung in own}) == len(own)


def _fits(plan: Plan, rung: VideoRendition) -> None:
    assert plan.source.video is not None
    assert rung.width <= plan.source.video.width
    assert rung.height <= plan.source.video.height
    assert rung.max_kbps < rung.line_kbps
    assert plan.segment_frames % rung.frame_step == 0
    if rung.why:
        # What has to be raised or forced into a line is a small part of the lesson.
        assert rung.why.average_kbps <= rung.max_kbps / (1 - RAISED_SHARE)
        assert 0 <= rung.why.vmaf <= 100


TABLES = [
    [
        "avc-96       854x480/1 crf 21 at most   55 with aac-40  expected   25.5 VMAF 69.3",
        "avc-96-1080  1920x1080/1 crf 28 at most   55 with aac-40  expected   31.4 VMAF 95.5",
        "av1-50       1920x1080/30 crf 62 at most   30 with opus-16 expected    1.5 VMAF 81.2",
        "av1-50-1080  1920x1080/1 crf 47 at most   30 with opus-16 expected   11.3 VMAF 95.6",
    ],
    [
        "avc-96       854x480/1 crf 33 at most   55 with aac-40  expected   52.5 VMAF 77.4",
        "avc-128      854x480/1 crf 29 at most   87 with aac-40  expected   86.8 VMAF 82.4",
        "avc-192      1280x720/1 crf 30 at most  151 with aac-40  expected  133.3 VMAF 86.7",
        "avc-300      1920x1080/1 crf 30 at most  259 with aac-40  expected  233.6 VMAF 90.2",
        "avc-500      1920x1080/1 crf 26 at most  432 with aac-64  expected  391.4 VMAF 93.5",
        "avc-900      1920x1080/1 crf 21 at most  832 with aac-64  expected  747.7 VMAF 95.7",
        "av1-50       854x480/1 crf 49 at most   30 with opus-16 expected   27.0 VMAF 81.7",
        "av1-64       1280x720/1 crf 50 at most   44 with opus-16 expected   41.2 VMAF 85.9",
        "av1-96       1280x720/1 crf 46 at most   76 with opus-16 expected   68.4 VMAF 89.4",
        "av1-128      1920x1080/1 crf 47 at most  108 with opus-16 expected  105.3 VMAF 92.2",
        "av1-300      1920x1080/1 crf 40 at most  280 with opus-16 expected  259.9 VMAF 95.6",
    ],
    [
        "avc-96       854x480/1 crf 45 at most   55 with aac-40 ",
        "avc-96-240   426x240/1 crf 41 at most   55 with aac-40  expected   52.9 VMAF 46.0",
        "avc-128      426x240/1 crf 38 at most   87 with aac-40  expected   77.1 VMAF 54.5",
        "avc-192      426x240/1 crf 33 at most  151 with aac-40  expected  145.7 VMAF 65.0",
        "avc-300      640x360/1 crf 33 at most  259 with aac-40  expected  255.4 VMAF 74.1",
        "avc-500      640x360/1 crf 29 at most  432 with aac-64  expected  428.1 VMAF 79.2",
        "avc-900      854x480/1 crf 27 at most  832 with aac-64  expected  828.6 VMAF 85.3",
        "avc-1800     1280x720/1 crf 26 at most 1732 with aac-64  expected 1662.6 VMAF 90.5",
        "avc-3000     1920x1080/1 crf 26 at most 2932 with aac-64  expected 2931.4 VMAF 93.5",
        "av1-50       426x240/1 crf 57 at most   30 with opus-16 expected   27.2 VMAF 56.1",
        "av1-64       426x240/1 crf 54 at most   44 with opus-16 expected   39.6 VMAF 62.3",
        "av1-96       640x360/1 crf 54 at most   76 with opus-16 expected   68.9 VMAF 71.5",
        "av1-128      640x360/1 crf 51 at most  108 with opus-16 expected  101.3 VMAF 76.1",
        "av1-192      854x480/1 crf 50 at most  172 with opus-16 expected  171.7 VMAF 81.9",
        "av1-300      1280x720/1 crf 51 at most  280 with opus-16 expected  265.3 VMAF 85.2",
        "av1-500      1280x720/1 crf 47 at most  472 with opus-24 expected  445.4 VMAF 89.2",
        "av1-900      1920x1080/1 crf 47 at most  872 with opus-24 expected  784.9 VMAF 92.2",
        "av1-1800     1920x1080/1 crf 42 at most 1772 with opus-24 expected 1502.3 VMAF 95.0",
    ],
    [
        "avc-96       854x480/1 crf 22 at most   55 with aac-40  expected   24.5 VMAF 61.1",
        "avc-96-1080  1920x1080/1 crf 26 at most   55 with aac-40  expected   50.4 VMAF 84.0",
        "avc-300      1920x1080/1 crf 22 at most  259 with aac-40  expected   96.6 VMAF 89.2",
        "avc-500      1920x1080/1 crf 22 at most  432 with aac-64  expected  124.8 VMAF 91.6",
        "avc-900      1920x1080/1 crf 22 at most  832 with aac-64  expected  188.4 VMAF 94.0",
        "av1-50       1920x1080/1 crf 58 at most   30 with opus-16 expected   12.9 VMAF 80.0",
        "av1-50-1080  1920x1080/1 crf 43 at most   30 with opus-16 expected   25.1 VMAF 86.2",
        "av1-128      1920x1080/1 crf 40 at most  108 with opus-16 expected   38.5 VMAF 90.5",
        "av1-192      1920x1080/1 crf 39 at most  172 with opus-16 expected   52.6 VMAF 92.7",
        "av1-500      1920x1080/1 crf 39 at most  472 with opus-24 expected  102.8 VMAF 95.5",
    ],
    [
        "avc-96       854x480/1 crf 32 at most   55 with aac-40 ",
        "avc-128      854x480/1 crf 31 at most   87 with aac-40 ",
        "avc-192      1280x720/1 crf 33 at most  151 with aac-40 ",
        "avc-300      1280x720/1 crf 30 at most  259 with aac-40 ",
        "avc-500      1920x1080/1 crf 32 at most  432 with aac-64 ",
        "avc-900      1920x1080/1 crf 29 at most  832 with aac-64 ",
        "avc-1800     1920x1080/1 crf 26 at most 1732 with aac-64 ",
        "avc-3000     1920x1080/1 crf 23 at most 2932 with aac-64 ",
        "av1-50       640x360/1 crf 52 at most   30 with opus-16",
        "av1-64       854x480/1 crf 52 at most   44 with opus-16",
        "av1-96       854x480/1 crf 48 at most   76 with opus-16",
        "av1-128      1280x720/1 crf 48 at most  108 with opus-16",
        "av1-192      1280x720/1 crf 44 at most  172 with opus-16",
        "av1-300      1920x1080/1 crf 46 at most  280 with opus-16",
        "av1-500      1920x1080/1 crf 42 at most  472 with opus-24",
        "av1-900      1920x1080/1 crf 37 at most  872 with opus-24",
        "av1-1800     1920x1080/1 crf 30 at most 1772 with opus-24",
        "av1-3000     1920x1080/1 crf 25 at most 2972 with opus-24",
    ],
]
