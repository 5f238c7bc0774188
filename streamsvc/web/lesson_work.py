"""What needs catalogue and transcoder in one transaction; neither knows the other, so the service joins them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from catalog import audit, deeds, lessons, people
from catalog.audit_who import Who
from catalog.lessons import Lesson
from catalog.permissions import Acting
from streamsvc.errors import NothingToCancel
from streamsvc.playback import sessions
from streamsvc.uploads import ending, transfers
from transcoder import jobs
from transcoder.status import MediaStatus


@dataclass(frozen=True, slots=True)
class Shown:
    """A lesson with all that its view needs."""

    lesson: Lesson
    media: MediaStatus
    owner_name: str
    upload: tuple[int, int] | None
    """Bytes received and bytes in all, while the file is still on its way."""


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
    return ShownPage(_all_shown(session, page.lessons, now), page.next_cursor)


def rename(session: Session, lesson_id: UUID, *, title: str, acting: Acting, now: datetime) -> Shown:
    """Raises LessonMissing, NotAllowed, BadTitle."""
    return _shown(session, lessons.rename(session, lesson_id, title=title, acting=acting, now=now), now)


def retry(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> Shown:
    """Raises LessonMissing, NotAllowed, NothingToRetry."""
    lesson = lessons.get_to_change(session, lesson_id, acting=acting)
    jobs.retry(session, lesson.asset_id, now)
    return _shown(session, lesson, now)


def reencode(session: Session, lesson_id: UUID, *, acting: Acting, who: Who, now: datetime) -> Shown:
    """Raises LessonMissing, NotAllowed, NothingToRenew."""
    lesson = lessons.get_to_change(session, lesson_id, acting=acting)
    jobs.reencode(session, lesson.asset_id, now)
    deed = deeds.LessonReencoded(subject_id=lesson.id, unit_path=lesson.unit_path)
    audit.note(session, deed, who=who, now=now)
    return _shown(session, lesson, now)


def cancel(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> Shown:
    """Raises LessonMissing, NotAllowed, NothingToCancel."""
    lesson = lessons.get_to_change(session, lesson_id, acting=acting)
    if not jobs.cancel(session, lesson.asset_id, now):
        raise NothingToCancel("nothing is being encoded")
    return _shown(session, lesson, now)


def delete(session: Session, lesson_id: UUID, *, acting: Acting, who: Who, now: datetime) -> list[str]:
    """
    No server of bytes gives the lesson out any more, and its bytes go; returns keys to delete after the commit.

    Its upload ends first, so that an upload that completes at this moment either is there to be removed, or is
    refused. Raises LessonMissing, NotAllowed.
    """
    # Rows are locked in one order everywhere, or two transactions wait for each other: upload, lesson, quotas, asset.
    asset_id = lessons.get_to_change(session, lesson_id, acting=acting, lock=False).asset_id
    ending.lock(session, asset_id)
    lesson = lessons.delete(session, lesson_id, acting=acting, now=now)
    keys = ending.forget_asset(session, lesson.asset_id, now=now)
    jobs.remove(session, lesson.asset_id, now)
    sessions.forget_positions(session, lesson.id)
    deed = deeds.LessonDeleted(subject_id=lesson.id, unit_path=lesson.unit_path, owner_id=lesson.owner_id)
    audit.note(session, deed, who=who, now=now)
    return keys


def _shown(session: Session, lesson: Lesson, now: datetime) -> Shown:
    return _all_shown(session, (lesson,), now)[0]


def _all_shown(session: Session, found: Sequence[Lesson], now: datetime) -> tuple[Shown, ...]:
    assets = [lesson.asset_id for lesson in found]
    statuses = jobs.media_statuses(session, assets, now)
    uploads = transfers.progress(session, assets)
    names = people.display_names(session, {lesson.owner_id for lesson in found})
    return tuple(
        Shown(lesson, statuses[lesson.asset_id], names.get(lesson.owner_id, ""), uploads.get(lesson.asset_id))
        for lesson in found
    )
