from dataclasses import replace
from fractions import Fraction

import pytest

from tests.transcoder.rungs import rung
from tests.transcoder.sources import planned, planned_for
from transcoder.correcting import ATTEMPTS, COARSEST, CRF_ATTEMPTS, Try, alone, next_try, overshoot
from transcoder.media import Chunk, Made

RUNG = rung("avc-96", 854, 480, crf=30, max_kbps=50)
AV1 = replace(RUNG, name="av1-64", family="av1", crf=50)


def segment(size: int, duration_s: Fraction = Fraction(8)) -> Made:
    return Made("segment", "avc-96", "1.m4s", size, "", 1, Fraction(8), duration_s)


def test_a_segment_is_measured_against_its_cap():
    assert overshoot(planned(), RUNG, segment(50_000)) == 1.0
    assert overshoot(planned(), RUNG, segment(75_000)) == 1.5


def test_a_short_last_segment_counts_as_half_a_one():
    """
    Its key frame alone may be more than a fraction of a second of the line.
    """
    assert overshoot(planned(), RUNG, segment(25_000, Fraction(1, 10))) == 1.0


def test_each_segment_can_be_encoded_alone():
    plan = planned_for(61.0, Fraction(30))

    assert [alone(plan, plan.chunks[0], number) for number in (0, 1, 2)] == [
        Chunk(0, 0, 120),
        Chunk(0, 120, 240),
        Chunk(0, 240, 360),
    ]
    assert alone(plan, plan.chunks[-1], plan.segment_count - 1).end_frame == plan.frame_count
    assert [list(plan.segments_of(alone(plan, plan.chunks[0], number))) for number in (0, 1, 2)] == [[0], [1], [2]]


def test_what_fits_is_left_alone():
    assert next_try(Try(RUNG), 1.0, 1) is None
    assert next_try(Try(AV1, 4), 0.2, ATTEMPTS) is None


@pytest.mark.parametrize(
    ("before", "by", "crf"), [(RUNG, 1.01, 31), (RUNG, 1.9, 36), (RUNG, 6.0, 39), (AV1, 1.9, 61), (AV1, 3.0, 63)]
)
def test_the_crf_rises_with_the_overshoot(before, by, crf):
    """
    Not by more than some steps at once: what is no lesson gives way sooner.
    """
    assert next_try(Try(before), by, 1) == Try(replace(before, crf=crf))


LAST = replace(RUNG, crf=51)
LAST_AV1 = replace(AV1, crf=63)


@pytest.mark.parametrize(
    ("done", "by", "attempt", "coarseness"),
    [
        (Try(LAST), 1.1, 1, 2),
        (Try(LAST_AV1), 2.6, 2, 4),
        (Try(LAST_AV1, 2), 1.1, 3, 4),
        (Try(LAST_AV1, 4), 1.1, 4, 16),
        (Try(RUNG), 1.1, CRF_ATTEMPTS + 1, 2),
        (Try(RUNG), 17.0, 1, 16),
    ],
)
def test_a_picture_is_made_coarser_where_a_crf_is_not_enough(done, by, attempt, coarseness):
    """
    As little as may help, and each time more.
    """
    after = next_try(done, by, attempt)

    assert after.coarseness == coarseness
    assert after.rung.crf > done.rung.crf or done.rung in (LAST, LAST_AV1)


def test_the_coarsest_picture_is_the_last_try():
    assert next_try(Try(LAST_AV1, COARSEST), 1.2, ATTEMPTS) is None


@pytest.mark.parametrize(("done", "attempt"), [(Try(RUNG), CRF_ATTEMPTS + 1), (Try(LAST_AV1), 1)])
def test_a_picture_is_not_spoilt_for_the_last_few_bits(done, attempt):
    assert next_try(done, 1.04, attempt) is None
