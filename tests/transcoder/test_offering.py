"""Which rungs and sounds of a finished lesson players get to see."""

from dataclasses import replace

from tests.transcoder import plans
from tests.transcoder.good_tree import PLAN
from transcoder.media import Why
from transcoder.offering import offered

MADE = plans.whole_lesson()


def with_quality(**vmaf):
    rungs = (replace(rung, why=Why(50.0, vmaf[rung.name]) if rung.name in vmaf else None) for rung in PLAN.video)
    return replace(PLAN, video=tuple(rungs))


def names(plan):
    return [rendition.name for rendition in plan.renditions]


def test_a_ladder_that_climbs_is_offered_whole():
    plan = with_quality(v144=60.0, v288=80.0, w288=70.0, w144=90.0)

    assert offered(plan, MADE) == plan


def test_a_rung_that_costs_more_and_shows_less_is_not_offered():
    """w288 has one picture a second of twice the size, for fewer bits."""
    plan = with_quality(v144=60.0, v288=80.0, w288=95.0, w144=90.0)

    assert names(offered(plan, MADE)) == ["v144", "v288", "w288", "a48", "o16"]


def test_nothing_is_left_out_on_a_guess():
    """The starter rung of a lesson that nobody looked at, and rungs of another family, cannot be compared."""
    plan = with_quality(v288=99.0, w288=95.0, w144=96.0)

    assert offered(plan, MADE) == plan
    assert offered(PLAN, MADE) == PLAN


def test_sound_that_no_rung_is_played_with_is_not_offered():
    plan = replace(PLAN, audio=(*PLAN.audio, replace(PLAN.audio[0], name="a96", kbps=96)))

    assert names(offered(plan, MADE)) == names(PLAN)


def test_of_sound_alone_all_is_offered():
    plan = replace(PLAN, video=())

    assert offered(plan, MADE) == plan
