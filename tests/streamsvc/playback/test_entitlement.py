from datetime import UTC, datetime, timedelta

import pytest

from streamsvc.playback.entitlement import expires_at, lifetime_s, resume_from

NOW = datetime(2026, 11, 24, 8, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(("duration_s", "hours"), [(0, 4), (60, 4), (2 * 3600, 4), (3 * 3600, 6), (12 * 3600, 24)])
def test_a_prefix_outlives_the_lesson(duration_s, hours):
    """
    A VOD playlist is read once, so its addresses must hold for a break in the middle.
    """
    assert lifetime_s(duration_s) == hours * 3600


def test_a_class_that_starts_together_shares_one_prefix():
    """
    Rounded up, never down: the promise holds for each of them.
    """
    begins = [NOW + timedelta(seconds=seconds) for seconds in range(0, 200, 20)]

    ends = {expires_at(60, now=begin) for begin in begins}

    assert ends == {datetime(2026, 11, 24, 12, 5, tzinfo=UTC)}
    assert expires_at(60, now=datetime(2026, 11, 24, 8, tzinfo=UTC)) == datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("position_s", "duration_s", "start_s"),
    [
        (None, 60, 0),
        (0, 60, 0),
        (-3, 60, 0),
        (31.25, 60, 31.25),
        (56.9, 60, 56.9),
        (57, 60, 0),
        (2690, 2700, 0),
        (2689, 2700, 2689),
        (9999, 60, 0),
        (5, 0, 0),
    ],
)
def test_watching_goes_on_where_it_stopped_unless_that_was_the_end(position_s, duration_s, start_s):
    assert resume_from(position_s, duration_s=duration_s) == start_s
