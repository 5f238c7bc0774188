from hypothesis import given
from hypothesis import strategies as st

from streamsvc.trace.intervals import Watched, pairs_from_seconds

interval = st.tuples(st.integers(0, 60_000), st.integers(0, 60_000))


def test_touching_intervals_become_one():
    """
    Two stretches that meet are one.
    """
    assert Watched().joined([(0, 12_000), (12_000, 14_000)]) == Watched(((0, 14_000),))


def test_text_is_the_profiles():
    """
    The profile's separators, three decimals, ordered.
    """
    watched = Watched().joined([(14_000, 21_000), (0, 12_000)])

    assert watched.text() == "0.000[.]12.000[,]14.000[.]21.000"


def test_progress_is_never_rounded_up():
    """
    A completion threshold is not reached by rounding.
    """
    assert Watched(((0, 94_990),)).progress(100_000) == 0.949


def test_intervals_beyond_the_lesson_are_cut():
    """
    A player that reports a moment behind the end is cut to the lesson.
    """
    assert pairs_from_seconds([(55.0, 61.5), (70.0, 80.0)], length_ms=60_000) == [(55_000, 60_000)]


def test_a_time_beyond_all_numbers_is_cut_too():
    """
    A thousandfold of it would be infinite.
    """
    assert pairs_from_seconds([(0.0, 1.7e308), (-1.7e308, 1.0)], length_ms=60_000) == [(0, 60_000), (0, 1_000)]


@given(st.lists(interval), st.lists(interval))
def test_a_union_is_ordered_disjoint_and_independent_of_order(first, second):
    """
    However intervals arrive, the union is the set of milliseconds they cover.
    """
    covered = {ms for start, end in first + second for ms in range(start // 100, end // 100)}
    hundreds = [(start // 100 * 100, end // 100 * 100) for start, end in first + second]
    union = Watched().joined(hundreds)

    assert union == Watched().joined(reversed(hundreds)).joined(hundreds[:3])
    assert union.total_ms == 100 * len(covered)
    assert all(a[1] < b[0] for a, b in zip(union.pairs, union.pairs[1:], strict=False))
