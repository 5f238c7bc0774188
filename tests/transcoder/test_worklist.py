"""Which tasks a plan becomes, in which order; progress and the time left."""

import pytest

from tests.transcoder.queue_fixtures import plan_of, started_of
from transcoder.worklist import (
    LANE_FAIR,
    LANE_SOON,
    LANE_START,
    Settling,
    Work,
    progress,
    publish_weight,
    seconds_left,
    settled_list,
    starter_list,
    weight_of,
    work_of,
)


def names_of(plan, family):
    return tuple(rung.name for rung in plan.video if rung.family == family)


def test_the_probe_alone_leads_to_the_lowest_rung_of_chunk_0_the_sound_and_a_look_at_the_rest():
    plan = started_of(90)

    found = [(item.kind, item.chunk, item.renditions) for item in starter_list(plan)]

    assert found == [
        ("video", 0, ("avc-96",)),
        ("audio", 0, tuple(audio.name for audio in plan.audio)),
        ("analyse", 0, ()),
        ("stills", 0, ()),
        ("publish", 0, ()),
    ]


def test_every_device_has_its_rungs_before_any_device_has_better_ones():
    plan = plan_of(60)
    avc, av1 = names_of(plan, "avc"), names_of(plan, "av1")

    items = sorted(settled_list(plan), key=lambda item: (item.rank, item.chunk))

    assert avc
    assert av1
    assert [(item.chunk, item.renditions) for item in items] == [
        *((0, avc[1:]), (1, avc), (2, avc)),
        *((1, av1), (2, av1), (0, av1)),
    ]


def test_the_shortest_chunk_comes_last_so_that_workers_end_together():
    plan = plan_of(600)

    last = max(settled_list(plan), key=lambda item: (item.rank, item.chunk))

    assert last.weight == min(item.weight for item in settled_list(plan) if item.renditions == last.renditions)


def test_a_lesson_of_one_rung_needs_it_once():
    plan = started_of(8)

    assert settled_list(plan) == ()


def test_starter_rung_and_short_sound_go_before_everything_else():
    first = [item.kind for item in starter_list(started_of(60)) if item.lane == LANE_START]

    assert first == ["video", "audio"]


def test_the_look_at_a_lesson_goes_before_chunks_and_after_every_lessons_start():
    analyse = next(item for item in starter_list(started_of(60)) if item.kind == "analyse")

    assert (analyse.lane, analyse.long) == (LANE_SOON, False)


def test_sound_of_a_long_lesson_gives_way_to_the_start_of_others():
    audio = next(item for item in starter_list(started_of(3600)) if item.kind == "audio")

    assert (audio.lane, audio.long) == (LANE_SOON, True)


def test_publication_is_blocked_until_all_else_is_done():
    assert [(item.kind, item.lane) for item in starter_list(started_of(60)) if item.blocked] == [("publish", LANE_FAIR)]


def test_sound_alone_needs_no_video_task_and_no_look():
    plan = started_of(60, video=False)

    assert [item.kind for item in starter_list(plan)] == ["audio", "stills", "publish"]
    assert settled_list(plan) == ()


def test_pictures_alone_need_no_audio_task():
    assert "audio" not in {item.kind for item in starter_list(started_of(8, audio=False))}


def test_a_longer_chunk_of_more_rungs_weighs_more():
    starter = starter_list(started_of(60))[0]
    chunk = settled_list(plan_of(60))[1]

    assert chunk.weight > 2 * starter.weight


def test_work_that_is_only_expected_counts_too():
    plan = started_of(60)

    without, with_it = (weight_of(starter_list(plan, expected=expected)) for expected in (0.0, 100.0))

    assert with_it - without >= 100
    assert starter_list(plan, expected=100.0)[-1].weight == publish_weight(plan) + 100


def test_progress_is_weighted_by_work():
    assert progress(work_of([(9.0, 1.0), (1.0, 0.0)])) == pytest.approx(0.9)


def test_progress_of_nothing_is_nothing():
    assert progress(work_of([])) == 0.0


def test_progress_never_exceeds_one():
    assert progress(work_of([(1.0, 1.7)])) == 1.0


@pytest.mark.parametrize("whole", [20.0, 100.0, 1000.0])
def test_progress_does_not_jump_when_the_lesson_turns_out_to_be_other_work(whole):
    settling = Settling(shown=0.2, done=10.0)

    assert progress(Work(10.0, whole), settling) == pytest.approx(0.2)
    assert progress(Work((10.0 + whole) / 2, whole), settling) == pytest.approx(0.6)
    assert progress(Work(whole, whole), settling) == pytest.approx(1.0)


def test_progress_does_not_fall_below_what_was_shown_when_a_task_is_done_again():
    assert progress(Work(5.0, 100.0), Settling(shown=0.2, done=10.0)) == pytest.approx(0.2)


@pytest.mark.parametrize(("part", "elapsed_s"), [(0.0, 60.0), (0.01, 60.0), (0.5, 1.0)])
def test_time_left_is_unknown_before_there_is_something_to_measure(part, elapsed_s):
    assert seconds_left(progress=part, elapsed_s=elapsed_s) is None


def test_time_left_follows_the_measured_speed():
    assert seconds_left(progress=0.25, elapsed_s=10.0) == pytest.approx(30.0)


def test_time_left_grows_while_nothing_moves():
    assert seconds_left(progress=0.25, elapsed_s=20.0) == pytest.approx(60.0)
