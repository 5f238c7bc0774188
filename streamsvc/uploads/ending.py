"""
How uploads end before or after they became lessons: terminated, expired, or deleted with their lesson.

The functions that end uploads return the keys that nothing names any more. The caller deletes them after the commit;
what it misses, the collector of unreferenced objects finds. Rows are locked in the order upload, lesson, quotas, as
`streamsvc.web.lesson_work.delete` does.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from catalog import lessons
from catalog.errors import LessonMissing
from streamsvc.uploads import quotas
from streamsvc.uploads.tables import Upload, UploadPart
from streamsvc.uploads.transfers import NOBODY, find

KEEP_ENDED = timedelta(days=7)
"""How long an ended upload is remembered, so that its client is told 410 and not 404."""
BATCH = 200


def terminate(session: Session, upload_id: UUID, owner_id: UUID, *, now: datetime) -> list[str]:
    """
    The client's DELETE (U11). Raises UploadMissing, UploadGone.

    An unfinished upload goes with its lesson, bytes and reservation. A finished one has handed its bytes over to its
    lesson: only the upload is forgotten, because clients also send DELETE when a finished file is taken off a list,
    and that must not delete a lesson which pupils watch.
    """
    upload = find(session, upload_id, owner_id, now=now, lock=True)
    if upload.state == "complete" and (upload.kind != "partial" or upload.joined_into is not None):
        upload.state = "ended"
        return []
    return _end_all(session, [upload], now=now)


def expire(session: Session, now: datetime) -> list[str]:
    """
    End what is past its time and not a lesson, and forget what ended long ago. At most 200 uploads a call.

    Call it again while it returns keys, or simply in the next round.
    """
    late = or_(Upload.state == "receiving", (Upload.state == "complete") & (Upload.kind == "partial"))
    chosen = select(Upload).where(Upload.expires_at <= now, late).order_by(Upload.expires_at).limit(BATCH)
    keys = _end_all(session, session.scalars(chosen.with_for_update(skip_locked=True)).all(), now=now)
    session.flush()
    old = select(Upload.id).where(Upload.state == "ended", Upload.reserved_bytes == 0)
    old = old.where(Upload.expires_at <= now - KEEP_ENDED).with_for_update(skip_locked=True)
    session.execute(delete(Upload).where(Upload.id.in_(old)))
    return keys


def lock(session: Session, asset_id: UUID) -> Upload | None:
    """The asset's upload, ours until the transaction ends; whoever also locks its lesson does that after this."""
    return session.scalar(select(Upload).where(Upload.asset_id == asset_id).with_for_update())


def forget_asset(session: Session, asset_id: UUID, *, now: datetime) -> list[str]:
    """
    A lesson is deleted: give its room back, and end its upload if it still runs. Harmless when repeated.

    Of a submitted asset the transcoder owns the source's parts (`transcoder.jobs.remove` deletes them).
    """
    upload = lock(session, asset_id)
    if upload is None:
        return []
    submitted = upload.stored_bytes == upload.length
    keys = _end_all(session, [upload], now=now)
    return [] if submitted else keys


def referenced(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys that an upload still names and a collector must leave alone."""
    return set(session.scalars(select(UploadPart.key).where(UploadPart.key.in_(keys))))


@dataclass(frozen=True, slots=True)
class _Owner:
    person_id: UUID
    role: str = "teacher"


def _end_all(session: Session, uploads: Sequence[Upload], *, now: datetime) -> list[str]:
    rooms = [quotas.Room(upload.owner_id, upload.unit_id, upload.reserved_bytes) for upload in uploads]
    keys = [key for upload in uploads for key in _end(session, upload, now=now)]
    quotas.release(session, rooms)
    return keys


def _end(session: Session, upload: Upload, *, now: datetime) -> list[str]:
    keys = list(session.scalars(select(UploadPart.key).where(UploadPart.upload_id == upload.id)))
    session.execute(delete(UploadPart).where(UploadPart.upload_id == upload.id))
    if upload.lesson_id is not None and upload.state == "receiving":
        _delete_lesson(session, upload.lesson_id, owner_id=upload.owner_id, now=now)
    # The epoch rises, so that a node which still receives for it is refused at its next write.
    upload.state, upload.node, upload.reserved_bytes, upload.epoch = "ended", NOBODY, 0, upload.epoch + 1
    return keys


def _delete_lesson(session: Session, lesson_id: UUID, *, owner_id: UUID, now: datetime) -> None:
    try:
        lessons.delete(session, lesson_id, acting=_Owner(owner_id), now=now)
    except LessonMissing:
        return  # the person has deleted it already
