"""Which tasks a plan becomes, in which order; progress and the time left."""

import pytest

from tests.transcoder.queue_fixtures import plan_of
from transcoder.worklist import LANE_FAIR, LANE_SOON, LANE_START, progress, seconds_left, worklist


def test_only_chunk_0_encodes_its_lowest_rung_apart():
    plan = plan_of(60)
    names = tuple(rung.name for rung in plan.video)

    found = [(item.chunk, item.renditions) for item in worklist(plan) if item.kind == "video"]

    assert [(0, names[:1]), (0, names[1:]), (1, names), (2, names)] == found


def test_starter_rung_and_short_sound_go_before_everything_else():
    first = [item.kind for item in worklist(plan_of(60)) if item.lane == LANE_START]

    assert first == ["video", "audio"]


def test_sound_of_a_long_lesson_gives_way_to_the_start_of_others():
    audio = next(item for item in worklist(plan_of(3600)) if item.kind == "audio")

    assert (audio.lane, audio.long) == (LANE_SOON, True)


def test_publication_is_blocked_until_all_else_is_done():
    assert [(item.kind, item.lane) for item in worklist(plan_of(60)) if item.blocked] == [("publish", LANE_FAIR)]


def test_sound_alone_needs_no_video_task():
    kinds = [item.kind for item in worklist(plan_of(60, video=False))]

    assert kinds == ["audio", "stills", "publish"]


def test_pictures_alone_need_no_audio_task():
    assert "audio" not in {item.kind for item in worklist(plan_of(8, audio=False))}


def test_a_longer_chunk_of_more_rungs_weighs_more():
    starter, _, chunk = [item for item in worklist(plan_of(40)) if item.kind == "video"][:3]

    assert chunk.weight > 2 * starter.weight


def test_progress_is_weighted_by_work():
    assert progress([(9.0, 1.0), (1.0, 0.0)]) == pytest.approx(0.9)


def test_progress_of_nothing_is_nothing():
    assert progress([]) == 0.0


def test_progress_never_exceeds_one():
    assert progress([(1.0, 1.7)]) == 1.0


@pytest.mark.parametrize(("part", "elapsed_s"), [(0.0, 60.0), (0.01, 60.0), (0.5, 1.0)])
def test_time_left_is_unknown_before_there_is_something_to_measure(part, elapsed_s):
    assert seconds_left(progress=part, elapsed_s=elapsed_s) is None


def test_time_left_follows_the_measured_speed():
    assert seconds_left(progress=0.25, elapsed_s=10.0) == pytest.approx(30.0)


def test_time_left_grows_while_nothing_moves():
    assert seconds_left(progress=0.25, elapsed_s=20.0) == pytest.approx(60.0)
