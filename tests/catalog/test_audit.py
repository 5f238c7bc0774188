"""An entry is written by the transaction that does the deed, or by none."""

from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog import audit, deeds
from catalog.audit import BEGINNING, Record, chain_of, digest_of
from catalog.database import Base
from catalog.organizations import Unit
from tests.catalog.audit_log import AT, PUPIL, ROOT, SCHOOL, entries, fill, note
from transcoder.database import open_sessions


def test_an_entry_comes_with_the_commit(session):
    note(session)
    assert entries(session) == []

    session.commit()

    (entry,) = entries(session)
    assert (entry.sequence, entry.previous, entry.encoding) == (1, BEGINNING, 1)
    assert (entry.at, entry.actor_id, entry.actor_login, entry.address) == (AT, None, "os:root", "")
    assert (entry.action, entry.subject_kind, entry.subject_id) == ("person.enabled", "person", PUPIL)
    assert (entry.unit_path, entry.details) == (SCHOOL, "{}")


def test_each_entry_follows_from_the_one_before(session):
    fill(session, 3)
    note(session)
    note(session)
    session.commit()

    found = entries(session)
    assert [entry.sequence for entry in found] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in found[1:]] == [entry.digest for entry in found[:-1]]


def test_a_digest_can_be_made_again_by_anybody():
    """
    The form is a promise: what is changed here breaks every log there is. `docs/audit.md` tells it to others.
    """
    record = Record(3, 7, 1, AT, PUPIL, "әсел", SCHOOL, "sign_out", "person", PUPIL, "{}", "192.0.2.0/24", bytes(32))

    assert digest_of(record).hex() == "126dc0a1157935736c368463d1ccfb90b9c530ce6e9fb11e0ce21e093cc8421f"


def test_an_encoding_from_the_future_is_not_guessed():
    with pytest.raises(ValueError, match="encoding 2"):
        digest_of(Record(3, 7, 2, AT, None, "", "", "sign_out", "person", None, "{}", "", bytes(32)))


def test_what_is_rolled_back_leaves_no_entry(session):
    note(session)
    session.rollback()
    session.commit()

    assert entries(session) == []
    fill(session, 1)
    assert [entry.sequence for entry in entries(session)] == [1]


def test_a_session_that_is_closed_takes_its_deeds_along(session):
    note(session)
    session.close()
    session.commit()

    assert entries(session) == []


def test_a_commit_that_fails_leaves_no_entry(session, school):
    note(session)
    values = {"kind": "school", "name": "S", "path": school.path, "created_at": AT}
    session.add(Unit(id=uuid4(), **values))

    with pytest.raises(IntegrityError):
        session.commit()
    session.rollback()

    assert entries(session) == []


def test_a_savepoint_that_is_rolled_back_takes_only_its_own_deeds(session):
    note(session)
    savepoint = session.begin_nested()
    note(session, unit_path="")
    savepoint.rollback()
    session.commit()

    assert [entry.unit_path for entry in entries(session)] == [SCHOOL]


def test_a_savepoint_hands_its_deeds_on(session):
    with session.begin_nested():
        note(session)
        with session.begin_nested():
            note(session)
    assert entries(session) == []
    session.commit()

    assert len(entries(session)) == 2


def test_a_savepoint_inside_one_that_is_rolled_back_is_gone_too(session):
    savepoint = session.begin_nested()
    with session.begin_nested():
        note(session)
    savepoint.rollback()
    session.commit()

    assert entries(session) == []


def test_a_deed_is_never_lost_in_silence(session):
    """
    SQLAlchemy ends a savepoint that was left open without asking us for the outer transaction.
    """
    session.begin_nested()
    note(session)

    with pytest.raises(RuntimeError, match="savepoint"):
        session.get_transaction().commit()


def test_units_keep_to_a_chain_and_the_rest_to_chain_0(session):
    paths = [f"kz/almaty/bostandyk/s{number}" for number in range(40)]
    for path in paths:
        note(session, unit_path=path)
    note(session, unit_path="")
    session.commit()

    found = entries(session)
    assert {entry.chain for entry in found} == set(range(audit.CHAINS))
    assert all(entry.chain == chain_of(entry.unit_path) for entry in found)
    assert [entry.unit_path for entry in found if entry.chain == 0] == [""]


def test_a_transaction_that_only_reads_notes_nothing(tmp_path):
    sessions = open_sessions(f"sqlite:///{tmp_path}/x.db")
    Base.metadata.create_all(sessions.engine)

    with sessions.read() as reading, pytest.raises(RuntimeError, match="writes"):
        note(reading)

    sessions.engine.dispose()


def test_what_must_not_enter_is_refused_at_once(session):
    with pytest.raises(ValueError, match="free text"):
        audit.note(session, deeds.PersonAdded(role="A Secret"), who=ROOT, now=AT)
    with pytest.raises(ValueError, match="naive"):
        audit.note(session, deeds.PersonEnabled(), who=ROOT, now=AT.replace(tzinfo=None))

    session.commit()
    assert entries(session) == []


def test_a_session_on_somebody_elses_connection_notes_too(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/x.db")
    Base.metadata.create_all(engine)

    with engine.begin() as connection, Session(connection) as joined, joined.begin():
        note(joined)

    with Session(engine) as session:
        assert len(entries(session)) == 1
    engine.dispose()
