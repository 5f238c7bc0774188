"""`sabaq reencode` on a real database with a lesson that was published before."""

from uuid import uuid4

import pytest

from catalog.lessons import Lesson
from streamsvc.cli import main
from tests.transcoder.queue_fixtures import START, Queue
from transcoder.database import open_sessions
from transcoder.tables import MediaAsset


@pytest.fixture
def environ(tmp_path):
    given = {"SABAQ_VAR": str(tmp_path / "var"), "LANG": "en_US.UTF-8"}
    assert main(["migrate"], given) == 0
    return given


@pytest.fixture
def published(environ):
    """The queue, a lesson, and its asset. The plan is of another ffmpeg than ours, so it would be another today."""
    sessions = open_sessions(f"sqlite:///{environ['SABAQ_VAR']}/sabaq.db")
    queue = Queue(sessions)
    lesson = Lesson(
        id=uuid4(),
        title="Бөлшектер",
        owner_id=uuid4(),
        unit_id=uuid4(),
        unit_path="kz/almaty",
        asset_id=queue.published(8),
        state="published",
        language="kk",
        created_at=START,
        updated_at=START,
    )
    with queue.write() as session:
        session.add(lesson)
        session.flush()
        session.expunge(lesson)
    yield queue, lesson
    sessions.engine.dispose()


def renewal(queue, lesson):
    with queue.read() as session:
        return session.get_one(MediaAsset, lesson.asset_id).renewal_job_id


@pytest.mark.parametrize("which", ["one", "all"])
def test_an_older_lesson_is_queued(environ, published, which, capsys):
    queue, lesson = published

    code = main(["reencode", str(lesson.id) if which == "one" else "--all-older"], environ)

    assert (code, capsys.readouterr().out.splitlines()[-1]) == (0, "lessons queued: 1")
    assert renewal(queue, lesson) is not None
    assert queue.status(lesson.asset_id).state == "ready"


def test_a_dry_run_changes_nothing(environ, published, capsys):
    queue, lesson = published

    assert main(["reencode", "--all-older", "--dry-run"], environ) == 0

    assert capsys.readouterr().out.splitlines()[-1] == "lessons to encode anew: 1"
    assert renewal(queue, lesson) is None


def test_an_unknown_lesson_is_said_to_be_missing(environ, capsys):
    assert main(["reencode", str(uuid4())], environ) == 2

    assert capsys.readouterr().err


def test_a_lesson_that_is_not_published_is_not_queued(environ, published, capsys):
    queue, lesson = published
    with queue.write() as session:
        session.get_one(MediaAsset, lesson.asset_id).published_job_id = None

    assert main(["reencode", str(lesson.id)], environ) == 2

    assert "not published" in capsys.readouterr().err
