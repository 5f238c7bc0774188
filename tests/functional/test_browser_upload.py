"""A teacher's page in a real browser: uploads over bad lines, live progress, what may be done with a lesson."""

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.functional import app_states
from tests.functional.browser_steps import Tab, make_clip, media, wait_until

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional

LINE = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 1_000_000}
"""A megabyte each second, so that there is something to interrupt."""


def slow(tab: Tab) -> None:
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Network.emulateNetworkConditions", LINE)


def choose(tab: Tab, *files: Path) -> None:
    tab.page.set_input_files("#files", [str(file) for file in files])


def row(tab: Tab, title: str):
    return tab.page.locator("#lessons > li").filter(has=tab.page.get_by_text(title, exact=True))


def lesson_of(school, title: str) -> str:
    items = school.request("GET", "/api/v1/lessons?owner=me&limit=100").json()["items"]
    [found] = [item["id"] for item in items if item["title"] == title]
    return found


@pytest.fixture
def long_clip(tmp_path: Path) -> Path:
    """Some seconds on the slow line."""
    return make_clip(tmp_path / "Ұзақ_сабақ.mp4", seconds=40)


def test_an_upload_survives_a_lost_line_and_a_closed_page(open_tab, school, long_clip):
    """Cut, continued; the page reloaded, the same file chosen again: the stored file is the teacher's."""
    tab = open_tab(login="teacher")
    tab.open("/my")
    slow(tab)
    uploads = tab.page.locator("#uploads > li")
    choose(tab, long_clip)
    expect(uploads.locator(".title")).to_have_text("Ұзақ сабақ")
    expect(uploads.locator(".numbers")).to_have_text(re.compile(r"[1-9][\d,]* [КМ]Б / .* · \d+ % · .*/с · шамамен"))

    tab.page.context.set_offline(True)
    expect(uploads).to_contain_text("Жіберілгені сақтаулы, қосылғанда өзі жалғасады")
    expect(tab.page.locator("#line")).to_be_visible()
    tab.page.context.set_offline(False)
    expect(uploads).to_contain_text("Жүктеліп жатыр")
    expect(tab.page.locator("#line")).to_be_hidden()

    asked = []
    tab.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    tab.page.locator("#drop-title").click()
    tab.page.reload()
    assert asked == ["beforeunload"]
    expect(uploads).to_have_text(re.compile("Жалғастыру үшін дәл сол файлды таңдаңыз: Ұзақ_сабақ.mp4"))
    offsets = []
    tab.page.on("request", lambda sent: sent.method == "PATCH" and offsets.append(int(sent.headers["upload-offset"])))
    choose(tab, long_clip)

    expect(tab.page.locator("#toasts")).to_contain_text("«Ұзақ сабақ» жүктелді", timeout=60_000)
    assert offsets[0] > 0
    expect(uploads).to_have_count(0)
    made = lesson_of(school, "Ұзақ сабақ")
    found = wait_until(school, made, lambda media: media["source"] is not None)
    assert found["source"]["sha256"] == hashlib.sha256(long_clip.read_bytes()).hexdigest()
    assert tab.page.evaluate("Object.keys(localStorage)") == []

    lesson = row(tab, "Ұзақ сабақ")
    expect(lesson.locator(".state")).to_have_text(re.compile(r"Өңделіп жатыр: \d+ %"), timeout=60_000)
    expect(lesson.locator(".renditions li").first).to_have_text(re.compile(r"\d+p, [\d…]+ кбит/с.*%"), timeout=60_000)
    expect(lesson.locator(".state")).to_have_text(re.compile("^Дайын · 0:40"), timeout=120_000)
    lesson.get_by_role("link").click()
    tab.page.wait_for_url(f"**/lessons/{made}")


def test_an_upload_is_paused_and_given_up(open_tab, school, long_clip):
    tab = open_tab(login="teacher")
    tab.open("/my")
    slow(tab)
    renamed = long_clip.rename(long_clip.with_name("Артық.mp4"))
    choose(tab, renamed)
    uploads = tab.page.locator("#uploads > li")
    expect(uploads.locator(".numbers")).to_have_text(re.compile(r"/с"))

    uploads.get_by_role("button", name="Кідірту").click()
    expect(uploads).to_contain_text("Кідіртілді. Жіберілгені сақтаулы.")
    uploads.get_by_role("button", name="Жалғастыру").click()
    expect(uploads).to_contain_text("Жүктеліп жатыр")
    uploads.get_by_role("button", name="Тоқтату").click()
    tab.page.locator("#confirm").get_by_role("button", name="Жоқ, қалсын").click()
    expect(uploads).to_have_count(1)
    uploads.get_by_role("button", name="Тоқтату").click()
    tab.page.locator("#confirm").get_by_role("button", name="Тоқтату").click()

    expect(uploads).to_have_count(0)
    expect(row(tab, "Артық")).to_have_count(0)
    assert "Артық" not in school.request("GET", "/api/v1/lessons?owner=me").body.decode()


