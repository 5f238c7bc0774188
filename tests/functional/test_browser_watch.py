"""The watch page in a real browser, with a real service and worker: playing, controls, bad lines, the trace."""

import re

import pytest
from playwright.sync_api import expect

from tests.functional import app_states
from tests.functional.browser_steps import (
    CLIP_S,
    Tab,
    add_pupil,
    make_clip,
    stand_at,
    told,
    upload,
    wait_until,
    wait_until_told,
)

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional


def play(tab: Tab, lesson_id: str, *, until_s: float = 0.5) -> None:
    """As a pupil: open the page, touch the big button unless the browser lets the page begin by itself."""
    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("!v.paused || document.querySelector('#big:not([hidden])')")
    if tab.video("paused"):
        tab.page.click("#big")
    tab.wait_for(f"v.currentTime > {until_s} && !v.paused")


def of_last_session(events):
    return [each for each in events if each.session_id == events[-1].session_id]


def test_a_lesson_plays_and_is_told(open_tab, school, lesson_id):
    """Past ten seconds without a complaint; what was watched is known although the page was closed without a word."""
    tab = open_tab(login="curator")
    play(tab, lesson_id, until_s=10)

    assert tab.complaints == []
    assert tab.video("videoWidth") > 0
    expect(tab.page.locator("#now")).to_have_text(re.compile(r"0:1\d"))
    tab.page.goto("about:blank")
    events = wait_until_told(school, lesson_id, lambda all_: all_ and all_[-1].verb == "terminated")
    assert [each.verb for each in events] == ["initialized", "played", "terminated"]
    assert [each.sequence for each in events] == [0, 1, 2]
    assert 10 <= events[-1].result["time"] <= CLIP_S
    assert events[-1].result["progress"] == pytest.approx(events[-1].result["time"] / CLIP_S, abs=0.05)

    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("v.readyState >= 2 && v.currentTime > 9")
    expect(tab.page.locator("#calm")).to_have_text(re.compile("0:1. тұсынан жалғасты"))


def test_the_end_completes_a_lesson(open_tab, school, lesson_id):
    """At twice the speed; a second look begins at the start."""
    tab = open_tab(login="admin")
    play(tab, lesson_id)
    tab.page.select_option("#speed", "2")
    tab.wait_for("v.ended")
    tab.page.goto("about:blank")

    events = of_last_session(wait_until_told(school, lesson_id, lambda all_: all_[-1].verb == "terminated"))

    assert [each.verb for each in events if each.verb != "seeked"] == [
        "initialized", "played", "completed", "paused", "terminated"
    ]  # fmt: skip
    assert next(each for each in events if each.verb == "completed").result["progress"] >= 0.95
    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("v.readyState >= 2")
    assert tab.video("currentTime") < 1


def test_every_key_does_what_the_list_says(open_tab, lesson_id):
    tab = open_tab()
    play(tab, lesson_id)
    press = tab.page.keyboard.press

    press("k")
    tab.wait_for("v.paused")
    press("5")
    tab.wait_for(f"Math.abs(v.currentTime - {CLIP_S / 2}) < 0.2")
    press("ArrowRight")
    tab.wait_for(f"Math.abs(v.currentTime - {CLIP_S / 2 + 5}) < 0.2")
    press("ArrowLeft")
    press("j")
    tab.wait_for(f"Math.abs(v.currentTime - {CLIP_S / 2 - 10}) < 0.2")
    press("l")
    tab.wait_for(f"Math.abs(v.currentTime - {CLIP_S / 2}) < 0.2")
    press("ArrowDown")
    press("ArrowDown")
    assert tab.video("volume") == pytest.approx(0.9)
    press("ArrowUp")
    assert tab.video("volume") == pytest.approx(0.95)
    press("m")
    assert tab.video("muted") is True
    press(">")
    press(">")
    press("<")
    assert tab.video("playbackRate") == 1.25
    expect(tab.page.locator("#speed")).to_have_value("1.25")
    press("f")
    expect(tab.page.locator("#fullscreen")).to_have_attribute("aria-pressed", "true")
    assert tab.page.evaluate("document.fullscreenElement.id") == "player"
    press("f")
    expect(tab.page.locator("#fullscreen")).to_have_attribute("aria-pressed", "false")
    press("?")
    expect(tab.page.locator("#keys")).to_be_visible()
    press("Escape")
    expect(tab.page.locator("#keys")).to_be_hidden()
    press("Space")
    tab.wait_for("!v.paused")
    assert tab.complaints == []


def test_letters_mean_places_on_a_kazakh_keyboard(open_tab, lesson_id):
    tab = open_tab()
    play(tab, lesson_id)

    tab.page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'л', code: 'KeyK', bubbles: true}))")

    tab.wait_for("v.paused")


