"""Lessons: what a teacher publishes. A lesson names its asset by id and knows nothing of video."""

import base64
import binascii
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, String, Uuid, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.database import Base, UtcDateTime
from catalog.errors import BadCursor, BadTitle, LessonMissing, NotAllowed
from catalog.permissions import Acting, can

STATES = ("draft", "published")
LONGEST_TITLE = 200


class Lesson(Base):
    """
    One lesson. Deleting sets `deleted_at` and keeps the row, because viewing events point at it.

    The asset belongs to the transcoder, so its id is no foreign key.
    """

    __tablename__ = "catalog_lesson"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_catalog_lesson_owner_id_created_at", "owner_id", "created_at"),
        Index("ix_catalog_lesson_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    owner_id: Mapped[UUID] = mapped_column(Uuid)
    unit_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    unit_path: Mapped[str] = mapped_column(String(400))
    asset_id: Mapped[UUID] = mapped_column(Uuid, unique=True)
    state: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Page:
    """Lessons from new to old; `next_cursor` is None on the last page."""

    lessons: tuple[Lesson, ...]
    next_cursor: str | None


def clean_title(text: str) -> str:
    """
    The title as it will be kept: one line, no control or bidirectional-override characters, at most 200 characters.

    Raises BadTitle when nothing visible is left. Escaping for HTML or JSON is the business of whoever shows it.
    """
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    # Cc control, Cf formatting (which can reverse the line it stands in), Cs lone surrogates (no UTF-8 for them).
    visible = "".join(letter for letter in spaced if unicodedata.category(letter) not in {"Cc", "Cf", "Cs"})
    title = visible[:LONGEST_TITLE].strip()
    if not title:
        raise BadTitle("a title needs visible characters")
    return title


def create(
    session: Session,
    title: str,
    *,
    owner_id: UUID,
    unit_id: UUID,
    unit_path: str,
    asset_id: UUID,
    now: datetime,
    language: str = "kk",
    state: str = "published",
) -> Lesson:
    """Add a lesson. Until curation exists it publishes itself. Raises BadTitle."""
    lesson = Lesson(
        id=uuid4(),
        title=clean_title(title),
        owner_id=owner_id,
        unit_id=unit_id,
        unit_path=unit_path,
        asset_id=asset_id,
        state=state,
        language=language,
        created_at=now,
        updated_at=now,
        deleted_at=None,
    )
    session.add(lesson)
    session.flush()
    return lesson


def get(session: Session, lesson_id: UUID, *, acting: Acting, to_change: bool = False) -> Lesson:
    """
    Raises LessonMissing for a lesson that is deleted, never was, or is not for this person to know of.

    With `to_change` the row is ours until the transaction ends, so that two changes take turns.
    """
    found = select(Lesson).where(Lesson.id == lesson_id, Lesson.deleted_at.is_(None))
    if to_change:
        found = found.with_for_update().execution_options(populate_existing=True)
    lesson = session.scalar(found)
    if lesson is None or not can(acting, owner_id=lesson.owner_id, state=lesson.state).play:
        raise LessonMissing(f"no lesson {lesson_id}")
    return lesson


def get_to_change(session: Session, lesson_id: UUID, *, acting: Acting, lock: bool = True) -> Lesson:
    """
    As `get`; raises NotAllowed when the person may see the lesson and not change it.

    Without `lock` only the right is checked: for who must lock something else first, and asks again after it.
    """
    lesson = get(session, lesson_id, acting=acting, to_change=lock)
    if not can(acting, owner_id=lesson.owner_id, state=lesson.state).edit:
        raise NotAllowed("only the owner may change a lesson")
    return lesson


def listed(session: Session, *, acting: Acting, own: bool, cursor: str | None, limit: int) -> Page:
    """One page of the lessons that the person may know of, or of their own. Raises BadCursor."""
    chosen = select(Lesson).where(Lesson.deleted_at.is_(None))
    if own:
        chosen = chosen.where(Lesson.owner_id == acting.person_id)
    elif acting.role != "admin":
        chosen = chosen.where(or_(Lesson.owner_id == acting.person_id, Lesson.state == "published"))
    if cursor is not None:
        before_at, before_id = _read_cursor(cursor)
        same_moment = and_(Lesson.created_at == before_at, Lesson.id < before_id)
        chosen = chosen.where(or_(Lesson.created_at < before_at, same_moment))
    chosen = chosen.order_by(Lesson.created_at.desc(), Lesson.id.desc()).limit(limit + 1)
    found = tuple(session.scalars(chosen))
    more = len(found) > limit
    return Page(found[:limit], _cursor(found[limit - 1]) if more else None)


def rename(session: Session, lesson_id: UUID, *, title: str, acting: Acting, now: datetime) -> Lesson:
    """Raises LessonMissing, NotAllowed, BadTitle."""
    lesson = get_to_change(session, lesson_id, acting=acting)
    lesson.title, lesson.updated_at = clean_title(title), now
    return lesson


def delete(session: Session, lesson_id: UUID, *, acting: Acting, now: datetime) -> Lesson:
    """Take the lesson away from everybody. Raises LessonMissing, NotAllowed."""
    lesson = get_to_change(session, lesson_id, acting=acting)
    lesson.deleted_at = lesson.updated_at = now
    return lesson


def by_asset(session: Session, asset_id: UUID) -> Lesson | None:
    """The lesson of an asset, also a deleted one."""
    return session.scalar(select(Lesson).where(Lesson.asset_id == asset_id))


def living(session: Session, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets whose lesson is not deleted."""
    alive = select(Lesson.asset_id).where(Lesson.asset_id.in_(asset_ids), Lesson.deleted_at.is_(None))
    return set(session.scalars(alive))


def _cursor(last: Lesson) -> str:
    text = f"{last.created_at.astimezone(UTC).isoformat()}|{last.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, lesson_id = text.partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("naive")
        return moment, UUID(lesson_id)
    except (binascii.Error, ValueError) as exc:
        raise BadCursor(f"{cursor[:100]!r} is no cursor") from exc
