import json
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from streamsvc.database import Base
from streamsvc.trace import store
from streamsvc.trace.events import body_digest
from streamsvc.trace.export import export
from streamsvc.trace.store import record
from streamsvc.trace.tables import Registration, StoredEvent, ViewingSession
from streamsvc.trace.values import LearnerValue, LessonValue, Receipt, Rejection, SessionValue
from tests.xapi_rules import check
from transcoder.database import open_sessions

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEARNER = LearnerValue("3f" * 16, "kz/almaty/medeu/school-7")
LESSON = LessonValue(UUID(int=7), "Квадрат теңдеу", "kk", 60.0)


@pytest.fixture
def sessions(tmp_path):
    made = open_sessions(f"sqlite:///{tmp_path}/trace.db")
    Base.metadata.create_all(made.engine)
    yield made
    made.engine.dispose()


def send(sessions, bodies, *, playback=None, now=NOON + timedelta(minutes=2), sent_at=None, lesson=LESSON):
    with sessions.write.begin() as session:
        return record(
            session,
            LEARNER,
            lesson,
            playback=playback or PLAYBACK,
            bodies=bodies,
            sent_at=sent_at,
            home_page="https://sabaq.example",
            now=now,
        )


PLAYBACK = SessionValue(UUID("7d5f8b43-8f0e-4d1e-9b53-6c0ce09ecf5e"), NOON)