def test_controls_are_reached_and_named_without_a_mouse(open_tab, lesson_id):
    tab = open_tab(language="en")
    play(tab, lesson_id)
    tab.page.locator("#seek").focus()
    names = []
    for _ in range(8):
        names.append(tab.page.evaluate("document.activeElement.ariaLabel"))
        tab.page.keyboard.press("Tab")

    assert names == [
        "Position in the lesson",
        "Pause",
        "Back 10 seconds",
        "Mute",
        "Volume",
        "Speed",
        "Quality",
        "Keyboard",
    ]
    expect(tab.page.locator("#seek")).to_have_attribute("aria-valuetext", re.compile(r"0:\d\d of 0:24"))
    assert tab.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_seeking_shows_pictures_and_is_told(open_tab, school, lesson_id):
    tab = open_tab(login="teacher")
    play(tab, lesson_id)
    box = tab.page.locator("#seek").bounding_box()
    at = (box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)

    tab.page.mouse.move(*at)
    expect(tab.page.locator("#preview-time")).to_have_text(re.compile(r"0:1[78]"))
    expect(tab.page.locator("#preview-picture")).to_be_visible()
    assert "storyboard-" in tab.page.evaluate("document.getElementById('preview-picture').style.backgroundImage")
    tab.page.mouse.click(*at)
    tab.wait_for("Math.abs(v.currentTime - 18) < 2 && !v.seeking")
    tab.page.keyboard.press("k")

    events = of_last_session(wait_until_told(school, lesson_id, lambda all_: all_[-1].verb == "paused"))
    [seeked] = [each for each in events if each.verb == "seeked"]
    assert seeked.result["time-from"] < 8
    assert seeked.result["time-to"] == pytest.approx(18, abs=0.8)
    assert "[,]" in events[-1].result["played-segments"]


def test_the_quality_is_chosen_and_kept(open_tab, lesson_id):
    """By rate and megabytes, because rungs may share a height; what is loaded already is played first."""
    tab = open_tab()
    play(tab, lesson_id)
    menu = tab.page.locator("#quality option")
    texts = menu.all_inner_texts()
    assert [re.sub(r"\d+", "0", text) for text in texts[1:]] == ["0p · 0 кбит/с · 0,0 МБ", "0p · 0 кбит/с · 0 КБ"]

    lowest = menu.last.get_attribute("value")
    tab.page.select_option("#quality", lowest)
    tab.page.keyboard.press("k")
    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("v.readyState >= 2")

    expect(tab.page.locator("#quality")).to_have_value(lowest)


def test_a_pupil_goes_on_where_they_stopped(open_tab, school, lesson_id):
    login = add_pupil(school)
    stand_at(school, lesson_id, login, 9.0)
    tab = open_tab(login=login)
    play(tab, lesson_id, until_s=9)

    assert tab.video("currentTime") < 12
    played = tab.video("played.start(0)")
    assert played == pytest.approx(9, abs=0.3)


def test_a_lost_line_is_told_calmly_and_nothing_is_lost(open_tab, school, lesson_id):
    """The buffer plays on, events wait, and both go on by themselves."""
    tab = open_tab(login=add_pupil(school))
    play(tab, lesson_id)
    tab.wait_for("v.buffered.length && v.buffered.end(0) > 20")
    before = len(told(school, lesson_id))

    tab.page.context.set_offline(True)
    expect(tab.page.locator("#calm")).to_have_text(re.compile("Байланыс үзілді, бірақ алдағы .* жүктеліп қойған"))
    here = tab.video("currentTime")
    tab.wait_for(f"v.currentTime > {here} + 1")
    tab.page.keyboard.press("k")
    tab.page.keyboard.press("0")
    tab.wait_for("v.paused && v.currentTime < 0.1")
    assert len(told(school, lesson_id)) == before
    tab.page.context.set_offline(False)

    expect(tab.page.locator("#calm")).to_be_hidden()
    events = of_last_session(wait_until_told(school, lesson_id, lambda all_: all_[-1].verb == "seeked"))
    assert [each.verb for each in events][-2:] == ["paused", "seeked"]
    assert [each.sequence for each in events] == list(range(len(events)))


def test_events_of_a_page_that_died_offline_come_at_the_next_visit(open_tab, school, lesson_id):
    tab = open_tab()
    play(tab, lesson_id)
    wait_until_told(school, lesson_id, lambda all_: all_[-1].verb == "played")
    tab.page.context.set_offline(True)
    tab.page.keyboard.press("k")
    tab.wait_for("Object.keys(localStorage).some((key) => key.startsWith('sabaq.events.'))")
    tab.page.close()
    tab.page.context.set_offline(False)

    again = tab.page.context.new_page()
    again.goto(f"{tab.base_url}/")

    events = of_last_session(wait_until_told(school, lesson_id, lambda all_: all_[-1].verb == "terminated"))
    assert [each.verb for each in events][-2:] == ["paused", "terminated"]
    again.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('sabaq.events.'))")


def test_an_expired_address_is_renewed_at_the_same_place(open_tab, school, lesson_id):
    """The service answers as for an address that was good once; the pupil sees nothing of it."""
    tab = open_tab(login=add_pupil(school))
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
    events = of_last_session(wait_until_told(school, lesson_id, lambda all_: all_[-1].verb == "played"))
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

    # The first twelve seconds are a chunk of their own; what comes behind was appended while the pupil watched.
    tab.wait_for("v.currentTime > 14", within_s=90)
    wait_until(school, made, lambda media: media["state"] == "ready")


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

    assert tab.video("src").endswith("/avc.m3u8")
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
