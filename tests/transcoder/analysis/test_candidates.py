import pytest

from tests.transcoder.analysis.test_samples import started
from transcoder.analysis.candidates import candidates, heights, still_candidates
from transcoder.analysis.values import Kind, Part
from transcoder.policy import DEFAULT_POLICY, Policy


def parts(*kinds: Kind) -> tuple[Part, ...]:
    return tuple(Part(0, 36, 1 / len(kinds), kind, 0.9, 0) for kind in kinds)


@pytest.mark.parametrize(
    ("height", "kind", "tried"),
    [
        (1080, "slides", (1080, 720, 480)),
        (1080, "talking", (1080, 720, 480, 360, 240)),
        (2160, "screen", (1080, 720, 480)),
        (720, "screen", (720, 480, 360)),
        (720, "motion", (720, 480, 360, 240)),
        (768, "talking", (768, 480, 360, 240)),
        (144, "talking", (144,)),
    ],
)
def test_sizes_that_are_tried_are_those_that_may_win(height: int, kind: Kind, tried: tuple[int, ...]) -> None:
    plan = started(60, width=height * 16 // 9, height=height)

    assert heights(plan, parts(kind), "av1", DEFAULT_POLICY) == tried


def test_the_size_of_the_starter_rung_is_always_tried_in_h264() -> None:
    assert heights(started(60), parts("slides"), "avc", DEFAULT_POLICY) == (1080, 720, 480)


def test_a_policy_bounds_the_sizes_and_names_the_families() -> None:
    policy = Policy(families=("avc",), lowest_height=360, highest_height=720)

    tried = candidates(started(60), parts("talking"), policy)

    assert sorted({(each.family, each.height) for each in tried}) == [("avc", 360), ("avc", 480), ("avc", 720)]


def test_few_frames_are_tried_only_where_every_sample_stands_still() -> None:
    assert still_candidates(started(60), parts("slides", "screen"), DEFAULT_POLICY) == ()
    assert {each.frame_step for each in still_candidates(started(60), parts("slides"), DEFAULT_POLICY)} == {30}


def test_a_lesson_of_few_frames_has_no_rung_of_fewer() -> None:
    assert still_candidates(started(60, fps="2"), parts("slides"), DEFAULT_POLICY) == ()
