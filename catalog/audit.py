"""
The audit log: who did what, where and when, in chains of digests that nobody can change without it being seen.

`note` is all that the rest of the house needs. A deed's entry is written by the very transaction that does the deed,
as its last statement before the commit. Checking stands in `catalog.audit_checking`, reading in `catalog.audit_search`,
cutting in `catalog.audit_cutting`; what may be noted in `catalog.deeds`.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, String, Text, Uuid, event, insert, select, text
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from catalog.audit_who import Who
from catalog.database import UNIT_PATH, Base, UtcDateTime
from catalog.deed_details import Deed, time_text
from catalog.deeds import LogSealed, details_of

CHAINS = 8
"""
New entries go to so many chains, because entries of one chain wait for each other's commit. May be changed: an entry
says which chain it is of.
"""
ENCODING = 1
"""The newest form in which an entry is digested; an entry says which one is its own."""
BEGINNING = bytes(32)
"""Before the first entry of a chain."""

_LOCK = 0x5ABA9
"""Of PostgreSQL's advisory locks with two keys; the second is the chain."""
_PENDING = "catalog.audit"
_SEARCHED = ("unit_path", "actor_id", "subject_id", "action")


class AuditEntry(Base):
    """One deed. Triggers refuse to change or remove it, but for what a seal covers (`migrations`, 0003)."""

    __tablename__ = "catalog_audit_entry"
    __table_args__ = (
        Index("ix_catalog_audit_entry_at", "at"),
        *(Index(f"ix_catalog_audit_entry_{name}_at", name, "at") for name in _SEARCHED),
    )

    chain: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without gaps within a chain."""
    encoding: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    """No foreign key: an entry outlives whom it names."""
    actor_login: Mapped[str] = mapped_column(String(100))
    unit_path: Mapped[str] = mapped_column(UNIT_PATH)
    action: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[UUID | None] = mapped_column(Uuid)
    details: Mapped[str] = mapped_column(Text)
    """Canonical JSON as text: its bytes are digested, so no database may write it in its own way."""
    address: Mapped[str] = mapped_column(String(64))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True, slots=True)
class Record:
    """What an entry's digest is made of, in this order."""

    chain: int
    sequence: int
    encoding: int
    at: datetime
    actor_id: UUID | None
    actor_login: str
    unit_path: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    details: str
    address: str
    previous: bytes


@dataclass(frozen=True, slots=True)
class _Pending:
    """A deed whose transaction has not committed yet."""

    deed: Deed
    details: str
    who: Who
    at: datetime
    chain: int


@dataclass(frozen=True, slots=True)
class Link:
    """The last entry of a chain."""

    sequence: int
    digest: bytes


def digest_of(record: Record) -> bytes:
    """
    SHA-256 of `sabaq-audit/1`, a line feed, and the record as a JSON array in ASCII without spaces.

    Ids are in their usual text form, times as in `2026-11-24T08:00:00.000000+00:00`, digests in hex, None is null.
    Raises ValueError for an unknown encoding.
    """
    if record.encoding != ENCODING:
        raise ValueError(f"encoding {record.encoding} is unknown")
    values = [
        record.chain,
        record.sequence,
        time_text(record.at),
        str(record.actor_id) if record.actor_id is not None else None,
        record.actor_login,
        record.unit_path,
        record.action,
        record.subject_kind,
        str(record.subject_id) if record.subject_id is not None else None,
        record.details,
        record.address,
        record.previous.hex(),
    ]
    body = json.dumps(values, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"sabaq-audit/{record.encoding}\n{body}".encode()).digest()


def chain_of(unit_path: str) -> int:
    """
    Where deeds of a unit are written: a unit keeps to one chain, so its deeds are in one order.

    What concerns no unit has chain 0 to itself, and with it the refusals of unknown logins: who floods us with those
    holds up no school.
    """
    if not unit_path:
        return 0
    return 1 + hashlib.sha256(unit_path.encode()).digest()[0] % (CHAINS - 1)


