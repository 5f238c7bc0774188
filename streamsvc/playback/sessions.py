"""Playback sessions: who watches which lesson since when; and where each person stopped."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Float, Index, Uuid, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from streamsvc.database import Base, UtcDateTime
from streamsvc.errors import PlaybackSessionMissing


class PlaybackSession(Base):
    """One opening of a player. Lesson, asset and person belong to other packages, so they are no foreign keys."""

    __tablename__ = "playback_session"
    __table_args__ = (Index("ix_playback_session_person_id_lesson_id", "person_id", "lesson_id"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    lesson_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    asset_id: Mapped[UUID] = mapped_column(Uuid)
    publication_id: Mapped[UUID] = mapped_column(Uuid)
    duration_s: Mapped[float] = mapped_column(Float)
    """Of the lesson, as it was known when the session was opened."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Of the signed prefix; viewing events may come later, when the line returns."""


class WatchPosition(Base):
    """Where one person last was in one lesson."""

    __tablename__ = "playback_position"

    person_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    lesson_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    position_s: Mapped[float] = mapped_column(Float)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


def start(
    session: Session,
    *,
    person_id: UUID,
    lesson_id: UUID,
    asset_id: UUID,
    publication_id: UUID,
    duration_s: float,
    expires_at: datetime,
    now: datetime,
) -> PlaybackSession:
    """Open a session."""
    opened = PlaybackSession(
        id=uuid4(),
        person_id=person_id,
        lesson_id=lesson_id,
        asset_id=asset_id,
        publication_id=publication_id,
        duration_s=duration_s,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(opened)
    session.flush()
    return opened


def own_session(session: Session, session_id: UUID, *, person_id: UUID) -> PlaybackSession:
    """The person's own session, also an expired one. Raises PlaybackSessionMissing, for somebody else's too."""
    found = session.get(PlaybackSession, session_id)
    if found is None or found.person_id != person_id:
        raise PlaybackSessionMissing(f"no playback session {session_id}")
    return found


def resume_position(session: Session, person_id: UUID, lesson_id: UUID) -> float | None:
    """Where the person last was, in seconds of the lesson; None when they never watched it."""
    found = session.get(WatchPosition, (person_id, lesson_id))
    return found.position_s if found else None


def recent_positions(session: Session, person_id: UUID, *, limit: int = 200) -> dict[UUID, float]:
    """Where the person last was in the lessons they watched last."""
    newest = select(WatchPosition).where(WatchPosition.person_id == person_id).order_by(WatchPosition.noted_at.desc())
    return {each.lesson_id: each.position_s for each in session.scalars(newest.limit(limit))}


def note_position(session: Session, person_id: UUID, lesson_id: UUID, *, position_s: float, at: datetime) -> None:
    """Remember where the person is; a report of an earlier moment than the remembered one changes nothing."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"position_s": max(0.0, position_s), "noted_at": at}
    row = insert(WatchPosition).values(person_id=person_id, lesson_id=lesson_id, **values)
    newer = row.on_conflict_do_update(
        index_elements=["person_id", "lesson_id"], set_=values, where=WatchPosition.noted_at <= at
    )
    session.execute(newer, execution_options={"synchronize_session": False})


def forget_positions(session: Session, lesson_id: UUID) -> None:
    """Forget where people were in a lesson that is gone; its sessions stay, the trace points at them."""
    session.execute(delete(WatchPosition).where(WatchPosition.lesson_id == lesson_id))
