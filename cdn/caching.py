"""Conditional requests, ranges and Cache-Control after RFC 9110 and RFC 9111. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum

IMMUTABLE = "public, max-age=31536000, immutable"
"""For objects whose key never means other bytes."""
REVALIDATE = "no-cache"
"""For what grows: kept, but asked about each time."""
NEVER = "no-store"
"""For errors: a refusal of this minute must not outlive it."""

MAX_FIELD_CHARACTERS = 1000
_RANGE_UNIT = "bytes="


@dataclass(frozen=True, slots=True)
class Representation:
    """What is about to be sent, as far as a client's conditions ask about it."""

    etag: str
    """Quoted and strong."""
    modified_at: datetime | None
    """None when nobody knows; conditions on dates then do not hold back anything."""
    size: int


@dataclass(frozen=True, slots=True)
class Range:
    """The bytes `[start, end)`; `end` is at most the size."""

    start: int
    end: int


class Verdict(Enum):
    """What to answer before any body is looked at."""

    SEND = 200
    NOT_MODIFIED = 304
    PRECONDITION_FAILED = 412


def verdict(headers: Mapping[str, str], found: Representation) -> Verdict:
    """Judge the conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2."""
    if (wanted := headers.get("If-Match")) is not None:
        if not _matches(wanted, found.etag, weak=False):
            return Verdict.PRECONDITION_FAILED
    elif _changed_since(found, _date(headers.get("If-Unmodified-Since"))) is True:
        return Verdict.PRECONDITION_FAILED
    if (known := headers.get("If-None-Match")) is not None:
        return Verdict.NOT_MODIFIED if _matches(known, found.etag, weak=True) else Verdict.SEND
    changed = _changed_since(found, _date(headers.get("If-Modified-Since")))
    return Verdict.NOT_MODIFIED if changed is False else Verdict.SEND


def wanted_range(headers: Mapping[str, str], found: Representation) -> Range | None:
    """
    Return the one range to send, or None for the whole (RFC 9110 section 14.2).

    Several ranges, another unit and a malformed field are ignored, as they may be; so is a range whose If-Range
    names other bytes. Raises ValueError when the range lies outside (416).
    """
    field = headers.get("Range", "")
    if not field.lower().startswith(_RANGE_UNIT) or len(field) > MAX_FIELD_CHARACTERS or not _same(headers, found):
        return None
    first, dash, last = field[len(_RANGE_UNIT) :].strip().partition("-")
    if not dash or not all(_is_number(text) or not text for text in (first, last)):
        return None
    if not first:
        return _suffix(last, found.size)
    if last and int(last) < int(first):
        return None
    if int(first) >= found.size:
        raise ValueError("the range starts behind the end")
    return Range(int(first), min(int(last) + 1, found.size) if last else found.size)


def http_date(at: datetime) -> str:
    """As RFC 9110 section 5.6.7 writes it."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def accepts_gzip(accept_encoding: str) -> bool:
    """Read Accept-Encoding (RFC 9110 section 12.5.3): gzip named, or a `*`, with a weight above 0."""
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, _, parameter = item.partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            weights[coding.strip()] = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            continue
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def variant(etag: str, coding: str) -> str:
    """A strong tag of its own for an encoded form (RFC 9110 section 8.8.3.3)."""
    return f'{etag[:-1]}-{coding}"'


def _suffix(last: str, size: int) -> Range | None:
    if not last:
        return None
    if int(last) == 0 or size == 0:
        raise ValueError("an empty suffix is in no object")
    return Range(max(0, size - int(last)), size)


def _same(headers: Mapping[str, str], found: Representation) -> bool:
    """Whether If-Range (RFC 9110 section 13.1.5), if there is one, names these very bytes; a weak tag never does."""
    condition = headers.get("If-Range")
    if condition is None:
        return True
    if condition.strip().startswith(('"', "W/")):
        return condition.strip() == found.etag
    at = _date(condition)
    return at is not None and found.modified_at is not None and at == _second(found.modified_at)


def _matches(field: str, etag: str, *, weak: bool) -> bool:
    if field.strip() == "*":
        return True
    tags = [tag.strip() for tag in field.split(",")]
    return etag in ([tag.removeprefix("W/") for tag in tags] if weak else tags)


def _changed_since(found: Representation, at: datetime | None) -> bool | None:
    """None when it cannot be told."""
    return None if at is None or found.modified_at is None else _second(found.modified_at) > at


def _date(field: str | None) -> datetime | None:
    """None for what is no date: such a condition is ignored."""
    try:
        at = parsedate_to_datetime(field) if field else None
    except (ValueError, OverflowError):
        return None
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


def _second(at: datetime) -> datetime:
    """HTTP's dates know whole seconds only."""
    return at.replace(microsecond=0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
