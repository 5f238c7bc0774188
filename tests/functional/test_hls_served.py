"""The judge at the served lesson: over HTTP, while it grows and when it is finished. The tasks are done one by one."""

from collections.abc import Iterator
from functools import partial

import pytest

from cdn.stores import open_store
from streamsvc.services import utc_now
from tests.functional.app_fixtures import ServedApp, running_app  # noqa: F401  # the fixture
from tests.functional.browser_steps import make_clip, media, upload
from tests.hls_rules import check
from transcoder.claims import Worker
from transcoder.database import open_sessions
from transcoder.pipeline import work_once
from transcoder.station import Station
from transcoder.workspace import Workspace

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

CLIP_S = 40


@pytest.fixture
def station(running_app) -> Iterator[Station]:  # noqa: F811  # pytest hands a fixture over by its name
    """A worker without a broker: it does the next task when it is told to."""
    settings = running_app.settings
    sessions = open_sessions(settings.database_url)
    yield Station(
        worker=Worker("by-hand", slots=1),
        sessions=sessions,
        store=open_store(settings.storage_url),
        workspace=Workspace(settings.transcoder.workspace, settings.transcoder.reserve_bytes),
        settings=settings.transcoder,
        now=utc_now,
        send=lambda _messages: None,
        stopping=lambda: False,
    )
    sessions.engine.dispose()


def playback_url(served: ServedApp, lesson_id: str) -> str:
    return served.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions").json()["url"]


def test_a_served_lesson_keeps_the_rules_while_it_grows_and_when_it_is_finished(
    running_app,  # noqa: F811
    station,
    tmp_path,
):
    clip = make_clip(tmp_path / "clip.mp4", seconds=CLIP_S).read_bytes()
    lesson_id = upload(running_app, clip, title="Үздіксіз бөлшектер")
    step = partial(work_once, station)

    while not media(running_app, lesson_id)["playable"]:
        assert step()
    begun = playback_url(running_app, lesson_id)
    while media(running_app, lesson_id)["state"] == "encoding":
        assert check(begun, growing=True) == []
        assert step()

    assert media(running_app, lesson_id)["state"] == "ready"
    assert check(begun, growing=True) == []
    assert check(playback_url(running_app, lesson_id)) == []
