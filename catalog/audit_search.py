"""Reading the audit log: by where, when, what and who, new entries first, page by page."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, true
from sqlalchemy.orm import Session

from catalog.audit import AuditEntry
from catalog.deed_details import time_text
from catalog.errors import BadCursor
from catalog.scoping import within_any

BATCH = 1000


@dataclass(frozen=True, slots=True)
class LogReach:
    """Whose entries one may read: those that concern these units and all below; nothing unless it is named."""

    paths: tuple[str, ...] = ()
    everything: bool = False
    """Also what concerns no unit; for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; None is anything."""

    since: datetime | None = None
    """Inclusive."""
    until: datetime | None = None
    """Exclusive."""
    action: str | None = None
    person_id: UUID | None = None
    """Who did it, or to whom it was done."""
    unit_path: str | None = None
    """With all below it."""


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries from new to old; `next_cursor` is None on the last page."""

    entries: tuple[AuditEntry, ...]
    next_cursor: str | None


def search(session: Session, reach: LogReach, wanted: Wanted, *, limit: int, cursor: str | None = None) -> EntryPage:
    """One page. Raises BadCursor."""
    found = tuple(session.scalars(query(reach, wanted, cursor=cursor).limit(limit + 1)))
    return EntryPage(found[:limit], _cursor(found[limit - 1]) if len(found) > limit else None)


def query(reach: LogReach, wanted: Wanted, *, cursor: str | None = None) -> Select[AuditEntry]:
    """What `search` asks the database. Raises BadCursor."""
    chosen = select(AuditEntry).where(
        true() if reach.everything else within_any(AuditEntry.unit_path, reach.paths),
        *_wanted(wanted),
    )
    if cursor is not None:
        chosen = chosen.where(*_after(*_read_cursor(cursor)))
    return chosen.order_by(AuditEntry.at.desc(), AuditEntry.chain.desc(), AuditEntry.sequence.desc())


def _wanted(wanted: Wanted) -> Iterator[Any]:
    if wanted.since is not None:
        yield AuditEntry.at >= wanted.since
    if wanted.until is not None:
        yield AuditEntry.at < wanted.until
    if wanted.action is not None:
        yield AuditEntry.action == wanted.action
    if wanted.person_id is not None:
        yield or_(AuditEntry.actor_id == wanted.person_id, AuditEntry.subject_id == wanted.person_id)
    if wanted.unit_path is not None:
        yield within_any(AuditEntry.unit_path, (wanted.unit_path,))


def _after(at: datetime, chain: int, sequence: int) -> Iterator[Any]:
    # Said twice: an index serves the first, the second tells entries of one moment apart.
    yield AuditEntry.at <= at
    same_chain = and_(AuditEntry.chain == chain, AuditEntry.sequence < sequence)
    yield or_(AuditEntry.at < at, AuditEntry.chain < chain, same_chain)


def exported(session: Session, *, since: datetime | None = None) -> Iterator[AuditEntry]:
    """Every entry, chain after chain in order; one snapshot, constant memory."""
    chosen = select(AuditEntry).order_by(AuditEntry.chain, AuditEntry.sequence)
    if since is not None:
        chosen = chosen.where(AuditEntry.at >= since)
    for entry in session.scalars(chosen.execution_options(yield_per=BATCH)):
        yield entry
        session.expunge(entry)


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """An entry for programs: all that its digest is made of, with `details` as the very text that was digested."""
    return {
        "chain": entry.chain,
        "sequence": entry.sequence,
        "encoding": entry.encoding,
        "at": time_text(entry.at),
        "actor_id": str(entry.actor_id) if entry.actor_id else None,
        "actor_login": entry.actor_login,
        "unit_path": entry.unit_path,
        "action": entry.action,
        "subject_kind": entry.subject_kind,
        "subject_id": str(entry.subject_id) if entry.subject_id else None,
        "details": entry.details,
        "address": entry.address,
        "previous": entry.previous.hex(),
        "digest": entry.digest.hex(),
    }


def _cursor(last: AuditEntry) -> str:
    text = json.dumps([last.at.astimezone(UTC).isoformat(), last.chain, last.sequence])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, int, int]:
    try:
        at, chain, sequence = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not 0 <= int(chain) < 2**15 or not 0 <= int(sequence) < 2**63:
            raise ValueError("out of range")
        return moment, int(chain), int(sequence)
    except (binascii.Error, ValueError, TypeError, RecursionError, OverflowError) as exc:
        raise BadCursor(f"{cursor[:100]!r} is no cursor") from exc
