"""
The judge at the served lesson: over HTTP, while it grows and when it is finished, in two families of codecs.

The tasks are done one by one.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cdn.stores import open_store
from streamsvc.services import utc_now
from tests.functional.app_fixtures import ServedApp, run_app
from tests.functional.browser_steps import make_clip, media, upload
from tests.hls_rules import check
from transcoder.claims import Worker
from transcoder.database import open_sessions
from transcoder.pipeline import work_once
from transcoder.station import Station
from transcoder.workspace import Workspace

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

CLIP_S = 36
LADDER = Path(__file__).parents[1] / "data" / "ladders" / "families.toml"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedApp]:
    with run_app(tmp_path / "var", SABAQ_LADDER=str(LADDER)) as app:
        yield app


@pytest.fixture
def station(served: ServedApp) -> Iterator[Station]:
    """A worker without a broker: it does the next task when it is told to."""
    settings = served.settings
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


def playback_url(served: ServedApp, lesson_id: str, *decodes: str) -> str:
    """Where a player gets its playlist that decodes this; of one that does not say, where nothing is given."""
    wishes = {"decodes": decodes} if decodes else None
    answer = served.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", json_body=wishes)
    return str(answer.json()["url"])


def test_a_served_lesson_keeps_the_rules_while_it_grows_and_when_it_is_finished(
    served: ServedApp, station: Station, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=CLIP_S, size="320x180").read_bytes()
    lesson_id = upload(served, clip, title="Үздіксіз бөлшектер")
    step = partial(work_once, station)

    while not media(served, lesson_id)["playable"]:
        assert step()
    begun = playback_url(served, lesson_id)
    while media(served, lesson_id)["state"] == "encoding":
        assert check(begun, growing=True) == []
        assert step()

    assert media(served, lesson_id)["state"] == "ready"
    assert check(begun, growing=True) == []
    urls = {
        "all.m3u8": playback_url(served, lesson_id),
        "avc.m3u8": playback_url(served, lesson_id, "avc1", "mp4a"),
        "av1.m3u8": playback_url(served, lesson_id, "av01", "avc1", "opus", "mp4a"),
    }
    for name, url in urls.items():
        assert url.endswith(f"/{name}")
        assert check(url) == []
