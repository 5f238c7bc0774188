"""Reading what a player reports, and deciding which of it to believe. Pure."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from streamsvc.trace.intervals import Pair, Watched, clamp_ms, pairs_from_seconds
from streamsvc.trace.values import EventType, LessonValue, Rejection, ViewingEvent

MAX_EVENTS = 500
"""Events of one batch."""
MAX_SESSION_EVENTS = 10_000
"""Of one session: each batch reads all of them again. A person who seeks all through a long lesson makes hundreds."""
MAX_PLAYED = 1000
"""Intervals of one event, and of all that was watched of one lesson: each statement lists them."""
TIME_SLACK_S = 2.0
"""A player may report a position this far behind the end (rounding, a growing playlist)."""
SMALL_SKEW = timedelta(seconds=60)
"""Differences below this are the line's delay, not a wrong clock."""

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class EventBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event on the wire. Unknown fields are ignored, so that a newer player still reports."""

    sequence: int
    type: EventType
    at: str
    time_s: float
    from_s: float | None = None
    to_s: float | None = None
    played: list[tuple[float, float]] | None = None


def read_event(body: object, *, skew: timedelta) -> ViewingEvent | Rejection:
    """
    One event of a batch, or why it is none. A bad event never spoils its batch.

    Codes: `malformed`, `bad_time`, `missing_interval`, `too_many_intervals`.
    """
    try:
        event = msgspec.convert(body, EventBody)
    except msgspec.ValidationError:
        return Rejection(_sequence_of(body), "malformed")
    if event.sequence < 0 or event.sequence >= 2**31 or event.time_s < 0:
        return Rejection(event.sequence if 0 <= event.sequence < 2**31 else None, "malformed")
    at = parse_time(event.at)
    if at is None:
        return Rejection(event.sequence, "bad_time")
    if event.type == "seeked" and (event.from_s is None or event.to_s is None or min(event.from_s, event.to_s) < 0):
        return Rejection(event.sequence, "missing_interval")
    if event.played is not None and len(event.played) > MAX_PLAYED:
        return Rejection(event.sequence, "too_many_intervals")
    played = tuple(event.played) if event.played is not None else None
    return ViewingEvent(event.sequence, event.type, _shift(at, skew), event.time_s, event.from_s, event.to_s, played)


def _sequence_of(body: object) -> int | None:
    sequence = body.get("sequence") if isinstance(body, dict) else None
    return sequence if isinstance(sequence, int) and not isinstance(sequence, bool) else None


def _shift(at: datetime, skew: timedelta) -> datetime:
    try:
        return at + skew
    except OverflowError:
        return at


def written(event: ViewingEvent) -> str:
    """What `read_event` reads the same event from again, and nothing more."""
    played = list(event.played) if event.played is not None else None
    body = EventBody(event.sequence, event.type, event.at.isoformat(), event.time_s, event.from_s, event.to_s, played)
    return msgspec.json.encode(body).decode()


def parse_time(text: str) -> datetime | None:
    """An RFC 3339 time with its offset, as an aware time in UTC; None for anything else."""
    if not _RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def clock_skew(sent_at: str | None, received_at: datetime) -> timedelta:
    """What to add to a player's times. A player that does not tell its clock is believed."""
    said = parse_time(sent_at) if sent_at else None
    if said is None or abs(received_at - said) < SMALL_SKEW:
        return timedelta(0)
    return received_at - said


def body_digest(body: object) -> str | None:
    """
    The same event sent again has the same digest, whatever the order of its keys.

    None for one that is nested too deep to be written again: unknown fields may hold anything.
    """
    try:
        return hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
    except RecursionError:
        return None


def refusal(
    event: ViewingEvent, *, before: Sequence[ViewingEvent], after: Sequence[ViewingEvent], lesson: LessonValue
) -> str | None:
    """
    Why an event does not fit its session's pattern (X9: initialized, anything, terminated), or None.

    `before` and `after` are the session's kept events with lower and higher sequence. Batches may arrive in any
    order, so nothing here depends on the order of arrival but this: of two contradicting events the first wins.
    """
    if event.time_s > lesson.length_s + TIME_SLACK_S:
        return "time_out_of_range"
    types_before, types_after = {each.type for each in before}, {each.type for each in after}
    if "terminated" in types_before:
        return "after_terminated"
    if "initialized" in types_after:
        return "before_initialized" if event.type != "initialized" else "already_initialized"
    if event.type == "initialized" and before:
        return "already_initialized" if "initialized" in types_before else "not_first"
    if event.type == "terminated" and after:
        return "not_last"
    return None


def intervals_until(events: Sequence[ViewingEvent], *, length_ms: int) -> list[Pair]:
    """
    What was watched according to a session's events, which are in order of their sequence.

    A player that reports `played` intervals is taken at its word; from one that does not, they are derived:
    from each start (or seek) to the next pause, seek or end.
    """
    reported = [each.played for each in events if each.played is not None]
    if reported:
        return [pair for played in reported for pair in pairs_from_seconds(played, length_ms=length_ms)]
    pairs: list[Pair] = []
    started_ms: int | None = None
    for event in events:
        here = clamp_ms(event.time_s, length_ms)
        if event.type == "played":
            started_ms = here
        elif started_ms is not None and event.type == "seeked":
            pairs.append((started_ms, clamp_ms(event.from_s or 0.0, length_ms)))
            started_ms = clamp_ms(event.to_s or 0.0, length_ms)
        elif started_ms is not None and event.type != "initialized":
            pairs.append((started_ms, here))
            started_ms = here if event.type == "completed" else None
    return [(start, end) for start, end in pairs if end > start]


def newly_watched(event: ViewingEvent, *, before: Sequence[ViewingEvent], length_ms: int) -> list[Pair]:
    """
    What `event` tells beyond what was counted when the events `before` it were kept.

    Only its own intervals: to count those of a whole session again with each event would take seconds.
    """
    if event.played is not None:
        return pairs_from_seconds(event.played, length_ms=length_ms)
    if any(each.played is not None for each in before):
        return []
    return intervals_until([*before, event], length_ms=length_ms)


def too_scattered(watched: Watched, *, before: Watched) -> bool:
    """Whether more separate stretches would be kept than any person watches."""
    return len(watched.pairs) > max(MAX_PLAYED, len(before.pairs))


def plausible(watched: Watched, *, before: Watched, elapsed: timedelta, fastest: float = 2.0) -> bool:
    """Whether somebody could have watched this much more since the session was opened, at twice the speed."""
    new_s = (watched.total_ms - before.total_ms) / 1000
    return new_s <= elapsed.total_seconds() * fastest + 30


def wire_body(raw: bytes) -> tuple[list[Any], str | None] | None:
    """Split a batch into its events and the player's clock (`sent_at`, optional); None when it is no batch."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(body, dict) or not isinstance(body.get("events"), list) or len(body["events"]) > MAX_EVENTS:
        return None
    sent_at = body.get("sent_at")
    return body["events"], sent_at if isinstance(sent_at, str) else None
