"""What a lesson's teacher learns beside the lesson: remarks on its sound."""

import re
import subprocess

import imageio_ffmpeg
import pytest
from playwright.sync_api import expect

from tests.functional.browser_steps import upload, wait_until

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional

TITLE = "Үзіліс"
SILENT_S = (8, 33)


@pytest.fixture(scope="module")
def paused(school, tmp_path_factory):
    """A lesson in whose middle nothing is heard for 25 s, as the worker finds out; sound alone, which is made soon."""
    path = tmp_path_factory.mktemp("paused") / "paused.m4a"
    sound = ["-f", "lavfi", "-i", f"sine=f=300:d=41:r=48000,volume=0:enable='between(t,{SILENT_S[0]},{SILENT_S[1]})'"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *sound, "-c:a", "aac", str(path)]
    subprocess.run(command, check=True, timeout=120)
    lesson_id = upload(school, path.read_bytes(), title=TITLE, filename=path.name)
    wait_until(school, lesson_id, lambda found: found["state"] == "ready")
    return lesson_id


def row(tab, title):
    tab.open("/my")
    return tab.page.locator("#lessons > li", has_text=title)


def test_a_silence_is_told_with_times_that_lead_there(open_tab, paused):
    tab = open_tab(login="teacher", language="en")
    tab.open(f"/lessons/{paused}")
    remarks = tab.page.get_by_role("region", name="What to do better next time")
    expect(remarks.get_by_role("listitem")).to_have_text(re.compile(r"^Long silences: 1. The longest: 0:08 – 0:33\."))
    tab.wait_for("v.readyState > 0")

    remarks.get_by_role("button", name="Go to 0:33").click()
    tab.wait_for(f"Math.abs(v.currentTime - {SILENT_S[1]}) < 1")
    remarks.get_by_role("button", name="Go to 0:08").click()
    tab.wait_for(f"Math.abs(v.currentTime - {SILENT_S[0]}) < 1")

    assert tab.complaints == []


def test_the_list_counts_remarks_and_leads_to_them(open_tab, paused):
    tab = open_tab(login="teacher", language="ru", height=480)

    row(tab, TITLE).get_by_role("link", name="Замечаний о звуке: 1").click()

    tab.page.wait_for_url(f"**/lessons/{paused}#remarks")
    expect(tab.page.locator("#remarks li")).to_be_in_viewport()


@pytest.mark.parametrize(("login", "count"), [("curator", 1), ("admin", 1), ("other_teacher", 0)])
def test_remarks_are_for_the_teacher_and_those_who_help(open_tab, paused, login, count):
    tab = open_tab(login=login)
    with tab.page.expect_response(lambda answer: answer.url.endswith(f"/api/v1/lessons/{paused}")) as told:
        tab.open(f"/lessons/{paused}")

    assert bool(told.value.json()["media"]["sound"]) == bool(count)
    expect(tab.page.locator("#remarks")).to_have_count(count)


def test_a_pupil_does_not_even_load_what_is_for_teachers(open_tab, paused):
    tab = open_tab(login="pupil")
    tab.open(f"/lessons/{paused}")
    tab.wait_for("v.readyState > 0")

    loaded = tab.page.evaluate("performance.getEntriesByType('resource').map((each) => each.name.split('/').pop())")
    assert {"watch.js", "sabaq.css"} <= set(loaded)
    assert not {"remarks.js", "teaching.css"} & set(loaded)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_remarks_fit_a_small_phone(open_tab, paused, language):
    tab = open_tab(login="teacher", language=language, width=360, height=740)
    expect(row(tab, TITLE).locator(".sign")).to_be_visible()
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 360

    tab.open(f"/lessons/{paused}")

    expect(tab.page.locator(".moment")).to_have_text(["0:08", "0:33"])
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 360
    sizes = "[...document.querySelectorAll('.moment')].map((each) => each.getBoundingClientRect().height)"
    assert min(tab.page.evaluate(sizes)) >= 24
