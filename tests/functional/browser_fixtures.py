"""
A whole small system and Debian's Chromium, for tests of the pages.

One service, one worker and one finished lesson serve all browser tests; each test has a browser context (cookies,
storage) of its own, already signed in.
"""

import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from streamsvc.web.authentication import COOKIE
from tests.functional.app_fixtures import ServedApp, run_app

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
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


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    """Service and worker."""
    with run_app(tmp_path_factory.mktemp("school") / "var") as served, running_worker(served):
        yield served


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture(scope="session")
def lesson_id(school: ServedApp, clip: Path) -> str:
    """A lesson that is ready."""
    made = upload(school, clip.read_bytes(), title=CANARY)
    wait_until(school, made, lambda found: found["state"] == "ready")
    return made


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


OpenTab = Callable[..., Tab]


@pytest.fixture
def open_tab(school: ServedApp, browser: Browser) -> Iterator[OpenTab]:
    """Opens tabs, each in a context of its own; `login=None` is a stranger's."""
    contexts: list[BrowserContext] = []

    def opened(
        *, login: str | None = "pupil", language: str = "kk", width: int = 1366, height: int = 768, **more: object
    ) -> Tab:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        context.add_cookies([{"name": "language", "value": language, "url": school.base_url}])
        if login:
            sign_in(context, school, login)
        return new_tab(context, school)

    yield opened
    for context in contexts:
        context.close()


def sign_in(context: BrowserContext, served: ServedApp, login: str) -> None:
    context.add_cookies(
        [{"name": COOKIE, "value": served.token(login), "url": served.base_url, "secure": True, "httpOnly": True}]
    )


def new_tab(context: BrowserContext, served: ServedApp) -> Tab:
    tab = Tab(context.new_page(), served.base_url)
    tab.page.on("console", lambda said: said.type == "error" and tab.complaints.append(f"{said.text} {said.location}"))
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    return tab
