"""People and how they are known: a login, a role in a unit, an argon2id password hash."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, String, Uuid, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.database import Base, UtcDateTime
from catalog.errors import BadPerson, PersonExists, PersonMissing
from catalog.organizations import Unit
from catalog.permissions import ROLES

LANGUAGES = ("kk", "ru", "en")
_LOGIN = re.compile(r"[a-z0-9]+([._@-][a-z0-9]+)*")


class Person(Base):
    """A local account."""

    __tablename__ = "catalog_person"
    __table_args__ = (CheckConstraint(f"role IN {ROLES}", name="role"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    login: Mapped[str] = mapped_column(String(100), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("catalog_unit.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    """Empty for an account that signs in by token only."""
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    language: Mapped[str] = mapped_column(String(8), default="kk")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class PersonView:
    """What the rest of the house knows of a person; carries no secret."""

    id: UUID
    login: str
    display_name: str
    role: str
    unit_id: UUID
    unit_path: str
    unit_name: str
    language: str


def view(person: Person, unit: Unit) -> PersonView:
    return PersonView(
        id=person.id,
        login=person.login,
        display_name=person.display_name,
        role=person.role,
        unit_id=unit.id,
        unit_path=unit.path,
        unit_name=unit.name,
        language=person.language,
    )


def create_person(
    session: Session,
    login: str,
    *,
    display_name: str,
    role: str,
    unit: Unit,
    password_hash: str,
    now: datetime,
    language: str = "kk",
) -> Person:
    """
    Add an account; the hash comes from `catalog.passwords`, made outside the transaction because it is slow.

    Raises PersonExists, BadPerson.
    """
    _check(login, role=role, language=language, display_name=display_name)
    if session.scalar(select(Person.id).where(Person.login == login)):
        raise PersonExists(f"{login!r} is taken", login=login)
    person = Person(
        id=uuid4(),
        login=login,
        display_name=display_name,
        role=role,
        unit_id=unit.id,
        password_hash=password_hash,
        active=True,
        language=language,
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def _check(login: str, *, role: str, language: str, display_name: str) -> None:
    if not _LOGIN.fullmatch(login) or len(login) > 100:
        raise BadPerson(f"{login!r} is no login", reason=f"login {login[:100]!r}")
    if role not in ROLES:
        raise BadPerson(f"{role!r} is no role", reason=f"role {role[:100]!r}")
    if language not in LANGUAGES:
        raise BadPerson(f"{language!r} is no language of ours", reason=f"language {language[:100]!r}")
    if not display_name.isprintable() or not 1 <= len(display_name) <= 200:
        raise BadPerson("a display name needs 1 to 200 printable characters", reason="display name")


def person_by_login(session: Session, login: str) -> Person:
    """Raises PersonMissing."""
    person = session.scalar(select(Person).where(Person.login == login))
    if person is None:
        raise PersonMissing(f"nobody is called {login!r}", login=login)
    return person


def person_view(session: Session, person_id: UUID) -> PersonView:
    """Raises PersonMissing."""
    row = session.execute(select(Person, Unit).join(Unit, Unit.id == Person.unit_id).where(Person.id == person_id))
    found = row.one_or_none()
    if found is None:
        raise PersonMissing(f"no person {person_id}")
    return view(found[0], found[1])


def all_people(session: Session) -> list[PersonView]:
    """Every account, by login."""
    rows = session.execute(select(Person, Unit).join(Unit, Unit.id == Person.unit_id).order_by(Person.login))
    return [view(person, unit) for person, unit in rows]


def display_names(session: Session, person_ids: set[UUID]) -> dict[UUID, str]:
    """The names to show beside lessons."""
    rows = session.execute(select(Person.id, Person.display_name).where(Person.id.in_(person_ids)))
    return {row.id: row.display_name for row in rows}


def set_password(session: Session, person: Person, password_hash: str) -> None:
    """Replace the password; whoever does this also revokes the tokens (`catalog.tokens.revoke_all`)."""
    person.password_hash = password_hash
