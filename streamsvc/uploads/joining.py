"""Concatenation (U12): a final upload takes over the part objects of partial ones; no byte is copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from streamsvc.settings import UploadSettings
from streamsvc.uploads.errors import PartialsRefused
from streamsvc.uploads.tables import Upload, UploadPart
from streamsvc.uploads.transfers import Owner, Wanted, check_size, complete, opened


@dataclass(frozen=True, slots=True)
class Joined:
    """What a client asks for when it creates a final upload."""

    partials: tuple[UUID, ...]
    title: str
    metadata_field: str
    concat_field: str


def join(session: Session, joined: Joined, *, owner: Owner, limits: UploadSettings, now: datetime) -> Upload:
    """
    Make one upload, and its lesson, of complete partial uploads of the same owner.

    The partial ones give their parts and their reservations, so each can be used once. Asking again with the same
    list (the answer was lost on the way) returns the same final upload. Raises PartialsRefused, UploadTooLarge.
    """
    partials = _locked(session, joined.partials, owner_id=owner.person_id, now=now)
    before = _joined_before(session, partials, concat_field=joined.concat_field)
    if before is not None:
        return before
    _check(partials, unit_id=owner.unit_id)
    length = sum(partial.length for partial in partials)
    check_size(length, limits=limits)
    wanted = Wanted("final", length, joined.title, joined.metadata_field, joined.concat_field)
    final = opened(session, wanted, owner=owner, limits=limits, now=now)
    _take_over(session, partials, final=final)
    complete(session, final, now=now)
    return final


def _locked(session: Session, partial_ids: Sequence[UUID], *, owner_id: UUID, now: datetime) -> list[Upload]:
    # Locked in the order of ids, so that two finals over the same partial uploads wait instead of deadlocking.
    chosen = select(Upload).where(Upload.id.in_(partial_ids), Upload.owner_id == owner_id).order_by(Upload.id)
    found = {row.id: row for row in session.scalars(chosen.with_for_update().execution_options(populate_existing=True))}
    usable = {id_: row for id_, row in found.items() if row.state != "ended" and row.expires_at > now}
    if len(usable) != len(partial_ids):
        # Another's upload reads like a missing one.
        raise PartialsRefused("a partial upload is missing", reason="missing")
    return [usable[partial_id] for partial_id in partial_ids]


def _joined_before(session: Session, partials: Sequence[Upload], *, concat_field: str) -> Upload | None:
    finals = {partial.joined_into for partial in partials}
    if finals == {None}:
        return None
    final_id = partials[0].joined_into
    final = session.get(Upload, final_id) if final_id is not None and len(finals) == 1 else None
    if final is None or final.concat_field != concat_field or final.state == "ended":
        raise PartialsRefused("a partial upload was used already", reason="used")
    return final


def _check(partials: Sequence[Upload], *, unit_id: UUID) -> None:
    for partial in partials:
        if partial.kind != "partial":
            raise PartialsRefused(f"{partial.id} is not partial", reason="not partial")
        if partial.state != "complete":
            raise PartialsRefused(f"{partial.id} is unfinished", reason="unfinished")
        if partial.unit_id != unit_id:
            # The reservation stands on the books of the school where the person was then.
            raise PartialsRefused(f"{partial.id} was begun in another school", reason="missing")


def _take_over(session: Session, partials: Sequence[Upload], *, final: Upload) -> None:
    base = 0
    for partial in partials:
        session.execute(
            update(UploadPart)
            .where(UploadPart.upload_id == partial.id)
            .values(upload_id=final.id, offset=UploadPart.offset + base)
            .execution_options(synchronize_session=False)
        )
        base += partial.length
        partial.reserved_bytes, partial.joined_into = 0, final.id
    final.stored_bytes = final.received_bytes = base
    session.flush()
