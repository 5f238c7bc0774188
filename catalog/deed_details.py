"""What a deed in the audit log is made of, and what may stand in its details. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

Detail = str | int | bool | UUID | datetime | bytes | None
"""`bytes` are a SHA-256; a `str` is a word of ours, see `is_word`."""

_WORD = re.compile(r"[a-z0-9@][a-z0-9@._/:-]{0,399}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Fields that a subclass adds are its details."""

    action: ClassVar[str]
    subject_kind: ClassVar[str]

    subject_id: UUID | None = None
    unit_path: str = ""
    """The unit that it concerns; empty for the whole system."""


def is_word(text: str) -> bool:
    """A role, a path, a name of ours: without capitals, spaces and `$`, so hardly a password, never a token or hash."""
    return _WORD.fullmatch(text) is not None


def time_text(at: datetime) -> str:
    """UTC to the microsecond, always of the same length."""
    if at.tzinfo is None:
        raise ValueError("a naive time has no meaning here")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def plain(value: Detail) -> str | int | None:
    """
    A detail as JSON holds it: times in UTC to the microsecond, digests in hex.

    Raises TypeError for what is no detail, ValueError for a text that is no word of ours.
    """
    match value:
        case None | bool() | int():
            return value
        case UUID():
            return str(value)
        case datetime():
            return time_text(value)
        case bytes() if len(value) == 32:
            return value.hex()
        case str() if is_word(value):
            return value
        case str():
            # The text itself stays out of the message: it may be a secret.
            raise ValueError("a detail is a word of ours, never free text")
    raise TypeError(f"{type(value).__name__} is no detail")
