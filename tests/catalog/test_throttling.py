from datetime import UTC, datetime, timedelta

import pytest

from catalog.throttling import Counter, counted, retry_after_s, wait_s

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (500, 900)]
)
def test_waiting_doubles_up_to_a_quarter_of_an_hour(failures, wait):
    """
    Typing errors are free; a guesser gets a hundred attempts a day.
    """
    assert wait_s(failures, "pair") == wait


def test_a_school_behind_one_address_is_not_locked_out_by_some_pupils():
    assert wait_s(199, "address") == 0


def test_the_wait_runs_from_the_last_failure():
    counter = Counter(5, NOW)

    assert retry_after_s(counter, scope="pair", now=NOW) == 30
    assert retry_after_s(counter, scope="pair", now=NOW + timedelta(seconds=29.5)) == 1
    assert retry_after_s(counter, scope="pair", now=NOW + timedelta(seconds=30)) == 0


def test_an_attempt_of_a_moment_later_costs_nobody_a_wait():
    """
    A class signs in at once, and its requests overtake each other.
    """
    assert retry_after_s(Counter(3, NOW + timedelta(milliseconds=5)), scope="pair", now=NOW) == 0


def test_a_quiet_quarter_of_an_hour_forgets():
    old = Counter(9, NOW)

    assert counted(old, now=NOW + timedelta(minutes=16)) == Counter(1, NOW + timedelta(minutes=16))
    assert counted(old, now=NOW + timedelta(minutes=14)) == Counter(10, NOW + timedelta(minutes=14))
    assert counted(None, now=NOW) == Counter(1, NOW)
