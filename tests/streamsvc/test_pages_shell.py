"""Filling templates."""

import json

import pytest

from streamsvc.pages.assets import load_assets
from streamsvc.pages.layout import Page, Visitor, html
from streamsvc.pages.shell import Html, render, script_data
from streamsvc.texts import LANGUAGES, load_texts
from streamsvc.web.handlers.pages import own_path

CANARY = "<img src=x onerror=alert(1)> \"&' </script> {{t.lessons}}"


def page(language: str = "kk", **more: object) -> str:
    visitor = Visitor("7", name=CANARY, role="teacher", teaches=True)
    texts = load_texts().page("watch", language)
    values = {"name": "watch", "path": "/", "title": CANARY, "language": language, "texts": texts, "visitor": visitor}
    return html(
        Page(**{**values, "values": {"lesson_title": CANARY}, "data": {"title": CANARY}, **more}), load_assets()
    )


def test_a_value_is_escaped():
    assert render("<p>{{a}}</p>", {"a": "<b> & \"'"}) == "<p>&lt;b&gt; &amp; &quot;&#x27;</p>"


def test_markup_goes_in_as_it_is():
    assert render("{{a}}", {"a": Html("<b>")}) == "<b>"


def test_a_value_is_not_filled_again():
    assert render("{{a}}", {"a": "{{b}}", "b": "x"}) == "{{b}}"


def test_a_hole_without_a_value_is_a_mistake():
    with pytest.raises(KeyError, match="missing"):
        render("{{missing}}", {})


def test_data_cannot_end_its_script():
    text = script_data({"a": "</script><!--<script>\u2028"})

    assert "<" not in text
    assert json.loads(text) == {"a": "</script><!--<script>\u2028"}


def test_hostile_names_and_titles_stay_text():
    """Name, title, heading and data all carry the canary; none of it is markup or a hole."""
    text = page()

    assert "<img src=x" not in text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 4
    assert "{{t.lessons}}" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_language_and_marks_it(language):
    text = page(language)

    assert f'<html lang="{language}">' in text
    assert f'data-language="{language}" aria-pressed="true"' in text
    assert text.count('aria-pressed="true"') == 1


def test_a_pupil_is_not_offered_to_upload():
    pupil = Visitor("7", name="Асан", role="pupil", teaches=False)

    assert 'href="/my"' in page()
    assert 'href="/my"' not in page(visitor=pupil)


def test_a_pupils_line_does_not_carry_the_look_of_what_is_for_teachers():
    pupil = Visitor("7", name="Асан", role="pupil", teaches=False)

    assert page().count('rel="stylesheet"') == 2
    assert "teaching.css" not in page(visitor=pupil) + page(visitor=None)


def test_a_stranger_sees_no_menu():
    text = page(visitor=None)

    assert 'id="sign-out"' not in text
    assert '"person":null' in text


@pytest.mark.parametrize("wanted", ["/", "/my", "/lessons/1?t=3#x", "/sign-in?next=/my", "/қазақша"])
def test_a_path_of_ours_is_gone_to(wanted):
    assert own_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    ["", "my", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "https://evil.example/",
     "javascript:alert(1)", "\\\\evil.example", "///evil.example", " /my", "/\x00"],
)  # fmt: skip
def test_what_could_lead_elsewhere_leads_home(wanted):
    assert own_path(wanted) == "/"
