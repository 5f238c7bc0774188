from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.rates import Rate, Sized, measure


def segments(*pairs: tuple[int, float]) -> list[Sized]:
    return [Sized(size, Fraction(length)) for size, length in pairs]


def test_the_peak_is_the_heaviest_segment_where_each_fills_the_target():
    assert measure(segments((1000, 4), (3000, 4), (2000, 4)), target_s=4) == Rate(6000, 4000)


def test_short_segments_are_looked_at_in_runs_of_half_to_one_and_a_half_targets():
    """
    One second of 3000 bytes among lighter ones is no peak by itself when the target is 4 s.
    """
    assert measure(segments((1000, 1), (3000, 1), (1000, 1), (1000, 1)), target_s=4).peak_bps == 16000


def test_a_last_segment_shorter_than_half_the_target_is_left_out_of_the_peak():
    rate = measure(segments((1000, 4), (1000, 4), (5000, 1.5)), target_s=4)

    assert rate.peak_bps == 7000 * 8 / 9.5 + (-7000 * 8 / 9.5) % 1
    assert rate.average_bps == rate.peak_bps


def test_a_last_segment_of_half_the_target_counts():
    assert measure(segments((1000, 4), (5000, 2)), target_s=4).peak_bps == 20000


def test_a_lesson_shorter_than_half_the_target_has_its_average_as_peak():
    assert measure(segments((1000, 1)), target_s=4) == Rate(8000, 8000)


def test_rates_are_rounded_up():
    assert measure(segments((1000, 3)), target_s=4) == Rate(2667, 2667)


def test_nothing_has_no_rate():
    assert measure([], target_s=4) == Rate(0, 0)


def test_rates_of_picture_and_sound_are_summed():
    assert Rate(100, 80) + Rate(50, 40) == Rate(150, 120)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**6), st.fractions(Fraction(1, 10), 6)), min_size=1, max_size=12))
def test_the_peak_is_never_below_the_average(pairs):
    rate = measure([Sized(size, length) for size, length in pairs], target_s=4)

    assert rate.peak_bps >= rate.average_bps > 0
