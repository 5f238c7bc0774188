"""The digital trace over HTTP: from a player's batches to statements that Ralph and our own rules accept."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from catalog import lessons, people
from streamsvc.database import Base
from streamsvc.playback import sessions as playback
from streamsvc.services import utc_now
from streamsvc.trace.export import export
from streamsvc.trace.store import record
from streamsvc.trace.values import LearnerValue, LessonValue, SessionValue
from tests.functional.app_fixtures import running_app  # noqa: F401
from tests.judges import ralph_validate
from tests.xapi_rules import check
from transcoder.database import open_sessions

pytestmark = pytest.mark.functional

TITLE = 'Есеп "<img src=x onerror=alert(1)>"\r\n#EXT-X-KEY'


def open_playback(app, *, login="pupil", title=TITLE) -> UUID:
    """A playback session of a minute-long lesson, without the media: the trace never looks at it."""
    now = utc_now() - timedelta(minutes=5)
    with app.sessions.write.begin() as session:
        owner = session.get_one(people.Person, app.accounts["teacher"].person_id)
        lesson = lessons.create(
            session,
            title,
            owner_id=owner.id,
            unit_id=owner.unit_id,
            unit_path="kz/almaty/bostandyk/s25",
            asset_id=uuid4(),
            now=now,
        )
        opened = playback.start(
            session,
            person_id=app.accounts[login].person_id,
            lesson_id=lesson.id,
            asset_id=lesson.asset_id,
            publication_id=uuid4(),
            duration_s=60.0,
            expires_at=now + timedelta(hours=4),
            now=now,
        )
        return opened.id


def viewing():
    """A whole viewing, as a player reports it."""
    start = utc_now() - timedelta(minutes=4)

    def at(seconds):
        return (start + timedelta(seconds=seconds)).isoformat()

    return [
        {"sequence": 0, "type": "initialized", "at": at(0), "time_s": 0},
        {"sequence": 1, "type": "played", "at": at(1), "time_s": 0},
        {"sequence": 2, "type": "paused", "at": at(11), "time_s": 10, "played": [[0, 10]]},
        {"sequence": 3, "type": "seeked", "at": at(12), "time_s": 5, "from_s": 10, "to_s": 5},
        {"sequence": 4, "type": "played", "at": at(13), "time_s": 5},
        {"sequence": 5, "type": "completed", "at": at(70), "time_s": 60, "played": [[0, 10], [5, 60]]},
        {"sequence": 6, "type": "terminated", "at": at(71), "time_s": 60, "played": [[0, 60]]},
    ]


def send(app, session_id, events, *, login="pupil"):
    path = f"/api/v1/playback-sessions/{session_id}/events"
    return app.request("POST", path, login=login, json_body={"events": events})


def exported(app, *arguments):
    command = [sys.executable, "-m", "streamsvc.cli", "trace", "export", *arguments]
    done = subprocess.run(command, env={**app.environ, "PATH": ""}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ralph_and_our_own_rules_accept_every_statement(running_app):  # noqa: F811
    """
    Two pupils' viewings, one sent in pieces and twice, go out as JSON lines that both judges accept whole.
    """
    first, second = open_playback(running_app), open_playback(running_app, login="curator")
    events = viewing()
    answers = [send(running_app, first, events[n : n + 3]).json() for n in (3, 0, 6, 0)]
    assert send(running_app, second, events, login="curator").json() == {"accepted": 7, "repeated": 0, "rejected": []}

    assert [answer["accepted"] for answer in answers] == [3, 3, 1, 0]
    assert answers[3]["repeated"] == 3
    lines = exported(running_app)
    statements = [json.loads(line) for line in lines.splitlines()]
    assert len(statements) == 14
    assert check(statements) == []
    judged = ralph_validate(lines)
    assert judged.returncode == 0, judged.stderr
    assert len(judged.stdout.splitlines()) == 14


def test_ralph_refuses_what_is_wrong(running_app):  # noqa: F811
    """
    The judge can say no: without that, its yes would mean nothing.
    """
    session_id = open_playback(running_app)
    send(running_app, session_id, viewing()[:1])
    statement = json.loads(exported(running_app))
    statement["actor"]["mbox"] = "mailto:pupil@school.kz"

    assert ralph_validate(json.dumps(statement) + "\n").returncode != 0
    assert any("X7" in finding for finding in check([statement]))


def test_export_filters(running_app):  # noqa: F811
    """
    By session and by time of storing.
    """
    session_id = open_playback(running_app)
    send(running_app, session_id, viewing())

    assert len(exported(running_app, "--session", str(session_id)).splitlines()) == 7
    assert exported(running_app, "--session", str(uuid4())) == ""
    assert exported(running_app, "--since", (utc_now() + timedelta(minutes=1)).isoformat()) == ""
    assert len(exported(running_app, "--since", (utc_now() - timedelta(minutes=1)).isoformat()).splitlines()) == 7


def test_nobody_reports_for_somebody_else(running_app):  # noqa: F811
    """
    A forged session id, and another person's session, do not exist; a body that names an actor changes nothing.
    """
    session_id = open_playback(running_app)

    assert send(running_app, session_id, viewing(), login="curator").status == 404
    assert send(running_app, uuid4(), viewing()).status == 404
    assert send(running_app, session_id, viewing(), login=None).status == 401
    forged = [{**viewing()[0], "actor": {"mbox": "mailto:boss@school.kz"}, "person_id": str(uuid4())}]
    assert send(running_app, session_id, forged).json()["accepted"] == 1
    assert "boss@school.kz" not in exported(running_app)
    assert str(running_app.accounts["pupil"].person_id) not in exported(running_app)
    assert "Pupil" not in exported(running_app)


NESTED = b'{"events": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"events": {}}', b"\xff\xfe", NESTED],
    ids=["nothing", "list", "no list", "no text", "nested without end"],
)
def test_a_body_that_is_no_batch_is_refused(running_app, body):  # noqa: F811
    """
    With a code, and in words.
    """
    path = f"/api/v1/playback-sessions/{open_playback(running_app)}/events"

    answer = running_app.request("POST", path, login="pupil", body=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.json()["code"]) == (400, "bad_request")


def test_the_position_is_kept_for_the_next_time(running_app):  # noqa: F811
    """
    Where the pupil stopped is where the next playback session resumes.
    """
    session_id = open_playback(running_app)
    send(running_app, session_id, viewing()[:3])

    with running_app.sessions.read.begin() as session:
        opened = session.get_one(playback.PlaybackSession, session_id)
        assert playback.resume_position(session, opened.person_id, opened.lesson_id) == 10.0


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_one_batch_sent_by_many_at_once_counts_once(engine, request, tmp_path):
    """
    Eight deliveries of the same batch at the same moment: each event is accepted once, on either database.
    """
    url = request.getfixturevalue("postgres_url") if engine == "postgresql" else f"sqlite:///{tmp_path}/trace.db"
    sessions = open_sessions(url)
    Base.metadata.create_all(sessions.engine)
    session_id = uuid4()
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: deliver(sessions, session_id), range(8)))

    assert sum(receipt.accepted for receipt in receipts) == 7
    assert sum(receipt.repeated for receipt in receipts) == 49
    with sessions.read.begin() as session:
        assert check([json.loads(line) for line in export(session, session_id=session_id)]) == []
    sessions.engine.dispose()


def deliver(sessions, session_id):
    now = utc_now()
    with sessions.write.begin() as session:
        return record(
            session,
            LearnerValue("5e" * 16, "kz/almaty/bostandyk/s25"),
            LessonValue(UUID(int=9), "Теңдеу", "kk", 60.0),
            playback=SessionValue(session_id, now - timedelta(minutes=5)),
            bodies=BATCH,
            sent_at=None,
            home_page="https://sabaq.example",
            now=now,
        )


BATCH = viewing()