def test_several_files_go_together_and_a_bad_one_says_why(open_tab, school, clip, tmp_path):
    """The reason is the service's own sentence, in the language of whoever looks."""
    text = tmp_path / "Мәтін.mp4"
    text.write_text("бұл бейне емес\n" * 1000)
    good = tmp_path / "Жақсы.mp4"
    good.write_bytes(clip.read_bytes())
    tab = open_tab(login="teacher")
    tab.open("/my")
    choose(tab, text, good)

    expect(row(tab, "Мәтін")).to_have_class(re.compile("bad"), timeout=60_000)
    for language in ("kk", "ru", "en"):
        other = open_tab(login="teacher", language=language)
        other.open("/my")
        sentence = school.services().texts.error("source_not_media", language, {})
        expect(row(other, "Мәтін").locator(".state")).to_have_text(sentence)
    expect(row(tab, "Жақсы").locator(".state")).to_have_text(re.compile("^Дайын"), timeout=120_000)
    row(tab, "Мәтін").get_by_role("button", name="Қайта өңдеу").click()
    wait_until(school, lesson_of(school, "Мәтін"), lambda media: media["state"] == "failed")


def test_what_cannot_be_a_lesson_is_refused_at_once(open_tab, tmp_path):
    empty = tmp_path / "бос.mp4"
    empty.touch()
    tab = open_tab(login="teacher", language="ru")
    tab.open("/my")
    choose(tab, empty)

    expect(tab.page.locator("#toasts")).to_have_text("Файл «бос.mp4» пустой. Сохраните видео ещё раз.")
    expect(tab.page.locator("#uploads > li")).to_have_count(0)


def test_what_the_service_refuses_is_told_and_can_be_tried_again(open_tab, clip):
    """No room, say: the sentence comes from the service, and nothing is lost."""
    tab = open_tab(login="teacher", language="en")
    answer = {"status": 507, "content_type": "application/problem+json", "headers": {"Tus-Resumable": "1.0.0"},
              "body": '{"status": 507, "code": "disk_full", "detail": "No room is left. Try later."}'}  # fmt: skip
    tab.page.route("**/api/v1/uploads", lambda route: route.fulfill(**answer))
    tab.open("/my")
    choose(tab, clip)
    upload = tab.page.locator("#uploads > li")
    expect(upload).to_contain_text("No room is left. Try later.")

    tab.page.unroute("**/api/v1/uploads")
    upload.get_by_role("button", name="Go on").click()

    expect(tab.page.locator("#toasts")).to_contain_text("“clip” is uploaded")


def test_a_file_may_be_dropped(open_tab, school, clip):
    tab = open_tab(login="teacher")
    tab.open("/my")
    dropped = tab.page.evaluate_handle(
        """([name, bytes]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([Uint8Array.from(bytes)], name));
            return carried;
        }""",
        ["Тасталған.mp4", list(clip.read_bytes()[:20_000])],
    )
    tab.page.dispatch_event("#drop", "dragover", {"dataTransfer": dropped})
    expect(tab.page.locator("#drop")).to_have_class(re.compile("over"))
    tab.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})

    expect(row(tab, "Тасталған")).to_have_count(1)


def test_a_lesson_is_renamed_and_deleted(open_tab, school):
    made = str(app_states.make_lesson(school, title="Ескі атау", state="failed"))
    tab = open_tab(login="teacher")
    tab.open("/my")
    row(tab, "Ескі атау").get_by_role("button", name="Атын өзгерту").click()
    tab.page.get_by_label("Сабақтың жаңа атауы").fill("<b>Жаңа</b> атау")
    tab.page.keyboard.press("Enter")
    expect(row(tab, "<b>Жаңа</b> атау")).to_have_count(1)
    assert school.request("GET", f"/api/v1/lessons/{made}").json()["title"] == "<b>Жаңа</b> атау"

    row(tab, "<b>Жаңа</b> атау").get_by_role("button", name="Жою").click()
    expect(tab.page.locator("#confirm-text")).to_have_text("<b>Жаңа</b> атау")
    tab.page.keyboard.press("Escape")
    expect(row(tab, "<b>Жаңа</b> атау")).to_have_count(1)
    row(tab, "<b>Жаңа</b> атау").get_by_role("button", name="Жою").click()
    tab.page.locator("#confirm-yes").click()

    expect(row(tab, "<b>Жаңа</b> атау")).to_have_count(0)
    assert school.request("GET", f"/api/v1/lessons/{made}").status == 404
    assert tab.complaints == []


def test_an_encoding_is_stopped(open_tab, school, long_clip, tmp_path):
    tab = open_tab(login="teacher")
    tab.open("/my")
    choose(tab, long_clip.rename(tmp_path / "Тоқта.mp4"))
    lesson = row(tab, "Тоқта")
    lesson.get_by_role("button", name="Өңдеуді тоқтату").click(timeout=60_000)
    tab.page.locator("#confirm-yes").click()

    expect(lesson).to_have_class(re.compile("bad"), timeout=30_000)
    stopped = media(school, lesson_of(school, "Тоқта"))
    assert (stopped["state"], stopped["error"]["code"]) == ("failed", "encode_cancelled")
    expect(lesson.get_by_role("button", name="Қайта өңдеу")).to_be_visible()
