"""Two requests at the same moment: one outcome, on both databases."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select

from catalog.lessons import Lesson
from streamsvc.uploads import quotas
from tests.functional.app_fixtures import run_app
from tests.functional.app_states import asset_of, make_lesson
from tests.functional.tus_fixtures import Tus
from transcoder.tables import LIVE_JOB_STATES, MediaAsset, TranscodeJob

pytestmark = pytest.mark.functional

ROUNDS = 5


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request, tmp_path):
    more = {"SABAQ_DATABASE_URL": request.getfixturevalue("postgres_url")} if request.param == "postgresql" else {}
    with run_app(tmp_path / "var", **more) as served:
        yield served


def _together(*actions):
    """Begin all at the same moment; their results in order."""
    barrier = Barrier(len(actions))

    def act(action):
        barrier.wait(30)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def test_a_lesson_deleted_while_its_last_bytes_arrive_stays_deleted(app):
    """
    No encoding for a lesson that is gone, and the room comes back, whoever was first.
    """
    tus, body = Tus(app), b"x" * 200_000
    outcomes = Counter()
    for _ in range(ROUNDS):
        created = tus.create(len(body))
        lesson = created.headers["content-location"]
        asset_id = asset_of(app, UUID(lesson.rpartition("/")[2]))
        sent, deleted = _together(
            lambda url=created.headers["location"]: tus.patch(url, body).status,
            lambda path=lesson: app.request("DELETE", path).status,
        )
        outcomes[sent, deleted] += 1
        with app.sessions.read.begin() as session:
            states = set(session.scalars(select(TranscodeJob.state).where(TranscodeJob.asset_id == asset_id)))
            asset = session.get(MediaAsset, asset_id)
        assert not states & set(LIVE_JOB_STATES), (sent, deleted)
        assert asset is None or asset.removed_at is not None
        assert app.request("GET", lesson).status == 404

    assert {deleted for _, deleted in outcomes} == {204}
    assert {sent for sent, _ in outcomes} <= {204, 404, 410}
    with app.sessions.read.begin() as session:
        assert quotas.reserved(session, app.accounts["teacher"].person_id) == 0


def test_two_deletes_are_one(app):
    for _ in range(ROUNDS):
        path = f"/api/v1/lessons/{make_lesson(app)}"

        statuses = _together(*[lambda path=path: app.request("DELETE", path).status] * 4)

        assert Counter(statuses) == {204: 1, 404: 3}


def test_retry_and_delete_leave_nothing_running(app):
    for _ in range(ROUNDS):
        lesson_id = make_lesson(app, state="failed")
        asset_id = asset_of(app, lesson_id)
        path = f"/api/v1/lessons/{lesson_id}"

        retried, deleted = _together(
            lambda path=path: app.request("POST", f"{path}/retry").status,
            lambda path=path: app.request("DELETE", path).status,
        )

        assert deleted == 204
        assert retried in {202, 404, 409}
        with app.sessions.read.begin() as session:
            states = set(session.scalars(select(TranscodeJob.state).where(TranscodeJob.asset_id == asset_id)))
            lesson = session.get_one(Lesson, lesson_id)
        assert not states & set(LIVE_JOB_STATES), (retried, deleted)
        assert lesson.deleted_at is not None


def test_retries_at_once_start_one_encoding(app):
    for _ in range(ROUNDS):
        lesson_id = make_lesson(app, state="failed")
        asset_id = asset_of(app, lesson_id)
        path = f"/api/v1/lessons/{lesson_id}/retry"

        statuses = _together(*[lambda path=path: app.request("POST", path).status] * 4)

        assert Counter(statuses) == {202: 1, 409: 3}
        with app.sessions.read.begin() as session:
            states = list(session.scalars(select(TranscodeJob.state).where(TranscodeJob.asset_id == asset_id)))
        assert Counter(states) == {"failed": 1, "waiting": 1}