def note(session: Session, deed: Deed, *, who: Who, now: datetime) -> None:
    """
    Write a deed down with the commit of the transaction that does it; if that rolls back, nothing was done or written.

    Raises TypeError or ValueError at once for details that must not enter, RuntimeError in a transaction that only
    reads.
    """
    _note(session, deed, who=who, now=now, chain=chain_of(deed.unit_path))


def seal(session: Session, deed: LogSealed, *, chain: int, who: Who, now: datetime) -> None:
    """For `catalog.audit_cutting`: the one deed that names its chain."""
    _note(session, deed, who=who, now=now, chain=chain)


def _note(session: Session, deed: Deed, *, who: Who, now: datetime, chain: int) -> None:
    if session.connection().get_execution_options().get("sqlite_begin") == "DEFERRED":
        raise RuntimeError("a deed is noted in a transaction that writes")
    time_text(now)
    transaction = session.get_nested_transaction() or session.get_transaction()
    pending = _Pending(deed, details_of(deed), who, now, chain)
    session.info.setdefault(_PENDING, []).append((transaction, pending))


def _before_commit(session: Session) -> None:
    """A savepoint hands its deeds to the transaction around it, that one to the database."""
    waiting = session.info.get(_PENDING)
    if not waiting:
        return
    nested = session.get_nested_transaction()
    if nested is not None:
        session.info[_PENDING] = [(nested.parent if at is nested else at, pending) for at, pending in waiting]
        return
    # What is still in memory goes first: the chain is held from here to the commit.
    session.flush()
    _append(session, [pending for _, pending in session.info.pop(_PENDING)])


def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    """What was not handed on by now was rolled back."""
    waiting = session.info.get(_PENDING)
    if waiting:
        left = [] if transaction.parent is None else [item for item in waiting if item[0] is not transaction]
        session.info[_PENDING] = left


def _after_commit(session: Session) -> None:
    if session.get_nested_transaction() is None and session.info.get(_PENDING):
        # SQLAlchemy does not ask us again when the outer transaction ends a savepoint that was left open.
        raise RuntimeError("deeds were not written: a savepoint was still open at the commit")


event.listen(Session, "before_commit", _before_commit)
event.listen(Session, "after_commit", _after_commit)
event.listen(Session, "after_transaction_end", _after_transaction_end)


def _append(session: Session, waiting: Iterable[_Pending]) -> None:
    # Chains are taken in order of their number, after every other lock: no two transactions wait for each other.
    for chain, pending in groupby(sorted(waiting, key=lambda item: item.chain), key=lambda item: item.chain):
        link = _taken(session, chain)
        rows = []
        for item in pending:
            record = _record(item, link)
            link = Link(record.sequence, digest_of(record))
            rows.append({**asdict(record), "digest": link.digest})
        session.execute(insert(AuditEntry), rows)


def _taken(session: Session, chain: int) -> Link:
    """The end of a chain, which is ours until the commit. SQLite's writers take turns anyway."""
    if session.get_bind().dialect.name == "postgresql":
        # A statement of its own: the next one then sees what the holder before us has committed.
        session.execute(text("SELECT pg_advisory_xact_lock(:key, :chain)"), {"key": _LOCK, "chain": chain})
    return last_link(session, chain)


def last_link(session: Session, chain: int) -> Link:
    """The newest entry of a chain; sequence 0 when there is none."""
    newest = (
        select(AuditEntry.sequence, AuditEntry.digest)
        .where(AuditEntry.chain == chain)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    )
    found = session.execute(newest).one_or_none()
    return Link(*found) if found is not None else Link(0, BEGINNING)


def _record(item: _Pending, link: Link) -> Record:
    return Record(
        chain=item.chain,
        sequence=link.sequence + 1,
        encoding=ENCODING,
        at=item.at,
        actor_id=item.who.id,
        actor_login=item.who.login,
        unit_path=item.deed.unit_path,
        action=item.deed.action,
        subject_kind=item.deed.subject_kind,
        subject_id=item.deed.subject_id,
        details=item.details,
        address=item.who.address,
        previous=link.digest,
    )
