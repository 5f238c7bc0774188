"""The watch page when things are not as they should be: no line, an old address, a lesson that is not ready."""

import re

import pytest
from playwright.sync_api import expect

from tests.functional import app_states
from tests.functional.browser_steps import (
    add_pupil,
    make_clip,
    of_last_session,
    play,
    stand_at,
    told,
    upload,
    wait_until,
    wait_until_told,
)

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional


def test_a_lost_line_is_told_calmly_and_nothing_is_lost(open_tab, school, lesson_id):
    """The buffer plays on, events wait, and both go on by themselves."""
    login = add_pupil(school)
    tab = open_tab(login=login)
    play(tab, lesson_id)
    tab.wait_for("v.buffered.length && v.buffered.end(0) > 20")
    wait_until_told(school, login, lambda all_: all_[-1].verb == "played")

    tab.page.context.set_offline(True)
    expect(tab.page.locator("#calm")).to_have_text(re.compile("Байланыс үзілді, бірақ алдағы .* жүктеліп қойған"))
    here = tab.video("currentTime")
    tab.wait_for(f"v.currentTime > {here} + 1")
    tab.page.keyboard.press("k")
    tab.page.keyboard.press("0")
    tab.wait_for("v.paused && v.currentTime < 0.1")
    assert [each.verb for each in told(school, login)] == ["initialized", "played"]
    tab.page.context.set_offline(False)

    expect(tab.page.locator("#calm")).to_be_hidden()
    events = of_last_session(wait_until_told(school, login, lambda all_: all_[-1].verb == "seeked"))
    assert [each.verb for each in events][-2:] == ["paused", "seeked"]
    assert [each.sequence for each in events] == list(range(len(events)))


def test_events_of_a_page_that_died_offline_come_at_the_next_visit(open_tab, school, lesson_id):
    login = add_pupil(school)
    tab = open_tab(login=login)
    play(tab, lesson_id)
    wait_until_told(school, login, lambda all_: all_[-1].verb == "played")
    tab.page.context.set_offline(True)
    tab.page.keyboard.press("k")
    # Not just any event: the end of the session is always kept aside there.
    tab.wait_for(
        "Object.entries(localStorage).some(([key, text]) => key.startsWith('sabaq.events.') && text.includes('paused'))"
    )
    tab.page.close()
    tab.page.context.set_offline(False)

    again = tab.page.context.new_page()
    again.goto(f"{tab.base_url}/")

    events = of_last_session(wait_until_told(school, login, lambda all_: all_[-1].verb == "terminated"))
    assert [each.verb for each in events][-2:] == ["paused", "terminated"]
    again.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('sabaq.events.'))")


def test_an_expired_address_is_renewed_at_the_same_place(open_tab, school, lesson_id):
    """The service answers as for an address that was good once; the pupil sees nothing of it."""
    login = add_pupil(school)
    tab = open_tab(login=login)
    sessions, segments = [], []
    tab.page.on("response", lambda answer: answer.url.endswith("/playback-sessions") and sessions.append(answer.status))

    def expire(route):
        """The first session's address holds for three segments."""
        segments.append(len(sessions))
        route.fulfill(status=410, body="") if len(sessions) < 2 and len(segments) > 3 else route.continue_()

    tab.page.route("**/*.m4s", expire)
    play(tab, lesson_id, until_s=14)

    assert sessions == [201, 201]
    expect(tab.page.locator("#message")).to_be_hidden()
    events = of_last_session(wait_until_told(school, login, lambda all_: all_[-1].verb == "played"))
    assert [each.verb for each in events] == ["initialized", "played"]
    assert 0 < events[-1].result["time"] <= 14


def test_a_lesson_begins_by_itself_as_soon_as_it_can(open_tab, school, clip):
    """Somebody waits on the page while the teacher's upload ends and is encoded."""
    waiting = app_states.make_lesson(school, title="Күтудеміз", state="uploading")
    tab = open_tab()
    tab.open(f"/lessons/{waiting}")
    expect(tab.page.locator("#message-text")).to_have_text("Сабақ өңдеу кезегінде тұр")
    expect(tab.page.locator("#message-detail")).to_contain_text("өзі басталады")

    made = upload(school, clip.read_bytes(), title="Жаңа")
    tab.open(f"/lessons/{made}")
    tab.wait_for("v.readyState >= 2", within_s=90)
    expect(tab.page.locator("#message")).to_be_hidden()
    if tab.page.is_visible("#big"):
        tab.page.click("#big")
    tab.page.select_option("#speed", "2")

    loads = []
    tab.page.on("load", lambda _page: loads.append(tab.page.url))

    # The first segment is a chunk of its own; what comes behind was appended while the pupil watched.
    tab.wait_for("v.ended", within_s=120)
    assert loads == []
    ready = wait_until(school, made, lambda media: media["state"] == "ready")
    rungs = [each for each in ready["renditions"] if each["name"].startswith("av1-")]
    play(tab, made)
    expect(tab.page.locator("#quality option")).to_have_count(1 + len(rungs))


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_lesson_that_failed_says_why(open_tab, school, language):
    failed = app_states.make_lesson(school, title="Сынған", state="failed")
    tab = open_tab(language=language)
    tab.open(f"/lessons/{failed}")

    headers = {"Accept-Language": language}
    error = school.request("GET", f"/api/v1/lessons/{failed}", headers=headers).json()["media"]["error"]
    expect(tab.page.locator("#message-detail")).to_have_text(error["message"])
    expect(tab.page.locator("#controls")).to_be_hidden()
    assert tab.complaints == []


def test_without_hls_js_the_browsers_own_player_serves(open_tab, school, lesson_id):
    """The line broke while hls.js came, or the device has no MediaSource."""
    login = add_pupil(school)
    stand_at(school, lesson_id, login, 5.0)
    tab = open_tab(login=login)
    tab.page.route("**/hls.min.js", lambda route: route.abort())
    play(tab, lesson_id, until_s=6)

    assert tab.video("src").endswith("/av1.m3u8")
    assert tab.video("currentTime") < 12
    expect(tab.page.locator("#quality")).to_be_hidden()


def test_sound_alone_is_a_lesson(open_tab, school, tmp_path):
    """The poster stands in for the picture."""
    made = upload(school, make_clip(tmp_path / "a.m4a", seconds=8, sound_only=True).read_bytes(), title="Күй")
    wait_until(school, made, lambda media: media["state"] == "ready")
    tab = open_tab()
    play(tab, made, until_s=2)

    assert "poster.jpg" in tab.video("poster")
    assert "дыбыс" in tab.page.locator("#quality option").last.inner_text()
    assert tab.complaints == []
