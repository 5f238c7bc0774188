"""
A whole small system and Debian's Chromium, for tests of the pages; a plugin (`pytest_plugins`), so that the modules
share one service, one worker and one finished lesson. Each test has a browser context (cookies, storage) of its own,
signed in already.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.functional.app_fixtures import ServedApp, run_app
from tests.functional.browser_steps import (
    CANARY,
    Tab,
    make_clip,
    new_tab,
    running_worker,
    sign_in,
    upload,
    wait_until,
)

# Of its five seconds a busy machine needs more; what holds is seen at once.
expect.set_options(timeout=60_000)

LADDER = Path(__file__).parents[1] / "data/ladders/families.toml"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    """Service and worker."""
    settings = {"SABAQ_LEASE_S": "30", "SABAQ_LADDER": str(LADDER)}
    with run_app(tmp_path_factory.mktemp("school") / "var", **settings) as served, running_worker(served):
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


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """One for each module, not for all: while it runs, no asyncio test could."""
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
