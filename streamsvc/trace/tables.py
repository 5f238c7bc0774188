"""Tables of the trace: registrations, sessions, events as reported, statements as built."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from streamsvc.database import Base, UtcDateTime


class Registration(Base):
    """One person's attempt at one lesson, over as many sessions as it takes; a finished one is followed by another."""

    __tablename__ = "trace_registration"
    __table_args__ = (UniqueConstraint("pseudonym", "lesson_id", "attempt"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    pseudonym: Mapped[str] = mapped_column(String(64))
    lesson_id: Mapped[UUID] = mapped_column(Uuid)
    attempt: Mapped[int] = mapped_column(Integer)
    watched: Mapped[str] = mapped_column(Text, default="[]")
    """JSON list of [from, to] in milliseconds."""
    spent_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ViewingSession(Base):
    """A playback session that reported something, with the learner and lesson as they were then."""

    __tablename__ = "trace_session"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("trace_registration.id"), index=True)
    pseudonym: Mapped[str] = mapped_column(String(64))
    unit_path: Mapped[str] = mapped_column(String(400))
    lesson_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    title: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(35))
    subject: Mapped[str | None] = mapped_column(String(100))
    grade: Mapped[int | None] = mapped_column(Integer)
    length_ms: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    implausible: Mapped[bool] = mapped_column(default=False)
    """More was reported than could have been watched in the time; flagged, not dropped."""


class StoredEvent(Base):
    """One event, kept to tell a repetition from a contradiction, and to judge later ones by."""

    __tablename__ = "trace_event"

    session_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("trace_session.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """Of the event as it was sent, unknown fields among it."""
    body: Mapped[str] = mapped_column(Text)
    """JSON of the fields that we know."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """After correction: within the session's life, never before an earlier event."""
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StoredStatement(Base):
    """An xAPI statement; it never changes once it is here."""

    __tablename__ = "trace_statement"
    __table_args__ = (Index("ix_trace_statement_order", "timestamp", "session_id", "sequence"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("trace_session.id"), index=True)
    sequence: Mapped[int] = mapped_column(Integer)
    lesson_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)
    stored: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    body: Mapped[str] = mapped_column(Text)
