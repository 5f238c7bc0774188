"""How a lesson is encoded, on its teacher's page."""

import pytest
from playwright.sync_api import expect

from tests.functional import app_states
from tests.functional.explained_lesson import PLAN, STARTER_PLAN, give_plan, make_explained_lesson

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional


def opened(tab, title):
    """The section of one lesson, as a teacher opens it."""
    tab.open("/my")
    section = tab.page.locator("#lessons > li", has_text=title).locator("details")
    section.locator("summary").click()
    return section


def test_a_teacher_reads_how_a_lesson_is_encoded(open_tab, school):
    make_explained_lesson(school, title="Қалай өңделген")
    tab = open_tab(login="teacher", language="en")

    section = opened(tab, "Қалай өңделген")

    expect(section.locator("summary")).to_have_text("How this lesson is encoded")
    expect(section).to_contain_text("Slides that stand still: 75 %")
    expect(section).to_contain_text("The mains hum at 50 Hz")
    expect(section.get_by_role("row")).to_have_count(1 + 2 * 4)
    cells = section.get_by_role("row").nth(7).get_by_role("cell").all_inner_texts()
    assert cells == ["50 kbit/s · AV1", "1920×1080", "1", "15", "14", "93.9", "93.4"]
    expect(section.get_by_role("row").nth(4)).to_contain_text("one frame a second is enough")
    assert tab.complaints == []


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_it_fits_a_small_phone(open_tab, school, language):
    """Cells stand below each other, each with the name of its column, and nothing runs out of the screen."""
    make_explained_lesson(school, title=f"Телефонда {language}")
    tab = open_tab(login="teacher", language=language, width=360, height=740)

    section = opened(tab, f"Телефонда {language}")

    expect(section.get_by_role("row").nth(1).get_by_role("cell")).to_have_count(7)
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 360
    name = "getComputedStyle(document.querySelector('[data-name]'), '::before').content"
    assert tab.page.evaluate(name) == f'"{section.get_by_role("columnheader", include_hidden=True).first.inner_text()}"'


def test_what_is_open_keeps_up_with_the_lesson(open_tab, school):
    """First what follows from the file alone; when the lesson is ready, its other rungs."""
    growing = make_explained_lesson(school, title="Өсіп келеді", plan=STARTER_PLAN)
    tab = open_tab(login="teacher", language="ru")
    section = opened(tab, "Өсіп келеді")
    expect(section.get_by_role("row")).to_have_count(1 + 2)
    assert section.get_by_role("row").nth(1).get_by_role("cell").nth(4).inner_text() == "–"

    give_plan(school, growing, PLAN)

    expect(section.get_by_role("row")).to_have_count(1 + 2 * 4, timeout=60_000)
    expect(section.get_by_role("row").nth(1).get_by_role("cell").nth(4)).to_have_text("39")


def test_what_has_no_plan_has_no_section(open_tab, school):
    app_states.make_lesson(school, title="Кезекте тұр", state="waiting")
    tab = open_tab(login="teacher")
    tab.open("/my")

    lesson = tab.page.locator("#lessons > li", has_text="Кезекте тұр")
    expect(lesson).to_have_count(1)
    expect(lesson.locator("details")).to_be_hidden()
