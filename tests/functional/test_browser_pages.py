"""Signing in, languages, errors, hostile titles, small screens: what all pages share."""

import pytest
from playwright.sync_api import expect

from tests.functional.app_fixtures import PASSWORD
from tests.functional.app_states import DURATION_S, make_lesson
from tests.functional.browser_steps import CANARY, add_pupil, stand_at

pytest_plugins = ["tests.functional.browser_fixtures"]
pytestmark = pytest.mark.functional


def fill(tab, login: str, password: str) -> None:
    tab.page.fill("#login", login)
    tab.page.fill("#password", password)
    tab.page.click("button[type=submit]")


def test_a_stranger_signs_in_and_comes_to_the_page_they_wanted(open_tab, lesson_id):
    tab = open_tab(login=None)
    tab.open(f"/lessons/{lesson_id}")
    assert "/sign-in?next=/lessons/" in tab.page.url

    fill(tab, " Pupil ", PASSWORD)

    tab.page.wait_for_url(f"**/lessons/{lesson_id}")
    expect(tab.page.locator(".person")).to_have_text("Pupil оқушы")
    assert [cookie["httpOnly"] for cookie in tab.page.context.cookies() if cookie["name"] == "__Host-sabaq"] == [True]
    assert tab.complaints == []


@pytest.mark.parametrize(
    ("language", "text"), [("kk", "Логин мен құпиясөзді жазыңыз."), ("ru", "Введите логин и пароль."),
                           ("en", "Type your login and password.")]
)  # fmt: skip
def test_a_wrong_sign_in_is_told_in_the_persons_language(open_tab, school, language, text):
    tab = open_tab(login=None, language=language)
    tab.open("/sign-in")
    fill(tab, "pupil", "")
    expect(tab.page.locator("#problem")).to_have_text(text)

    fill(tab, f"nobody-{language}", "wrong")

    expected = school.services().texts.error("sign_in_refused", language, {})
    expect(tab.page.locator("#problem")).to_have_text(expected)
    expect(tab.page.locator("#password")).to_be_focused()


def test_signing_in_leads_to_no_other_host(open_tab):
    tab = open_tab(login=None)
    tab.open("/sign-in?next=//evil.example/")
    fill(tab, "pupil", PASSWORD)

    tab.page.wait_for_url(f"{tab.base_url}/")


def test_signing_out_ends_it(open_tab):
    tab = open_tab(login=None)
    tab.open("/sign-in")
    fill(tab, "curator", PASSWORD)
    tab.page.wait_for_url(f"{tab.base_url}/")

    tab.page.click("#sign-out")

    tab.page.wait_for_url("**/sign-in")
    tab.open("/")
    assert "/sign-in" in tab.page.url


def test_the_language_is_switched_and_kept(open_tab):
    tab = open_tab()
    tab.open("/")
    expect(tab.page.locator("h1")).to_have_text("Сабақтар")

    for name, heading in (("Русский", "Уроки"), ("English", "Lessons"), ("Қазақша", "Сабақтар")):
        tab.page.get_by_role("button", name=name).click()
        expect(tab.page.locator("h1")).to_have_text(heading)
    tab.page.reload()
    expect(tab.page.locator("h1")).to_have_text("Сабақтар")


@pytest.mark.parametrize(
    ("language", "missing", "forbidden"),
    [("kk", "Бет табылмады", "Рұқсат жоқ"), ("ru", "Страница не найдена", "Нет доступа"),
     ("en", "Page not found", "Not allowed")],
)  # fmt: skip
def test_errors_are_pages_in_the_persons_language(open_tab, language, missing, forbidden):
    tab = open_tab(language=language)
    nobody = "00000000-0000-4000-8000-000000000000"

    for path, status, heading in (
        ("/nowhere", 404, missing),
        (f"/lessons/{nobody}", 404, missing),
        ("/lessons/1", 404, missing),
        ("/my", 403, forbidden),
    ):
        answer = tab.page.goto(tab.base_url + path)
        assert answer.status == status
        expect(tab.page.locator("h1")).to_have_text(heading)


def test_hostile_titles_stay_text(open_tab, lesson_id):
    """In the list, on the watch page, in the window's title, and in the teacher's own list."""
    tab = open_tab(login="teacher")
    tab.open("/")
    expect(tab.page.locator(f"a[href='/lessons/{lesson_id}'] .title")).to_have_text(CANARY)
    tab.open(f"/lessons/{lesson_id}")
    expect(tab.page.locator("h1")).to_have_text(CANARY)
    assert tab.page.title() == f"{CANARY} · Sabaq"
    tab.open("/my")
    expect(tab.page.locator(f".row a[href='/lessons/{lesson_id}']")).to_have_text(CANARY)

    assert tab.page.evaluate("window.pwned") is None
    assert tab.page.locator("main img[src=x]").count() == 0


