"""Signing in and out as it is done for people: `catalog.tokens`, with an audit entry of each outcome."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from catalog import audit, audit_who, deeds, throttling, tokens
from catalog.errors import SignInRefused, TooManySignIns
from catalog.organizations import Unit
from catalog.people import Person
from catalog.tokens import Attempt, Issued, SignInFailure

_QUIET = timedelta(seconds=throttling.LONGEST_WAIT_S)


def finish(
    session: Session, attempt: Attempt, *, fits: bool, lifetime: timedelta, address: str, now: datetime
) -> Issued:
    """As `tokens.finish_sign_in`. What it refuses is rolled back, so `refused` is called after it."""
    issued = tokens.finish_sign_in(session, attempt, fits=fits, lifetime=lifetime, now=now)
    # It would have been refused without a person.
    if attempt.person_id is not None:
        who = audit_who.person(attempt.person_id, issued.person.login, address=address)
        deed = deeds.SignedIn(subject_id=attempt.person_id, unit_path=issued.person.unit_path)
        audit.note(session, deed, who=who, now=now)
    return issued


def refused(
    session: Session, login: str, *, error: SignInRefused | TooManySignIns, address: str, now: datetime
) -> None:
    """
    Note that nobody was let in, and why.

    Of those who are told to wait, the first in a quarter of an hour is noted for each person and network: whoever
    asks a thousand times a second must not fill the log, which keeps everything.
    """
    person_id, unit_path = _called(session, login)
    who = audit_who.stranger(address)
    if isinstance(error, SignInRefused):
        refusal = deeds.SignInRefused(subject_id=person_id, unit_path=unit_path)
        audit.note(session, refusal, who=who, now=now)
    elif _first(session, f"{person_id}\n{who.address}", now=now):
        wait_s = int(str(error.params["retry_after_s"]))
        wait = deeds.SignInThrottled(subject_id=person_id, unit_path=unit_path, retry_after_s=wait_s)
        audit.note(session, wait, who=who, now=now)


def end(session: Session, token: str, *, who: audit_who.Who, unit_path: str, now: datetime) -> None:
    """Sign out: revoke this token. One that is revoked already is no deed."""
    if tokens.revoke(session, token, now=now):
        audit.note(session, deeds.SignedOut(subject_id=who.id, unit_path=unit_path), who=who, now=now)


def _called(session: Session, login: str) -> tuple[UUID | None, str]:
    """Who has this login, and where; what was typed goes no further, for it may be a password."""
    person = select(Person.id, Unit.path).join(Unit, Unit.id == Person.unit_id).where(Person.login == login)
    found = session.execute(person).one_or_none()
    return (found[0], found[1]) if found is not None else (None, "")


def _first(session: Session, text: str, *, now: datetime) -> bool:
    """Whether nothing like it was noted lately. One statement, so of many at once one is the first."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    key = hashlib.sha256(f"noted\n{text}".encode()).digest()
    blank = insert(SignInFailure).values(key=key, scope="noted", failures=0, last_at=now)
    again = blank.on_conflict_do_update(
        index_elements=["key"], set_={"last_at": now}, where=SignInFailure.last_at <= now - _QUIET
    )
    return session.scalar(again.returning(SignInFailure.key)) is not None
