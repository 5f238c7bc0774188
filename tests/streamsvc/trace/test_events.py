import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from streamsvc.trace.events import (
    body_digest,
    clock_skew,
    intervals_until,
    parse_time,
    plausible,
    read_event,
    refusal,
    wire_body,
    written,
)
from streamsvc.trace.intervals import Watched
from streamsvc.trace.values import LessonValue, Rejection, ViewingEvent

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LESSON = LessonValue(uuid4(), "Квадрат теңдеу", "kk", 60.0)
BODY = {"sequence": 3, "type": "paused", "at": "2026-11-24T12:00:00.500Z", "time_s": 12.5}


def event(sequence, kind, time_s=0.0, **more):
    return ViewingEvent(sequence, kind, NOON + timedelta(seconds=sequence), time_s, **more)


def test_an_event_is_read_with_the_clock_put_right():
    """
    A player whose clock is a day slow is put right by what it said when it sent the batch.
    """
    skew = clock_skew("2026-11-23T12:00:00Z", NOON)

    assert read_event({**BODY, "at": "2026-11-23T11:59:50Z"}, skew=skew) == ViewingEvent(
        3, "paused", NOON - timedelta(seconds=10), 12.5
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sequence": "3"}, "malformed"),
        ({"sequence": -1}, "malformed"),
        ({"sequence": True}, "malformed"),
        ({"type": "liked"}, "malformed"),
        ({"time_s": "12"}, "malformed"),
        ({"time_s": -0.1}, "malformed"),
        ({"at": "yesterday"}, "bad_time"),
        ({"at": "2026-11-24T12:00:00"}, "bad_time"),
        ({"at": "2026-13-24T12:00:00Z"}, "bad_time"),
        ({"type": "seeked"}, "missing_interval"),
        ({"type": "seeked", "from_s": -1.0, "to_s": 2.0}, "missing_interval"),
        ({"played": [[0, 1]] * 1001}, "too_many_intervals"),
        ({"played": [[0, 1, 2]]}, "malformed"),
    ],
)
def test_a_bad_event_is_rejected_with_its_code(change, code):
    """
    What is wrong with an event is said by a code that scripts can rely on.
    """
    outcome = read_event({**BODY, **change}, skew=timedelta(0))

    assert isinstance(outcome, Rejection)
    assert outcome.code == code


@pytest.mark.parametrize("body", [None, 7, "x", [], {}])
def test_what_is_no_event_at_all_is_malformed(body):
    """
    Any JSON value may stand in the list.
    """
    assert read_event(body, skew=timedelta(0)) == Rejection(None, "malformed")


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"events": 1}', b"\xff", b'{"events": [' + b"1," * 500 + b"1]}"])
def test_what_is_no_batch_is_refused_whole(raw):
    """
    A body that is no batch, or one of more than 500 events.
    """
    assert wire_body(raw) is None


def test_a_small_difference_of_clocks_is_the_lines_delay():
    """
    Below a minute nothing is corrected; without `sent_at` the player is believed.
    """
    assert clock_skew("2026-11-24T11:59:30Z", NOON) == timedelta(0)
    assert clock_skew(None, NOON) == timedelta(0)
    assert clock_skew("nonsense", NOON) == timedelta(0)


def test_an_offset_is_understood():
    """
    Astana's noon is seven in the morning in Greenwich.
    """
    assert parse_time("2026-11-24T12:00:00+05:00") == datetime(2026, 11, 24, 7, tzinfo=UTC)


def test_the_order_of_keys_is_no_difference():
    """
    The same event sent again by another JSON library is the same event.
    """
    assert body_digest(BODY) == body_digest(dict(reversed(BODY.items())))
    assert body_digest(BODY) != body_digest({**BODY, "time_s": 12.6})


@pytest.mark.parametrize(
    "more",
    [
        {"type": "paused"},
        {"type": "paused", "played": ()},
        {"type": "completed", "played": ((0.0, 1.5), (2.25, 1e300))},
        {"type": "seeked", "from_s": 0.1, "to_s": 0.0},
    ],
)
@pytest.mark.parametrize("at", [NOON, NOON + timedelta(microseconds=1), datetime.min.replace(tzinfo=UTC)])
def test_a_written_event_is_read_again_as_it_was(more, at):
    before = ViewingEvent(2**31 - 1, at=at, time_s=0.1, **more)

    assert read_event(json.loads(written(before)), skew=timedelta(0)) == before


def test_what_is_nested_without_end_is_no_batch():
    assert wire_body(b'{"events": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}") is None
    assert wire_body(b'{"events": ' + b'[{"x": ' * 50_000 + b"1" + b"}]" * 50_000 + b"}") is None


def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


def test_an_event_nested_without_end_has_no_digest():
    assert body_digest({**BODY, "unknown": nested(100_000)}) is None
    assert body_digest({**BODY, "unknown": nested(10)}) is not None


def test_the_pattern_of_a_session():
    """
    Initialized first, once; nothing after terminated; whatever the order of arrival.
    """
    first, play, end = event(0, "initialized"), event(1, "played"), event(5, "terminated", 50.0)

    assert refusal(play, before=[first], after=[end], lesson=LESSON) is None
    assert refusal(event(6, "played"), before=[first, end], after=[], lesson=LESSON) == "after_terminated"
    assert refusal(event(0, "played"), before=[], after=[event(1, "initialized")], lesson=LESSON) == (
        "before_initialized"
    )
    assert refusal(event(2, "initialized"), before=[first], after=[], lesson=LESSON) == "already_initialized"
    assert refusal(event(2, "initialized"), before=[play], after=[], lesson=LESSON) == "not_first"
    assert refusal(event(3, "terminated"), before=[first], after=[event(4, "paused")], lesson=LESSON) == "not_last"
    assert refusal(event(3, "paused", 62.1), before=[first], after=[], lesson=LESSON) == "time_out_of_range"


def test_intervals_are_derived_when_the_player_does_not_report_them():
    """
    From play to seek, from there to the pause.
    """
    events = [
        event(0, "initialized"),
        event(1, "played", 0.0),
        event(2, "seeked", 30.0, from_s=10.0, to_s=30.0),
        event(3, "paused", 42.0),
        event(4, "terminated", 42.0),
    ]

    assert intervals_until(events, length_ms=60_000) == [(0, 10_000), (30_000, 42_000)]


def test_reported_intervals_count():
    """
    A player that keeps its own account is taken at its word.
    """
    events = [event(1, "played"), event(2, "paused", 50.0, played=((0.0, 5.0),))]

    assert intervals_until(events, length_ms=60_000) == [(0, 5_000)]


def test_ten_minutes_cannot_be_watched_in_one():
    """
    Twice the speed and half a minute of grace, no more.
    """
    watched = Watched(((0, 600_000),))

    assert not plausible(watched, before=Watched(), elapsed=timedelta(seconds=60))
    assert plausible(watched, before=Watched(), elapsed=timedelta(seconds=290))