def test_a_page_runs_no_script_that_is_not_a_file_of_ours(open_tab):
    tab = open_tab()
    answer = tab.page.goto(tab.base_url + "/")

    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    tab.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.pwned = 1'}))"
    )
    assert tab.page.evaluate("window.pwned") is None


def test_the_list_shows_lessons_with_poster_length_and_state(open_tab, school, lesson_id):
    failed = make_lesson(school, title="Сынған", state="failed")
    tab = open_tab()
    tab.open("/")

    ready = tab.page.locator(f"a[href='/lessons/{lesson_id}']")
    expect(ready.locator(".length")).to_have_text("0:24")
    ready.locator("img").scroll_into_view_if_needed()
    tab.page.wait_for_function(
        "() => [...document.images].some((each) => each.src.endsWith('/poster') && each.naturalWidth)"
    )
    expect(tab.page.locator(f"a[href='/lessons/{failed}'] .hint")).to_contain_text("Өңдеу сәтсіз аяқталды")
    assert tab.complaints == []


def test_long_lists_come_in_pages(open_tab, school):
    for number in range(25):
        make_lesson(school, login="other_teacher", title=f"Сабақ {number}", state="uploading")
    tab = open_tab(login="other_teacher")
    tab.open("/my")
    expect(tab.page.locator("#lessons > li")).to_have_count(20)

    tab.page.click("#more")

    expect(tab.page.locator("#lessons > li")).to_have_count(25)
    expect(tab.page.locator("#more")).to_be_hidden()


NARROW = """() => [...document.querySelectorAll("a[href], button, select, input, summary")].filter((each) => {
    const box = each.getBoundingClientRect();
    const poor = box.height < 24 || box.width < 24 || box.right > innerWidth + 1;
    return poor && box.width && !each.matches(".skip, .away");
}).map((each) => each.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("page", ["/", "/my", "/sign-in", "/nowhere", "watch"])
def test_a_small_phone_shows_whole_pages(open_tab, lesson_id, page, language):
    """360 px wide: nothing sticks out, and every target is at least 24 px (WCAG 2.2, 2.5.8)."""
    tab = open_tab(login=None if page == "/sign-in" else "teacher", language=language, width=360, height=740)
    tab.open(f"/lessons/{lesson_id}" if page == "watch" else page)
    tab.page.wait_for_function("() => !document.querySelector('[aria-busy=true], #controls[hidden]')")

    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert tab.page.evaluate(NARROW) == []


CONTRAST = """() => {
    const light = (text) => {
        const [r, g, b] = text.match(/[0-9.]+/g).slice(0, 3).map((each) => {
            const share = each / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (each) => {
        while (each) {
            const colour = getComputedStyle(each).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return colour;
            each = each.parentElement;
        }
        return "rgb(255, 255, 255)";
    };
    const poor = [];
    for (const each of document.querySelectorAll("header *, main *")) {
        const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!own || !each.getBoundingClientRect().width || each.closest(".player, .poster, option")) continue;
        const [a, b] = [light(getComputedStyle(each).color), light(ground(each))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) poor.push(`${each.textContent.trim().slice(0, 40)}: ${contrast}`);
    }
    return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_by_day_and_by_night(open_tab, school, scheme):
    """Contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    make_lesson(school, title="Сынған", state="failed")
    tab = open_tab(login="teacher", color_scheme=scheme)
    for page in ("/", "/my", "/nowhere"):
        tab.open(page)
        tab.page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
        assert tab.page.evaluate(CONTRAST) == []


def test_static_files_are_kept_for_ever_and_compressed(school):
    page = school.request("GET", "/sign-in", login=None, headers={"Accept": "text/html"})
    address = page.body.decode().split('rel="stylesheet" href="')[1].split('"')[0]

    answer = school.request("GET", address, login=None, headers={"Accept-Encoding": "gzip"})
    plain = school.request("GET", address, login=None)

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert len(answer.body) < len(plain.body) / 3
    assert school.request("GET", address + "x", login=None).status == 404
    assert page.headers["cache-control"] == "private, no-store"


def test_a_poster_is_asked_for_once(school, lesson_id):
    address = f"/lessons/{lesson_id}/poster"
    first = school.request("GET", address, login="pupil")
    again = school.request("GET", address, login="pupil", headers={"If-None-Match": first.headers["etag"]})

    assert (first.status, first.headers["content-type"], first.body[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert (again.status, again.body) == (304, b"")
    assert school.request("GET", address, login=None).status == 401
    assert school.request("GET", f"/lessons/{make_lesson(school, state='failed')}/poster").status == 409


def test_a_bar_shows_how_far_a_pupil_came(open_tab, school):
    half = str(make_lesson(school, title="Жартысы"))
    login = add_pupil(school)
    stand_at(school, half, login, DURATION_S / 2)
    tab = open_tab(login=login)
    tab.open("/")

    bar = tab.page.locator(f"a[href='/lessons/{half}'] progress")
    expect(bar).to_have_attribute("aria-label", "50 %-ға дейін қаралды")
    assert tab.page.locator("progress.resume").count() == 1
