"""What needs catalogue and transcoder in one transaction; neither knows the other, so the service joins them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from catalog import lessons, people
from catalog.lessons import Lesson
from catalog.permissions import Acting
from streamsvc.errors import NothingToCancel
from streamsvc.playback import sessions
from streamsvc.uploads import ending
from transcoder import jobs
from transcoder.status import MediaStatus


@dataclass(frozen=True, slots=True)
class Shown:
    """A lesson with all that its view needs."""

    lesson: Lesson
    media: MediaStatus
    owner_name: str


@dataclass(frozen=True, slots=True)
class ShownPage:
    shown: tuple[Shown, ...]
    next_cursor: str | None


def shown(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> Shown:
    """Raises LessonMissing."""
    return _shown(session, lessons.get(session, lesson_id, acting=acting), now)


def listed(session: Session, *, acting: Acting, own: bool, cursor: str | None, limit: int, now: datetime) -> ShownPage:
    """One page, in a fixed number of queries. Raises BadCursor."""
    page = lessons.listed(session, acting=acting, own=own, cursor=cursor, limit=limit)
    statuses = jobs.media_statuses(session, [lesson.asset_id for lesson in page.lessons], now)
    names = people.display_names(session, {lesson.owner_id for lesson in page.lessons})
    found = [Shown(lesson, statuses[lesson.asset_id], names.get(lesson.owner_id, "")) for lesson in page.lessons]
    return ShownPage(tuple(found), page.next_cursor)


def rename(session: Session, lesson_id: UUID, *, title: str, acting: Acting, now: datetime) -> Shown:
    """Raises LessonMissing, NotAllowed, BadTitle."""
    return _shown(session, lessons.rename(session, lesson_id, title=title, acting=acting, now=now), now)


def retry(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> Shown:
    """Raises LessonMissing, NotAllowed, NothingToRetry."""
    lesson = lessons.get_to_change(session, lesson_id, acting=acting)
    jobs.retry(session, lesson.asset_id, now)
    return _shown(session, lesson, now)


def cancel(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> Shown:
    """Raises LessonMissing, NotAllowed, NothingToCancel."""
    lesson = lessons.get_to_change(session, lesson_id, acting=acting)
    if not jobs.cancel(session, lesson.asset_id, now):
        raise NothingToCancel("nothing is being encoded")
    return _shown(session, lesson, now)


def delete(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> None:
    """No server of bytes gives the lesson out any more, and its objects go. Raises LessonMissing, NotAllowed."""
    lesson = lessons.delete(session, lesson_id, acting=acting, now=now)
    jobs.remove(session, lesson.asset_id, now)
    # Keys of an upload that still ran are left to the collector: no row names them any more.
    ending.forget_asset(session, lesson.asset_id, now=now)
    sessions.forget_positions(session, lesson.id)


def _shown(session: Session, lesson: Lesson, now: datetime) -> Shown:
    names = people.display_names(session, {lesson.owner_id})
    status = jobs.media_status(session, lesson.asset_id, now)
    return Shown(lesson, status, names.get(lesson.owner_id, ""))
