"""What tests of the pages share: tabs, clips, uploads, a worker, and what players have reported."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import imageio_ffmpeg
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import select

from catalog import organizations, people, tokens
from streamsvc.playback.sessions import PlaybackSession, note_position
from streamsvc.services import utc_now
from streamsvc.trace.tables import StoredStatement
from streamsvc.web.authentication import COOKIE
from tests.functional.app_fixtures import Account, ServedApp

CLIP_S = 24
CANARY = 'Бөлшектер <img src=x onerror="window.pwned=1"> & </script><script>window.pwned=1</script> {{t.play}}'


@dataclass
class Tab:
    """A page and what went wrong in it."""

    page: Page
    base_url: str
    complaints: list[str] = field(default_factory=list)
    """Errors on the console and exceptions that nobody caught."""

    def open(self, path: str) -> None:
        self.page.goto(self.base_url + path)

    def video(self, expression: str) -> object:
        """Of the page's video, such as `currentTime`."""
        return self.page.evaluate(f"document.querySelector('video').{expression}")

    def wait_for(self, condition: str, *, within_s: float = 60) -> None:
        """Until a JavaScript condition holds; `v` is the video."""
        function = f"() => {{ const v = document.querySelector('video'); return {condition}; }}"
        self.page.wait_for_function(function, timeout=within_s * 1000)


def make_clip(path: Path, *, seconds: float = CLIP_S, size: str = "640x360", sound_only: bool = False) -> Path:
    """A moving test picture with a tone."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=15:d={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=f=300:d={seconds}:r=48000"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    inputs = sound if sound_only else [*picture, *sound]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *inputs, *codecs, str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


def upload(served: ServedApp, body: bytes, *, title: str, filename: str = "lesson.mp4") -> str:
    """Upload a lesson as the teacher, in one request each; returns the lesson's id."""
    metadata = ",".join(
        f"{key} {b64encode(value.encode()).decode()}" for key, value in (("filename", filename), ("title", title))
    )
    common = {"Tus-Resumable": "1.0.0"}
    made = served.request(
        "POST", "/api/v1/uploads", headers={**common, "Upload-Length": str(len(body)), "Upload-Metadata": metadata}
    )
    assert made.status == 201, made.body
    place = urlsplit(made.headers["location"]).path
    fields = {**common, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = served.request("PATCH", place, body=body, headers=fields)
    assert sent.status == 204, sent.body
    return made.headers["content-location"].rsplit("/", 1)[1]


def media(served: ServedApp, lesson_id: str) -> dict[str, object]:
    return served.request("GET", f"/api/v1/lessons/{lesson_id}").json()["media"]


def wait_until(served: ServedApp, lesson_id: str, condition: Callable[[dict[str, object]], bool]) -> dict[str, object]:
    """The lesson's media, once the condition holds."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = media(served, lesson_id)
        if condition(found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within 120 s: {media(served, lesson_id)}")


@contextmanager
def running_worker(served: ServedApp) -> Iterator["subprocess.Popen[bytes]"]:
    """`sabaq worker` as a process of its own; its log is `var/worker.log`."""
    with (served.settings.var / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamsvc.cli", "worker", "--slots", "2"],
            env={**os.environ, **served.environ},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def add_pupil(served: ServedApp) -> str:
    """Somebody nobody else is, so that no other test's player moves where they stopped; returns the login."""
    login, now = f"pupil-{secrets.token_hex(4)}", utc_now()
    with served.sessions.write.begin() as session:
        unit = organizations.ensure_unit(session, "kz/almaty/bostandyk/s25", now=now)
        person = people.create_person(
            session, login, display_name="Жаңа оқушы", role="pupil", unit=unit, password_hash="", now=now
        )
        issued = tokens.issue(session, person.id, lifetime=timedelta(hours=1), now=now)
        served.accounts[login] = Account(person.id, login, issued.token, "pupil", unit.id, unit.path)
    return login


def stand_at(served: ServedApp, lesson_id: str, login: str, position_s: float) -> None:
    """The person stopped here in an earlier visit."""
    with served.sessions.write.begin() as session:
        person_id, now = served.accounts[login].person_id, utc_now()
        note_position(session, person_id, UUID(lesson_id), position_s=position_s, at=now)


def sign_in(context: BrowserContext, served: ServedApp, login: str) -> None:
    """Without the form. Chromium's door for cookies takes a `__Host-` one only from TLS; it is sent to loopback too."""
    cookie = {"name": COOKIE, "value": served.token(login), "url": served.base_url.replace("http:", "https:")}
    context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Lax"}])


def new_tab(context: BrowserContext, served: ServedApp) -> Tab:
    tab = Tab(context.new_page(), served.base_url)
    tab.page.on("console", lambda said: said.type == "error" and tab.complaints.append(f"{said.text} {said.location}"))
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    return tab


@dataclass(frozen=True)
class Told:
    """A viewing event as the service kept it."""

    session_id: str
    sequence: int
    verb: str
    body: dict[str, object]

    @property
    def result(self) -> dict[str, object]:
        """The statement's result extensions, by the last part of their names."""
        extensions = self.body.get("result", {}).get("extensions", {})
        return {name.rsplit("/", 1)[1]: value for name, value in extensions.items()}


def told(served: ServedApp, login: str) -> list[Told]:
    """What this person's players have reported: by session as they were opened, then by sequence."""
    person_id = served.accounts[login].person_id
    with served.sessions.read.begin() as session:
        rows = session.execute(
            select(StoredStatement, PlaybackSession.created_at)
            .join(PlaybackSession, PlaybackSession.id == StoredStatement.session_id)
            .where(PlaybackSession.person_id == person_id)
            .order_by(PlaybackSession.created_at, StoredStatement.sequence)
        )
        return [Told(str(row.session_id), row.sequence, _verb(row.body), json.loads(row.body)) for row, _ in rows]


def _verb(body: str) -> str:
    return json.loads(body)["verb"]["id"].rsplit("/", 1)[1]


def wait_until_told(served: ServedApp, login: str, condition: Callable[[list[Told]], bool]) -> list[Told]:
    """What was reported, once the condition holds."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = told(served, login)
        if found and condition(found):
            return found
        time.sleep(0.2)
    raise AssertionError([(each.sequence, each.verb, each.result) for each in told(served, login)])


def of_last_session(events: list[Told]) -> list[Told]:
    return [each for each in events if each.session_id == events[-1].session_id]


def play(tab: Tab, lesson_id: str, *, until_s: float = 0.5) -> None:
    """As a pupil: open the page, touch the big button unless the browser lets the page begin by itself."""
    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("!v.paused || document.querySelector('#big:not([hidden])')")
    if tab.video("paused"):
        tab.page.click("#big")
    tab.wait_for(f"v.currentTime > {until_s} && !v.paused")
