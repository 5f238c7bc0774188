"""The journey, on both databases: a file goes up, a worker encodes it, a pupil watches, stops, and goes on later."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest

from tests.functional.app_fixtures import fetch, kill_server, run_server, start_server
from tests.functional.media_samples import clock_picture, clock_sound, ffmpeg
from tests.functional.tus_fixtures import Tus, metadata

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

SECONDS = 14


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "lesson.mp4"
    inputs = ("-f", "lavfi", "-i", clock_picture(size="320x180", fps="10"), "-f", "lavfi", "-i", clock_sound())
    ffmpeg(*inputs, "-t", str(SECONDS), "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(path))
    return path.read_bytes()


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request, tmp_path):
    """The service and one worker, as processes."""
    more = {"SABAQ_DATABASE_URL": request.getfixturevalue("postgres_url")} if request.param == "postgresql" else {}
    with run_server(tmp_path / "var", **more) as app, _worker(app):
        yield app


@pytest.fixture
def small(tmp_path):
    with run_server(tmp_path / "var") as app, _worker(app):
        yield app


@contextmanager
def _worker(app):
    with (app.settings.var / "worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "streamsvc.cli", "worker", "--slots", "2"],
            env={**os.environ, **app.environ},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)


def _upload(app, clip):
    fields = metadata(filename="lesson.mp4", title="Бөлшектер")
    created = Tus(app).create(len(clip), clip, upload_metadata=fields)
    assert created.status == 201, created.body
    return created.headers["content-location"]


def _follow(app, lesson):
    """Every state that the teacher's page is told."""
    answer = app.request("GET", f"{lesson}/progress")
    assert answer.status == 200
    return [json.loads(line[6:]) for line in answer.body.splitlines() if line.startswith(b"data: ")]


def _play(app, lesson, login="pupil"):
    answer = app.request("POST", f"{lesson}/playback-sessions", login=login, json_body={"decodes": ["avc1", "mp4a"]})
    assert answer.status == 201, answer.body
    return answer.json()


def _addresses(base, playlist):
    """All that a playlist names, absolute."""
    named = re.findall(r'URI="([^"]+)"', playlist) + [
        line for line in playlist.splitlines() if line[:1] not in ("", "#")
    ]
    return [urljoin(base, name) for name in named]


def _fetch_all(app, url):
    """As a player, without a token: the multivariant playlist and everything below it."""
    bodies, todo = {}, [url]
    while todo:
        address = todo.pop()
        if address in bodies:
            continue
        answer = fetch(app.base_url, "GET", address)
        assert answer.status == 200, (address, answer)
        bodies[address] = answer.body
        if urlsplit(address).path.endswith(".m3u8"):
            todo += _addresses(address, answer.body.decode())
    return bodies


def test_the_journey(served, clip):
    """
    From a teacher's file to a pupil's screen, over a kill -9 of the service in the middle.
    """
    lesson = _upload(served, clip)

    told = _follow(served, lesson)
    assert told[-1]["state"] == "ready", (told[-1], (served.settings.var / "worker.log").read_text()[-3000:])
    parts = [state["progress"] for state in told]
    assert parts == sorted(parts)

    shown = served.request("GET", lesson, login="pupil").json()
    assert shown["title"] == "Бөлшектер"
    assert shown["media"]["source"] == {"sha256": hashlib.sha256(clip).hexdigest(), "bytes": len(clip)}
    assert abs(shown["media"]["duration_s"] - SECONDS) < 0.2
    assert {rendition["type"] for rendition in shown["media"]["renditions"]} == {"video", "audio"}
    assert {rendition["state"] for rendition in shown["media"]["renditions"]} == {"ready"}

    session = _play(served, lesson)
    assert session["resume_s"] == 0
    bodies = _fetch_all(served, session["url"])
    # Two segments of 8 s, of a rung and of its sound at least.
    assert sum(address.endswith(".m4s") for address in bodies) >= 4
    for picture in (session["poster"], session["storyboard"]):
        assert fetch(served.base_url, "GET", picture).status == 200

    _check_media(served, bodies)

    _watch(served, session, until_s=9.5)
    kill_server(served)
    start_server(served)

    assert _fetch_all(served, session["url"]) == bodies
    again = _play(served, lesson)
    assert again["resume_s"] == pytest.approx(9.5, abs=0.5)
    assert _play(served, lesson, login="curator")["resume_s"] == 0

    _delete(served, lesson, session)


def _check_media(app, addresses):
    """Ranges, validators, immutable caching, no cookie: the same bytes for everybody."""
    segment = next(address for address in addresses if address.endswith("/0.m4s"))

    whole = fetch(app.base_url, "GET", segment)
    part = fetch(app.base_url, "GET", segment, headers={"Range": "bytes=4-7"})
    same = fetch(app.base_url, "GET", segment, headers={"If-None-Match": whole.headers["etag"]})
    head = fetch(app.base_url, "HEAD", segment)

    assert (part.status, part.body) == (206, whole.body[4:8])
    assert (same.status, same.body) == (304, b"")
    assert (head.status, head.headers["content-length"]) == (200, str(len(whole.body)))
    assert "immutable" in whole.headers["cache-control"]
    assert whole.cookies == ()
    assert whole.headers["x-content-type-options"] == "nosniff"


def _watch(app, session, *, until_s):
    """Report as a player does, twice: a repeated batch changes nothing."""
    began = datetime.now(UTC) - timedelta(seconds=until_s)
    kinds = [("initialized", 0.0, 0.0), ("played", 0.0, 0.1), ("paused", until_s, until_s)]
    events = [
        {
            "sequence": number,
            "type": kind,
            "at": (began + timedelta(seconds=after_s)).isoformat(),
            "time_s": time_s,
            **({"played": [[0.0, until_s]]} if kind == "paused" else {}),
        }
        for number, (kind, time_s, after_s) in enumerate(kinds)
    ]
    receipts = [app.request("POST", session["events"], login="pupil", json_body={"events": events}) for _ in range(2)]
    assert [receipt.status for receipt in receipts] == [200, 200]
    assert [receipt.json() for receipt in receipts] == [
        {"accepted": 3, "repeated": 0, "rejected": []},
        {"accepted": 0, "repeated": 3, "rejected": []},
    ]


def _delete(app, lesson, session):
    """A link that was good yesterday gives nothing of a lesson that is gone."""
    assert app.request("DELETE", lesson).status == 204
    kill_server(app)
    start_server(app)
    answer = fetch(app.base_url, "GET", session["url"])
    assert (answer.status, answer.json()["code"]) == (410, "asset_withdrawn")


def test_a_file_that_is_no_lesson_fails_with_a_sentence(small):
    """
    And may be tried again, or deleted; the queue goes on.
    """
    lesson = _upload(small, b"This is a text file and no video at all.\n" * 50)

    last = _follow(small, lesson)[-1]

    assert (last["state"], last["error"]["code"]) == ("failed", "source_not_media")
    answer = small.request("POST", f"{lesson}/playback-sessions", login="pupil")
    assert (answer.status, answer.json()["code"]) == (409, "media_failed")
    assert small.request("POST", f"{lesson}/retry").status == 202
    assert _follow(small, lesson)[-1]["state"] == "failed"
    assert small.request("DELETE", lesson).status == 204
