"""A catalogue in memory, with one school and one teacher."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from catalog import (  # noqa: F401  # declares its tables
    lessons,
    organizations,
    people,
    tokens,
)
from catalog.database import Base

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def school(session, now):
    return organizations.ensure_unit(session, "kz/almaty/bostandyk/s25", now=now)


@pytest.fixture
def add(session, school, now):
    """Add a person by login and role; the hash is nobody's password."""

    def adder(login, role="teacher", **more):
        values = {"display_name": login.title(), "role": role, "unit": school, "password_hash": "", "now": now, **more}
        return people.create_person(session, login, **values)

    return adder
