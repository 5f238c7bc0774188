from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from streamsvc.database import Base
from streamsvc.errors import PlaybackSessionMissing
from streamsvc.playback import sessions

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
PERSON, LESSON = uuid4(), uuid4()


@pytest.fixture
def session():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def start(session, person_id=PERSON):
    return sessions.start(
        session,
        person_id=person_id,
        lesson_id=LESSON,
        asset_id=uuid4(),
        publication_id=uuid4(),
        duration_s=60.0,
        expires_at=NOW + timedelta(hours=4),
        now=NOW,
    )


def test_a_session_belongs_to_one_person(session):
    """
    Somebody else's session reads as missing: nobody learns that it is there.
    """
    opened = start(session)

    assert sessions.own_session(session, opened.id, person_id=PERSON) is opened
    with pytest.raises(PlaybackSessionMissing):
        sessions.own_session(session, opened.id, person_id=uuid4())
    with pytest.raises(PlaybackSessionMissing):
        sessions.own_session(session, uuid4(), person_id=PERSON)


def test_the_newest_report_decides_where_the_person_is(session):
    """
    Batches arrive late and out of order.
    """
    assert sessions.resume_position(session, PERSON, LESSON) is None
    sessions.note_position(session, PERSON, LESSON, position_s=10.0, at=NOW)
    sessions.note_position(session, PERSON, LESSON, position_s=30.0, at=NOW + timedelta(seconds=20))
    sessions.note_position(session, PERSON, LESSON, position_s=5.0, at=NOW + timedelta(seconds=10))

    assert sessions.resume_position(session, PERSON, LESSON) == 30.0
    assert sessions.resume_position(session, uuid4(), LESSON) is None


def test_a_position_is_never_negative(session):
    sessions.note_position(session, PERSON, LESSON, position_s=-1.0, at=NOW)

    assert sessions.resume_position(session, PERSON, LESSON) == 0.0


def test_a_deleted_lesson_forgets_positions_and_keeps_sessions(session):
    opened = start(session)
    sessions.note_position(session, PERSON, LESSON, position_s=10.0, at=NOW)

    sessions.forget_positions(session, LESSON)

    assert sessions.resume_position(session, PERSON, LESSON) is None
    assert sessions.own_session(session, opened.id, person_id=PERSON) is opened
