"""Deeds for tests of the audit log, and ways to tamper with it."""

from dataclasses import fields
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from catalog import audit, audit_who, deeds
from catalog.audit import AuditEntry, Record, digest_of

AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ROOT = audit_who.operator("root")
PUPIL = UUID(int=7)
SCHOOL = "kz/almaty/bostandyk/s25"


def note(session, *, unit_path=SCHOOL, subject_id=PUPIL, who=ROOT, at=AT):
    audit.note(session, deeds.PersonEnabled(subject_id=subject_id, unit_path=unit_path), who=who, now=at)


def fill(session, count, **more):
    """So many entries, each with a commit of its own."""
    for _ in range(count):
        note(session, **more)
        session.commit()


def entries(session):
    session.expire_all()
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.chain, AuditEntry.sequence)))


def write_anew(session, first):
    """What somebody does who may write to the database and knows how: digest everything again from an entry on."""
    previous = None
    for entry in entries(session):
        if entry.chain != first.chain or entry.sequence < first.sequence:
            continue
        if previous is not None:
            entry.previous = previous
        values = [getattr(entry, field.name) for field in fields(Record)]
        entry.digest = previous = digest_of(Record(*values))
    session.commit()
