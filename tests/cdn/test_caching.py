"""Conditions and ranges after RFC 9110."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn.caching import Range, Representation, Verdict, accepts_gzip, http_date, variant, verdict, wanted_range

AT = datetime(2026, 11, 24, 8, 0, 0, 900000, tzinfo=UTC)
FOUND = Representation('"abc"', AT, 1000)
THEN, BEFORE, AFTER = http_date(AT), http_date(AT - timedelta(seconds=1)), http_date(AT + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Verdict.SEND),
        ({"If-None-Match": '"abc"'}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": 'W/"abc"'}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": '"x", W/"abc" , "y"'}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": "*"}, Verdict.NOT_MODIFIED),
        ({"If-None-Match": '"abcd"'}, Verdict.SEND),
        ({"If-None-Match": "abc"}, Verdict.SEND),
        ({"If-None-Match": ""}, Verdict.SEND),
        ({"If-Modified-Since": THEN}, Verdict.NOT_MODIFIED),
        ({"If-Modified-Since": AFTER}, Verdict.NOT_MODIFIED),
        ({"If-Modified-Since": BEFORE}, Verdict.SEND),
        ({"If-Modified-Since": "yesterday"}, Verdict.SEND),
        # A tag says more than a date, so the date is ignored (13.1.3).
        ({"If-None-Match": '"x"', "If-Modified-Since": THEN}, Verdict.SEND),
        ({"If-None-Match": '"abc"', "If-Modified-Since": BEFORE}, Verdict.NOT_MODIFIED),
        ({"If-Match": '"abc"'}, Verdict.SEND),
        ({"If-Match": "*"}, Verdict.SEND),
        ({"If-Match": '"x"'}, Verdict.PRECONDITION_FAILED),
        # If-Match compares strongly (13.1.1).
        ({"If-Match": 'W/"abc"'}, Verdict.PRECONDITION_FAILED),
        ({"If-Match": '"abc"', "If-None-Match": '"abc"'}, Verdict.NOT_MODIFIED),
        ({"If-Match": '"abc"', "If-Unmodified-Since": BEFORE}, Verdict.SEND),
        ({"If-Unmodified-Since": THEN}, Verdict.SEND),
        ({"If-Unmodified-Since": BEFORE}, Verdict.PRECONDITION_FAILED),
        ({"If-Unmodified-Since": "never"}, Verdict.SEND),
    ],
)
def test_conditions(headers, expected):
    assert verdict(headers, FOUND) is expected


def test_conditions_on_dates_of_what_has_no_date():
    undated = Representation('"abc"', None, 1000)

    assert verdict({"If-Modified-Since": AFTER}, undated) is Verdict.SEND
    assert verdict({"If-Unmodified-Since": BEFORE}, undated) is Verdict.SEND


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("bytes=0-0", Range(0, 1)),
        ("bytes=0-499", Range(0, 500)),
        ("bytes=500-", Range(500, 1000)),
        ("bytes=999-999", Range(999, 1000)),
        ("bytes=0-99999999", Range(0, 1000)),
        ("bytes=-1", Range(999, 1000)),
        ("bytes=-5000", Range(0, 1000)),
        ("Bytes=1-2", Range(1, 3)),
        ("bytes= 1-2 ", Range(1, 3)),
        # Ignored: several ranges, other units, nonsense.
        ("bytes=0-1,5-6", None),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=", None),
        ("bytes=a-b", None),
        ("bytes=1-b", None),
        ("bytes=+1-2", None),
        ("bytes=1_0-20", None),
        ("bytes=١-٢", None),
        ("bytes=0x1-0x2", None),
        ("bytes=1--2", None),
        ("lines=1-2", None),
        ("", None),
        ("bytes=0-" + "9" * 30, None),
        ("bytes=" + "0-0," * 1000, None),
    ],
)
def test_ranges(field, expected):
    assert wanted_range({"Range": field}, FOUND) == expected


@pytest.mark.parametrize("field", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=5000-6000"])
def test_ranges_outside(field):
    with pytest.raises(ValueError, match=r"behind|no object"):
        wanted_range({"Range": field}, FOUND)


def test_no_range_lies_in_an_empty_object():
    empty = Representation('"abc"', AT, 0)
    for field in ("bytes=0-", "bytes=-5", "bytes=0-0"):
        with pytest.raises(ValueError, match=r"behind|no object"):
            wanted_range({"Range": field}, empty)


@pytest.mark.parametrize(
    ("condition", "sent"),
    [
        ('"abc"', Range(0, 1)),
        ('"x"', None),
        ('W/"abc"', None),
        (THEN, Range(0, 1)),
        (BEFORE, None),
        (AFTER, None),
        ("nonsense", None),
    ],
)
def test_if_range(condition, sent):
    assert wanted_range({"Range": "bytes=0-0", "If-Range": condition}, FOUND) == sent


@given(st.text(max_size=60), st.integers(min_value=0, max_value=10**6))
def test_whatever_is_asked_the_range_lies_inside(text, size):
    found = Representation('"abc"', AT, size)
    try:
        part = wanted_range({"Range": f"bytes={text}"}, found)
    except ValueError:
        return

    assert part is None or 0 <= part.start < part.end <= size


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_a_range_is_exactly_what_was_asked(first, last):
    expected = Range(first, min(last + 1, 1000)) if first <= last and first < 1000 else None
    try:
        part = wanted_range({"Range": f"bytes={first}-{last}"}, FOUND)
    except ValueError:
        part = None

    assert part == expected


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("br", False),
        ("x-gzip", True),
        ("identity", False),
        ("gzip;q=much", False),
    ],
)
def test_gzip(field, accepted):
    assert accepts_gzip(field) is accepted


def test_an_encoded_form_has_a_tag_of_its_own():
    assert variant('"abc"', "gzip") == '"abc-gzip"'
