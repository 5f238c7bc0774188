"""
Removing what is too old from the audit log, so that the rest can still be checked.

First a seal: an entry that names the last entry to go and its digest, which vouches for all before it. Then the
entries, in small portions; the triggers let go of nothing that no seal covers.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from catalog.audit import AuditEntry, last_link, seal
from catalog.audit_who import Who
from catalog.deeds import LogSealed

PORTION = 1000
"""Entries in one transaction, so that on SQLite nobody waits long."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the newest seal of a chain says."""

    up_to: int
    digest: bytes


def last_seal(session: Session, chain: int) -> Sealed | None:
    """The newest seal of a chain; None for one that cannot be read, which the check of its own digest will tell."""
    newest = (
        select(AuditEntry.details)
        .where(AuditEntry.action == LogSealed.action, AuditEntry.chain == chain)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    )
    details = session.scalar(newest)
    try:
        values = json.loads(details) if details is not None else None
        return Sealed(int(values["up_to"]), bytes.fromhex(values["last_digest"])) if values is not None else None
    except (ValueError, TypeError, KeyError):
        return None


def seal_older(session: Session, chain: int, *, before: datetime, who: Who, now: datetime) -> None:
    """Seal what `too_old` counts, unless a seal covers it already."""
    last = _last_old(session, chain, before)
    sealed = last_seal(session, chain)
    if last is None or (sealed is not None and sealed.up_to >= last):
        return
    of_last = (AuditEntry.chain == chain) & (AuditEntry.sequence == last)
    digest = session.scalars(select(AuditEntry.digest).where(of_last)).one()
    seal(session, LogSealed(up_to=last, last_digest=digest, before=before), chain=chain, who=who, now=now)


def too_old(session: Session, chain: int, before: datetime) -> int:
    """
    How many entries stand before the chain's first that is not older than `before`.

    An entry that a wrong clock dated too late keeps what follows it for as long.
    """
    last = _last_old(session, chain, before)
    return last - _oldest(session, chain) + 1 if last is not None else 0


def _last_old(session: Session, chain: int, before: datetime) -> int | None:
    """None when there is nothing to go. The newest entry always stays: the next one follows from it."""
    end = last_link(session, chain).sequence
    young = select(func.min(AuditEntry.sequence)).where(AuditEntry.chain == chain, AuditEntry.at >= before)
    last = (session.scalar(young) or end) - 1
    return last if last >= _oldest(session, chain) else None


def _oldest(session: Session, chain: int) -> int:
    return session.scalar(select(func.min(AuditEntry.sequence)).where(AuditEntry.chain == chain)) or 1


def remove_sealed(session: Session, chain: int) -> int:
    """Remove a portion of what the chain's seal covers, the oldest first; returns how many, 0 at the end."""
    sealed = last_seal(session, chain)
    if sealed is None:
        return 0
    last = min(sealed.up_to, _oldest(session, chain) + PORTION - 1)
    gone = session.execute(
        delete(AuditEntry).where(AuditEntry.chain == chain, AuditEntry.sequence <= last),
        execution_options={"synchronize_session": False},
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE's CursorResult
