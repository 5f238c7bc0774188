"""Which multivariant playlist a playback session names."""

from uuid import uuid4

import pytest

from tests.functional.app_fixtures import run_app
from tests.functional.app_states import asset_of, make_lesson
from transcoder.tables import MediaAsset, MediaObject

pytestmark = pytest.mark.functional

DECODES_ALL = ["av01", "avc1", "opus", "mp4a"]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with run_app(tmp_path_factory.mktemp("families") / "var") as served:
        yield served


def start(app, lesson_id, body=None):
    return app.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", login="pupil", json_body=body)


def name_of(answer):
    assert answer.status == 201, answer.body
    return answer.json()["url"].rsplit("/", 1)[1]


def publish(app, lesson_id, *names):
    """As the publication's transaction would."""
    asset_id = asset_of(app, lesson_id)
    with app.sessions.write.begin() as session:
        job_id = session.get_one(MediaAsset, asset_id).published_job_id
        for name in names:
            values = {"bytes": 1, "sha256": "d" * 64, "task_id": uuid4(), "fence": 1}
            row = {"job_id": job_id, "rendition": "playlists", "name": name, "kind": "playlist"}
            session.add(MediaObject(**row, **values, key=f"media/{asset_id}/p/{name}"))


def test_a_player_gets_the_playlist_that_serves_it(app):
    lesson_id = make_lesson(app)
    publish(app, lesson_id, "avc.m3u8", "av1.m3u8", "all.m3u8", "avc-96.m3u8")

    assert name_of(start(app, lesson_id, {"decodes": DECODES_ALL})) == "av1.m3u8"
    assert name_of(start(app, lesson_id, {"decodes": ["avc1", "mp4a", "klingon"]})) == "avc.m3u8"
    assert name_of(start(app, lesson_id, {"decodes": []})) == "avc.m3u8"
    assert name_of(start(app, lesson_id, {})) == "all.m3u8"
    assert name_of(start(app, lesson_id)) == "all.m3u8"


def test_an_old_publication_plays_as_ever(app):
    """
    It has one playlist, whatever the player would like.
    """
    lesson_id = make_lesson(app)
    publish(app, lesson_id, "avc.m3u8")

    for body in (None, {"decodes": DECODES_ALL}, {"decodes": ["mp4a"]}):
        assert name_of(start(app, lesson_id, body)) == "avc.m3u8"


def test_a_lesson_that_grows_comes_in_the_family_that_is_made_first(app):
    lesson_id = make_lesson(app, state="growing")

    assert name_of(start(app, lesson_id, {"decodes": DECODES_ALL})) == "avc.m3u8"
    assert name_of(start(app, lesson_id)) == "avc.m3u8"


@pytest.mark.parametrize("decodes", ["av01", [1], [None], {"av01": True}, True])
def test_what_is_no_list_of_names_is_refused(app, decodes):
    answer = start(app, make_lesson(app), {"decodes": decodes})

    assert (answer.status, answer.json()["code"]) == (400, "bad_request")
    assert "decodes" in answer.json()["detail"]
