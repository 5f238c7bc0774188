"""What a lesson's teacher learns beside the lesson: remarks on its sound, and what becomes of a better version."""

import re
import subprocess
from datetime import timedelta
from uuid import UUID

import imageio_ffmpeg
import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from streamsvc.services import utc_now
from tests.functional import app_states
from tests.functional.browser_steps import upload, wait_until
from tests.functional.explained_lesson import make_explained_lesson
from transcoder.renewing import switch_to
from transcoder.tables import ChunkTask, MediaAsset, TranscodeJob
from transcoder.worklist import LANE_FAIR, RANK_CHUNK

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


def opened(tab, title):
    """The section on the encoding, as a teacher opens it."""
    section = row(tab, title).locator("details")
    section.locator("summary").click()
    return section


def test_encoding_anew_what_is_as_good_as_can_be_is_needless(open_tab, paused):
    """The worker looks at the lesson again, and finds the plan that is published."""
    tab = open_tab(login="teacher", language="en")
    section = opened(tab, TITLE)

    section.get_by_role("button", name="Encode anew").press("Enter")

    expect(section.get_by_role("button", name="Encode anew")).to_be_hidden()
    expect(section.locator("summary")).to_be_focused()
    expect(section).to_contain_text("There was no need to encode anew", timeout=60_000)
    expect(section.get_by_role("button", name="Encode anew")).to_be_visible()
    expect(tab.page.locator(".toast")).to_contain_text(TITLE)
    assert tab.complaints == []


def test_a_better_version_that_fails_says_why(open_tab, school):
    """Its file is not in the store."""
    make_explained_lesson(school, title="Файлы жоқ")
    tab = open_tab(login="teacher", language="en")
    section = opened(tab, "Файлы жоқ")

    section.get_by_role("button", name="Encode anew").click()

    told = school.services().texts.error("source_lost", "en", {})
    expect(section.locator(".renewal p").first).to_have_text(
        f"The better version did not come about; the lesson plays as before. {told}", timeout=60_000
    )
    expect(section.get_by_role("button", name="Encode anew")).to_be_visible()


def begin_renewal(served, lesson_id: UUID, *, progress: float) -> UUID:
    """As if a worker elsewhere had come so far; returns the job."""
    with served.sessions.write.begin() as session:
        asset = session.get_one(MediaAsset, app_states.asset_of(served, lesson_id))
        now = utc_now()
        job = TranscodeJob(asset_id=asset.id, state="encoding", source_bytes=1000, created_at=now)
        session.add(job)
        session.flush()
        held = {"state": "running", "fence": 1, "worker": "elsewhere", "lease_until": now + timedelta(hours=1)}
        session.add(
            ChunkTask(
                job_id=job.id, kind="video", lane=LANE_FAIR, rank=RANK_CHUNK, queued_at=now, weight=10.0,
                progress=progress, **held
            )
        )  # fmt: skip
        asset.renewal_job_id = job.id
        return job.id


def come_to(served, job_id: UUID, *, progress: float) -> None:
    with served.sessions.write.begin() as session:
        session.execute(update(ChunkTask).where(ChunkTask.job_id == job_id).values(progress=progress))


def publish(served, lesson_id: UUID, job_id: UUID) -> None:
    with served.sessions.write.begin() as session:
        asset = session.get_one(MediaAsset, app_states.asset_of(served, lesson_id))
        before = session.get_one(TranscodeJob, asset.job_id)
        made = {name: getattr(before, name) for name in ("plan", "plan_digest", "duration_s", "summary")}
        session.execute(update(TranscodeJob).where(TranscodeJob.id == job_id).values(state="ready", **made))
        switch_to(session, asset, session.get_one(TranscodeJob, job_id), now=utc_now())


def test_a_better_version_is_followed_to_its_end(open_tab, school):
    lesson_id = make_explained_lesson(school, title="Жаңаруда")
    job_id = begin_renewal(school, lesson_id, progress=0.43)
    tab = open_tab(login="teacher", language="ru")
    lesson = row(tab, "Жаңаруда")
    bar, state = lesson.get_by_role("progressbar"), lesson.locator(".state")

    expect(state).to_contain_text("Готов · 40:00")
    expect(state).to_contain_text("Делается улучшенная версия: 43 %")
    expect(bar).to_have_attribute("value", "0.43")
    lesson.locator("summary").click()
    expect(lesson.get_by_role("row")).not_to_have_count(0)
    expect(lesson.get_by_role("button", name="Обработать заново")).to_be_hidden()
    come_to(school, job_id, progress=0.6)
    expect(bar).to_have_attribute("value", "0.6", timeout=20_000)
    publish(school, lesson_id, job_id)

    expect(tab.page.locator(".toast")).to_have_text("Урок «Жаңаруда» обработан заново.", timeout=20_000)
    expect(bar).to_be_hidden()
    expect(lesson.get_by_role("button", name="Обработать заново")).to_be_visible()
    assert tab.complaints == []