def at(seconds):
    return (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def viewing():
    """A pupil who watches a whole lesson, with a pause and a seek."""
    return [
        {"sequence": 0, "type": "initialized", "at": at(1), "time_s": 0},
        {"sequence": 1, "type": "played", "at": at(2), "time_s": 0},
        {"sequence": 2, "type": "paused", "at": at(22), "time_s": 20, "played": [[0, 20]]},
        {"sequence": 3, "type": "played", "at": at(30), "time_s": 20},
        {"sequence": 4, "type": "seeked", "at": at(40), "time_s": 25, "from_s": 30, "to_s": 25},
        {"sequence": 5, "type": "completed", "at": at(75), "time_s": 60, "played": [[0, 30], [25, 60]]},
        {"sequence": 6, "type": "terminated", "at": at(76), "time_s": 60, "played": [[0, 60]]},
    ]


def exported(sessions, **filters):
    with sessions.read.begin() as session:
        return [json.loads(line) for line in export(session, **filters)]


def test_a_whole_viewing_becomes_valid_statements(sessions):
    """
    Seven events, seven statements, every rule of ours kept.
    """
    assert send(sessions, viewing()) == Receipt(7, 0, (), 60)

    statements = exported(sessions)
    assert [statement["verb"]["display"]["en-US"] for statement in statements] == [e["type"] for e in viewing()]
    assert check(statements) == []
    completed = statements[5]["result"]
    assert completed["extensions"]["https://w3id.org/xapi/video/extensions/played-segments"] == "0.000[.]60.000"
    assert completed["duration"] == "PT65.00S"


def test_the_statement_is_written_whole(sessions, request):
    """
    A paused statement, compared to the letter but for the registration's random id.
    """
    send(sessions, viewing())

    paused = exported(sessions)[2]
    registration = str(UUID(paused["context"]["registration"]))
    expected = (request.path.parents[2] / "data" / "statements" / "paused.json").read_text("utf-8")
    assert paused == json.loads(expected.replace("REG", registration))


@pytest.mark.parametrize("seed", range(5))
def test_three_shuffled_deliveries_give_each_statement_once(sessions, seed):
    """
    F21: repeated and reordered batches; the statements' ids are the same as in one orderly delivery.
    """
    chance = random.Random(seed)
    batches = [viewing()[n : n + 2] for n in range(0, 7, 2)] * 3
    chance.shuffle(batches)

    receipts = [send(sessions, batch) for batch in batches]

    assert sum(receipt.accepted for receipt in receipts) == 7
    assert sum(receipt.repeated for receipt in receipts) == 14
    assert [rejection for receipt in receipts for rejection in receipt.rejected] == []
    assert check(exported(sessions)) == []


def test_another_body_under_a_known_sequence_is_rejected_alone(sessions):
    """
    The contradiction is refused, its neighbours are kept, and what was stored stays.
    """
    send(sessions, viewing()[:2])
    forged = {**viewing()[1], "time_s": 50}

    assert send(sessions, [forged, viewing()[2]]) == Receipt(1, 0, (Rejection(1, "sequence_conflict"),), 20)
    assert exported(sessions)[1]["result"]["extensions"]["https://w3id.org/xapi/video/extensions/time"] == 0


def test_one_bad_event_does_not_spoil_its_batch(sessions):
    """
    F23: the rest is stored.
    """
    receipt = send(sessions, [*viewing()[:2], {"sequence": 9}, "nonsense"])

    assert receipt.accepted == 2
    assert {rejection.code for rejection in receipt.rejected} == {"malformed"}


def test_an_event_nested_without_end_is_rejected_alone(sessions):
    deep = []
    for _ in range(100_000):
        deep = [deep]

    receipt = send(sessions, [viewing()[0], {**viewing()[1], "unknown": deep}])

    assert (receipt.accepted, receipt.rejected) == (1, (Rejection(1, "malformed"),))


def test_a_session_has_an_end_to_what_it_may_report(sessions, monkeypatch):
    """
    What is kept may be sent again; only new events are refused, in the batch that goes too far and in later ones.
    """
    monkeypatch.setattr(store, "MAX_SESSION_EVENTS", 3)

    first = send(sessions, viewing()[:5])
    again = send(sessions, viewing())

    assert first == Receipt(3, 0, tuple(Rejection(n, "too_many_events") for n in (3, 4)), 20)
    assert again == Receipt(0, 3, tuple(Rejection(n, "too_many_events") for n in (3, 4, 5, 6)), None)
    assert len(exported(sessions)) == 3
    other = SessionValue(uuid4(), NOON)
    assert send(sessions, viewing()[:3], playback=other).accepted == 3


def test_a_session_of_ten_thousand_events_is_read_again_whole(sessions):
    """
    As many as may be kept, and not one more.
    """
    play = {"type": "played", "at": at(2), "time_s": 1, "played": [[0, 1]]}
    with sessions.write.begin() as session:
        session.add(
            ViewingSession(
                id=PLAYBACK.session_id,
                registration_id=_registration(session),
                pseudonym=LEARNER.pseudonym,
                unit_path=LEARNER.unit_path,
                lesson_id=LESSON.lesson_id,
                title=LESSON.title,
                language="kk",
                length_ms=60_000,
                started_at=NOON,
            )
        )
        session.flush()
        session.execute(insert(StoredEvent), [_row(n, play) for n in range(9_999)])

    receipt = send(sessions, [{**play, "sequence": n} for n in (5, 9_999, 10_000)])

    assert receipt == Receipt(1, 1, (Rejection(10_000, "too_many_events"),), 1)


def _registration(session):
    made = Registration(pseudonym=LEARNER.pseudonym, lesson_id=LESSON.lesson_id, attempt=1)
    session.add(made)
    session.flush()
    return made.id


def _row(sequence, body):
    body = {**body, "sequence": sequence}
    return {
        "session_id": PLAYBACK.session_id,
        "sequence": sequence,
        "digest": body_digest(body),
        "body": json.dumps(body),
        "at": NOON + timedelta(seconds=2),
        "received_at": NOON + timedelta(seconds=2),
    }


def test_unknown_fields_are_compared_and_not_kept(sessions):
    """
    Even a megabyte of them; another event under the same number is still told from a repetition.
    """
    more = [{**event, "later": "x" * 100_000} for event in viewing()]
    assert send(sessions, more[:3]).accepted == 3

    assert send(sessions, more[:3]).repeated == 3
    assert send(sessions, [viewing()[1]]).rejected == (Rejection(1, "sequence_conflict"),)
    assert send(sessions, more[3:]).accepted == 4
    with sessions.read.begin() as session:
        bodies = session.scalars(select(StoredEvent.body).order_by(StoredEvent.sequence)).all()
    assert max(map(len, bodies)) < 300
    assert check(exported(sessions)) == []


def test_completed_needs_the_lesson_to_be_watched(sessions):
    """
    X10: half a lesson is not completed, whatever the player says.
    """
    half = {"sequence": 2, "type": "completed", "at": at(31), "time_s": 60, "played": [[0, 30]]}

    assert send(sessions, [*viewing()[:2], half]).rejected == (Rejection(2, "not_completed"),)


def test_a_lesson_watched_in_two_halves_is_completed_once(sessions):
    """
    The registration goes over sessions; after completion the next viewing is a new attempt.
    """
    second = SessionValue(UUID("0e6b3d5e-7b7f-4c4a-9d0b-3f0f6ce4c111"), NOON + timedelta(minutes=1))
    third = SessionValue(UUID("4b1dd1cf-4c3f-4ff4-8a7a-1f6f4d6e7a22"), NOON + timedelta(minutes=4))
    late = NOON + timedelta(minutes=5)
    send(sessions, [*viewing()[:2], {"sequence": 2, "type": "terminated", "at": at(32), "time_s": 30}])
    rest = [
        {"sequence": 0, "type": "initialized", "at": at(60), "time_s": 30},
        {"sequence": 1, "type": "completed", "at": at(91), "time_s": 60, "played": [[30, 60]]},
        {"sequence": 2, "type": "completed", "at": at(92), "time_s": 60, "played": [[30, 60]]},
    ]

    assert send(sessions, rest, playback=second, now=late).rejected == (Rejection(2, "already_completed"),)
    assert send(sessions, viewing(), playback=third, now=late).accepted == 7

    statements = exported(sessions)
    assert check(statements) == []
    assert len({statement["context"]["registration"] for statement in statements}) == 2


def test_a_wrong_clock_moves_no_statement_out_of_its_session(sessions):
    """
    F24: two days fast, two days slow; the order holds and nothing lies in the future.
    """
    now = NOON + timedelta(minutes=2)
    wrong = [{**event, "at": at(n * 86_400 * (-1) ** n)} for n, event in enumerate(viewing())]

    assert send(sessions, wrong, now=now).accepted == 7
    statements = exported(sessions)
    assert check(statements) == []
    assert all(NOON <= datetime.fromisoformat(statement["timestamp"]) <= now for statement in statements)


def test_a_late_batch_of_a_pupil_who_was_offline_keeps_its_times(sessions):
    """
    The line came back after a day: the statements say when it was watched, and `since` finds them as new.
    """
    tomorrow = NOON + timedelta(days=1)

    send(sessions, viewing(), now=tomorrow, sent_at=at(86_400))

    assert exported(sessions)[2]["timestamp"] == "2026-11-24T12:00:22.000Z"
    assert len(exported(sessions, since=tomorrow)) == 7
    assert exported(sessions, since=tomorrow + timedelta(seconds=1)) == []


def test_watching_faster_than_time_is_flagged_not_dropped(sessions):
    """
    Ten minutes in ten seconds: stored, and marked.
    """
    long = LessonValue(UUID(int=8), "Ұзақ сабақ", "kk", 600.0)
    fast = [viewing()[0], {"sequence": 1, "type": "paused", "at": at(9), "time_s": 600, "played": [[0, 600]]}]

    assert send(sessions, fast, now=NOON + timedelta(seconds=10), lesson=long).accepted == 2
    with sessions.read.begin() as session:
        assert session.get_one(ViewingSession, PLAYBACK.session_id).implausible


def test_filters_choose_lesson_and_session(sessions):
    """
    Nothing of another lesson or session comes out.
    """
    send(sessions, viewing())

    assert len(exported(sessions, lesson_id=LESSON.lesson_id, session_id=PLAYBACK.session_id)) == 7
    assert exported(sessions, lesson_id=uuid4()) == []
    assert exported(sessions, session_id=uuid4()) == []


def test_an_absurd_time_is_refused_alone(sessions):
    """
    It spoils neither its batch nor the player's queue, which would send it for ever.
    """
    absurd = {"sequence": 1, "type": "played", "at": at(2), "time_s": 1e306}
    far = {"sequence": 2, "type": "seeked", "at": at(3), "time_s": 1, "from_s": 1, "to_s": 1e306}

    receipt = send(sessions, [viewing()[0], absurd, far])

    assert (receipt.accepted, receipt.rejected) == (2, (Rejection(1, "time_out_of_range"),))


def test_what_is_watched_in_more_pieces_than_a_person_can_is_refused(sessions):
    """
    Each statement lists all pieces: without a bound one request could fill a disk.
    """
    pieces = [[[n * 0.02, n * 0.02 + 0.01] for n in range(half, half + 600)] for half in (0, 600)]
    paused = [
        {"sequence": 1 + n, "type": "paused", "at": at(2 + n), "time_s": 1, "played": played}
        for n, played in enumerate(pieces)
    ]

    receipt = send(sessions, [viewing()[0], *paused])

    assert (receipt.accepted, receipt.rejected) == (2, (Rejection(2, "too_many_intervals"),))
