"""Signing in: opaque bearer tokens, kept as digests, and the counters that slow down guessing."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ForeignKey, Integer, LargeBinary, String, Uuid, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog import throttling
from catalog.database import Base, UtcDateTime
from catalog.errors import SignInRefused, TokenRefused, TooManySignIns
from catalog.organizations import Unit
from catalog.people import Person, PersonView, view

PREFIX = "sabaq_"
TOUCH_AFTER = timedelta(hours=1)


class AccessToken(Base):
    """One sign-in of one person on one device. The token itself is never stored."""

    __tablename__ = "catalog_access_token"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("catalog_person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Accurate to an hour, so that reading does not write."""


class SignInFailure(Base):
    """A counter of attempts; `key` is a digest, because people type passwords into the login field."""

    __tablename__ = "catalog_sign_in_failure"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in under way: the hash to compare outside the transaction."""

    person_id: UUID | None
    password_hash: str
    """Empty for an unknown login; `catalog.passwords.fits` then takes as long as for a known one."""
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh token, shown once."""

    token: str
    expires_at: datetime
    person: PersonView


@dataclass(frozen=True, slots=True)
class Known:
    """Who a token belongs to."""

    token_id: UUID
    person: PersonView
    stale: bool
    """`last_used_at` is worth writing again."""


def digest(token: str) -> bytes:
    # The token carries 256 random bits: a fast hash is enough, nothing can be guessed.
    return hashlib.sha256(token.encode()).digest()


def begin_sign_in(session: Session, login: str, *, address: str, now: datetime) -> Attempt:
    """
    Count the attempt as failed before the password is looked at, so that parallel guesses cannot slip through.

    Raises TooManySignIns with `retry_after_s`, and then counts nothing. `finish_sign_in` gives the counts back.
    """
    scopes: dict[throttling.Scope, str] = {"pair": f"{login}\n{address}", "login": login, "address": address}
    keys = {scope: hashlib.sha256(f"{scope}\n{text}".encode()).digest() for scope, text in scopes.items()}
    rows = {scope: _locked(session, key, scope=scope, now=now) for scope, key in keys.items()}
    waits = [
        throttling.retry_after_s(throttling.Counter(row.failures, row.last_at), scope=scope, now=now)
        for scope, row in rows.items()
    ]
    if max(waits) > 0:
        raise TooManySignIns(f"too many failed sign-ins, wait {max(waits)} s", retry_after_s=max(waits))
    for row in rows.values():
        after = throttling.counted(throttling.Counter(row.failures, row.last_at), now=now)
        row.failures, row.last_at = after.failures, after.last_at
    person = session.scalar(select(Person).where(Person.login == login, Person.active))
    return Attempt(person.id if person else None, person.password_hash if person else "", tuple(keys.values()))


def _locked(session: Session, key: bytes, *, scope: throttling.Scope, now: datetime) -> SignInFailure:
    """The counter, made when it is missing, and ours alone until the transaction ends: in one statement, so no race."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    blank = insert(SignInFailure).values(key=key, scope=scope, failures=0, last_at=now)
    taken = blank.on_conflict_do_update(index_elements=["key"], set_={"scope": scope}).returning(SignInFailure)
    return session.scalars(taken, execution_options={"populate_existing": True}).one()


def finish_sign_in(session: Session, attempt: Attempt, *, fits: bool, lifetime: timedelta, now: datetime) -> Issued:
    """Issue a token when the password fitted. Raises SignInRefused; the failure stays counted."""
    if attempt.person_id is None or not fits:
        raise SignInRefused("login and password do not belong together")
    pair, login, address = attempt.keys
    # In the order in which `begin_sign_in` takes them, so that two sign-ins never wait for each other crosswise.
    for key, failures in ((pair, 0), (login, 0), (address, SignInFailure.failures - 1)):
        counter = (SignInFailure.key == key) & (SignInFailure.failures > 0)
        session.execute(update(SignInFailure).where(counter).values(failures=failures))
    return issue(session, attempt.person_id, lifetime=lifetime, now=now)


def issue(session: Session, person_id: UUID, *, lifetime: timedelta, now: datetime) -> Issued:
    """A new token without a password: for the operator's command line and the demo."""
    person, unit = session.execute(
        select(Person, Unit).join(Unit, Unit.id == Person.unit_id).where(Person.id == person_id)
    ).one()
    token = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken(
        id=uuid4(),
        digest=digest(token),
        person_id=person.id,
        created_at=now,
        expires_at=now + lifetime,
        revoked_at=None,
        last_used_at=now,
    )
    session.add(row)
    session.flush()
    return Issued(token, row.expires_at, view(person, unit))


def person_by_token(session: Session, token: str, *, now: datetime) -> Known:
    """Raises TokenRefused for a token that is unknown, revoked, expired, or whose person is not active any more."""
    found = session.execute(
        select(AccessToken, Person, Unit)
        .join(Person, Person.id == AccessToken.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(AccessToken.digest == digest(token))
    ).one_or_none()
    if found is None:
        raise TokenRefused("no such token")
    row, person, unit = found
    if row.revoked_at is not None or row.expires_at <= now or not person.active:
        raise TokenRefused("the token is no longer good")
    return Known(row.id, view(person, unit), now - row.last_used_at > TOUCH_AFTER)


def touch(session: Session, token_id: UUID, *, now: datetime) -> None:
    """Note that the token was used."""
    session.execute(update(AccessToken).where(AccessToken.id == token_id).values(last_used_at=now))


def revoke(session: Session, token: str, *, now: datetime) -> int:
    """Make one token useless; an unknown one is no error. Returns how many were revoked by this."""
    known = (AccessToken.digest == digest(token)) & AccessToken.revoked_at.is_(None)
    return _revoke(session, known, now)


def revoke_all(session: Session, person_id: UUID, *, now: datetime) -> int:
    """Sign a person out everywhere, as after a new password. Returns how many tokens were revoked by this."""
    theirs = (AccessToken.person_id == person_id) & AccessToken.revoked_at.is_(None)
    return _revoke(session, theirs, now)


def _revoke(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    revoked = session.execute(update(AccessToken).where(which).values(revoked_at=now))
    return int(revoked.rowcount)  # type: ignore[attr-defined]  # an UPDATE's CursorResult


def forget_old(session: Session, *, now: datetime) -> int:
    """Remove tokens and counters that have no meaning any more; returns how many."""
    month = timedelta(days=30)
    tokens = session.execute(delete(AccessToken).where(AccessToken.expires_at < now - month))
    quiet = now - timedelta(seconds=throttling.FORGET_AFTER_S + throttling.LONGEST_WAIT_S)
    counters = session.execute(delete(SignInFailure).where(SignInFailure.last_at < quiet))
    return int(tokens.rowcount) + int(counters.rowcount)  # type: ignore[attr-defined]  # a DELETE's CursorResult
