"""
Room that people and schools reserve before they send a byte.

A reservation is one conditional UPDATE per account, so that however many uploads are created at once, on however many
nodes, the sum never passes the limit: the database evaluates the condition on the row it has locked.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, Insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from streamsvc.errors import StreamsvcError
from streamsvc.uploads.errors import QuotaPersonExceeded, QuotaSchoolExceeded
from streamsvc.uploads.tables import UploadQuota

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Room:
    """What one upload has reserved."""

    owner_id: UUID
    unit_id: UUID
    bytes: int


def reserve(
    session: Session, size_bytes: int, *, owner_id: UUID, unit_id: UUID, person_limit: int, school_limit: int
) -> None:
    """
    Take room for one upload. Raises QuotaPersonExceeded, QuotaSchoolExceeded; the caller's transaction then ends.

    Always the person first and the school second, as `release`: transactions that meet wait in the same order.
    """
    _take(session, owner_id, size_bytes, limit=person_limit, refusal=QuotaPersonExceeded)
    _take(session, unit_id, size_bytes, limit=school_limit, refusal=QuotaSchoolExceeded)


def release(session: Session, rooms: Iterable[Room]) -> None:
    """
    Give room back; all that a transaction gives back in one call.

    Account by account and not room by room: person, school, next person would wait, with the school in hand, for a
    person whose `reserve` waits for that school. First all persons by id, then all schools by id.
    """
    persons: Counter[UUID] = Counter()
    schools: Counter[UUID] = Counter()
    for room in rooms:
        persons[room.owner_id] += room.bytes
        schools[room.unit_id] += room.bytes
    for account_id, size_bytes in sorted(persons.items()) + sorted(schools.items()):
        session.execute(
            update(UploadQuota)
            .where(UploadQuota.account_id == account_id)
            .values(reserved_bytes=UploadQuota.reserved_bytes - size_bytes)
        )


def reserved(session: Session, account_id: UUID) -> int:
    """Bytes that a person or school has reserved."""
    row = session.get(UploadQuota, account_id, populate_existing=True)
    return row.reserved_bytes if row is not None else 0


def _take(session: Session, account_id: UUID, size_bytes: int, *, limit: int, refusal: type[StreamsvcError]) -> None:
    session.execute(_insert_if_absent(session, account_id))
    taken = session.execute(
        update(UploadQuota)
        .where(UploadQuota.account_id == account_id, UploadQuota.reserved_bytes + size_bytes <= limit)
        .values(reserved_bytes=UploadQuota.reserved_bytes + size_bytes)
    )
    if cast("CursorResult[object]", taken).rowcount != 1:
        left = max(0, limit - reserved(session, account_id))
        raise refusal(f"{size_bytes} bytes asked, {left} left", size_mb=-(-size_bytes // MB), left_mb=left // MB)


def _insert_if_absent(session: Session, account_id: UUID) -> Insert:
    values = {"account_id": account_id, "reserved_bytes": 0}
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(UploadQuota).values(values).on_conflict_do_nothing()
    return sqlite.insert(UploadQuota).values(values).on_conflict_do_nothing()
