"""
Who watched what, as the trace knows it: values copied at event time. Pure.

A pupil who changes school, or a lesson that gets another title, does not rewrite history.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

EventType = Literal["initialized", "played", "paused", "seeked", "completed", "terminated"]


@dataclass(frozen=True, slots=True)
class LearnerValue:
    """The person, by pseudonym only."""

    pseudonym: str
    """From `streamsvc.trace.actors.pseudonym`; the same person has the same one."""
    unit_path: str


@dataclass(frozen=True, slots=True)
class LessonValue:
    """The lesson as it was when it was watched."""

    lesson_id: UUID
    title: str
    language: str
    """BCP 47 tag of the title, `und` when unknown."""
    length_s: float
    subject: str | None = None
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class SessionValue:
    """The playback session that the service opened for this person and lesson."""

    session_id: UUID
    started_at: datetime


@dataclass(frozen=True, slots=True)
class ViewingEvent:
    """One report of a player, validated in shape but not yet believed."""

    sequence: int
    type: EventType
    at: datetime
    """The player's clock, corrected by what it said its clock was when it sent the batch."""
    time_s: float
    from_s: float | None = None
    to_s: float | None = None
    played: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one event was not kept; `code` never changes its meaning."""

    sequence: int | None
    code: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch."""

    accepted: int
    repeated: int
    rejected: tuple[Rejection, ...]
    position_s: float | None
    """Where the person stands now, from the newest accepted event; None when none was accepted."""
