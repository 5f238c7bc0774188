"""The watch page in a real browser, with a real service and worker: playing, controls, what is told of it."""

import re

import pytest
from playwright.sync_api import expect

from tests.functional.browser_steps import CLIP_S, add_pupil, of_last_session, play, stand_at, wait_until_told

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional


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


def test_a_lesson_plays_and_is_told(open_tab, school, lesson_id):
    """Past ten seconds without a complaint; what was watched is known although the page was closed without a word."""
    login = add_pupil(school)
    tab = open_tab(login=login)
    play(tab, lesson_id, until_s=10)

    assert tab.complaints == []
    assert tab.video("videoWidth") > 0
    expect(tab.page.locator("#now")).to_have_text(re.compile(r"0:1\d"))
    tab.page.goto("about:blank")
    events = wait_until_told(school, login, lambda all_: all_[-1].verb == "terminated")
    assert [each.verb for each in events] == ["initialized", "played", "terminated"]
    assert [each.sequence for each in events] == [0, 1, 2]
    assert 10 <= events[-1].result["time"] <= CLIP_S
    assert events[-1].result["progress"] == pytest.approx(events[-1].result["time"] / CLIP_S, abs=0.05)

    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("v.readyState >= 2 && v.currentTime > 9")
    expect(tab.page.locator("#calm")).to_have_text(re.compile("0:1. тұсынан жалғасты"))


def test_the_end_completes_a_lesson(open_tab, school, lesson_id):
    """At twice the speed; a second look begins at the start."""
    login = add_pupil(school)
    tab = open_tab(login=login)
    play(tab, lesson_id)
    tab.page.select_option("#speed", "2")
    tab.wait_for("v.ended")
    tab.page.goto("about:blank")

    events = of_last_session(wait_until_told(school, login, lambda all_: all_[-1].verb == "terminated"))

    assert [each.verb for each in events if each.verb != "seeked"] == [
        "initialized", "played", "completed", "paused", "terminated"
    ]  # fmt: skip
    assert next(each for each in events if each.verb == "completed").result["progress"] >= 0.95
    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("v.readyState >= 2")
    assert tab.video("currentTime") < 1


def test_letters_mean_places_on_a_kazakh_keyboard(open_tab, lesson_id):
    tab = open_tab()
    play(tab, lesson_id)

    key = "new KeyboardEvent('keydown', {key: 'л', code: 'KeyK', bubbles: true})"
    tab.page.evaluate(f"document.body.dispatchEvent({key})")

    tab.wait_for("v.paused && !v.ended")
    assert tab.complaints == []


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
    login = add_pupil(school)
    tab = open_tab(login=login)
    play(tab, lesson_id)
    # Something is watched before the seek: the pieces on both sides of it must be told apart.
    tab.wait_for("v.currentTime > 1")
    box = tab.page.locator("#seek").bounding_box()
    at = (box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)

    tab.page.mouse.move(*at)
    expect(tab.page.locator("#preview-time")).to_have_text(re.compile(r"0:1[78]"))
    expect(tab.page.locator("#preview-picture")).to_be_visible()
    assert "storyboard-" in tab.page.evaluate("document.getElementById('preview-picture').style.backgroundImage")
    tab.page.mouse.click(*at)
    tab.wait_for("v.currentTime > 18.5 && v.currentTime < 23 && !v.seeking")
    tab.page.keyboard.press("k")

    events = of_last_session(wait_until_told(school, login, lambda all_: all_[-1].verb == "paused"))
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
    assert len(set(texts)) == len(texts) >= 3
    assert {re.sub(r"[\d,]+", "0", text) for text in texts[1:]} <= {"0p · 0 кбит/с (0 КБ)", "0p · 0 кбит/с (0 МБ)"}

    lowest = menu.last.get_attribute("value")
    tab.page.select_option("#quality", lowest)
    tab.page.keyboard.press("k")
    tab.open(f"/lessons/{lesson_id}")
    tab.wait_for("v.readyState >= 2")

    expect(tab.page.locator("#quality")).to_have_value(lowest)


PLAYS = """(([automatic, ...rungs]) =>
    automatic.text.includes(" · ") && rungs.at({place}).text.startsWith(automatic.text.replace(/^.*? · /, "") + " (")
)(document.querySelectorAll("#quality option"))"""
LOWEST = PLAYS.replace("{place}", "-1")
"""Which rung the menu says to play by the player's own choice."""
BETTER = f"""document.querySelector("#quality option").text.includes(" · ") && !({LOWEST})"""


SMOOTH = """navigator.mediaCapabilities.decodingInfo = async (asked) =>
    ({supported: true, smooth: true, powerEfficient: true, configuration: asked})"""


def test_on_a_fast_line_a_better_rung_plays_soon(open_tab, lesson_id):
    """
    It starts on the lowest, as everywhere. How far it climbs is also a matter of the device: a browser that dropped
    frames on a busy machine in an earlier test remembers it, and does not climb. This one remembers nothing.
    """
    tab = open_tab()
    tab.page.add_init_script(SMOOTH)
    play(tab, lesson_id)
    tab.wait_for(LOWEST)

    tab.wait_for(BETTER)

    assert tab.video("currentTime") < CLIP_S


def test_on_a_slow_line_the_lowest_rung_stays(open_tab, lesson_id):
    """As slow as its own line, from the moment at which the lesson is asked for."""
    tab = open_tab()
    throttle = tab.page.context.new_cdp_session(tab.page)
    throttle.send("Network.enable")
    line = {"offline": False, "latency": 50, "downloadThroughput": 110_000 / 8, "uploadThroughput": 110_000 / 8}

    def slow_down(route):
        throttle.send("Network.emulateNetworkConditions", line)
        route.continue_()

    tab.page.route("**/playback-sessions", slow_down)
    play(tab, lesson_id, until_s=9)

    assert tab.page.evaluate(LOWEST)


def asked(tab, lesson_id):
    """What the page said it decodes, and the playlist it was given."""
    with tab.page.expect_response("**/playback-sessions") as answer:
        play(tab, lesson_id, until_s=1)
    return answer.value.request.post_data_json["decodes"], answer.value.json()["url"].rsplit("/", 1)[1]


def test_a_device_that_decodes_av1_gets_it(open_tab, lesson_id):
    tab = open_tab()

    assert asked(tab, lesson_id) == (["av01", "avc1", "opus", "mp4a"], "av1.m3u8")
    assert tab.complaints == []


def test_a_device_that_is_slow_with_av1_gets_avc(open_tab, lesson_id):
    tab = open_tab()
    tab.page.add_init_script("""
        const known = MediaCapabilities.prototype.decodingInfo;
        MediaCapabilities.prototype.decodingInfo = async function (question) {
            const { supported, smooth } = await known.call(this, question);
            return { supported, smooth: smooth && !question.video?.contentType.includes("av01") };
        };
    """)

    assert asked(tab, lesson_id) == (["avc1", "opus", "mp4a"], "avc.m3u8")
    assert tab.complaints == []


def test_a_pupil_goes_on_where_they_stopped(open_tab, school, lesson_id):
    login = add_pupil(school)
    stand_at(school, lesson_id, login, 9.0)
    tab = open_tab(login=login)
    play(tab, lesson_id, until_s=9)

    assert tab.video("currentTime") < 12
    played = tab.video("played.start(0)")
    assert played == pytest.approx(9, abs=0.3)
