"""Every error that can reach a person has a status and a sentence in three languages."""

import pkgutil
import string
from importlib import import_module

import pytest

import catalog
import cdn
import streamsvc
import transcoder
from streamsvc.texts import LANGUAGES, load_texts
from streamsvc.web.errors import ROOTS, STATUS

TEXTS = load_texts()


def _all_errors():
    """Errors stand in modules called `errors` (style), which are all imported first."""
    for package in (catalog, cdn, streamsvc, transcoder):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith(".errors"):
                import_module(found.name)
    todo, found = list(ROOTS), []
    while todo:
        error = todo.pop()
        found.append(error)
        todo.extend(error.__subclasses__())
    return sorted(set(found) - set(ROOTS), key=lambda error: (error.__module__, error.__name__))


@pytest.mark.parametrize("error", _all_errors(), ids=lambda error: f"{error.__module__}.{error.__name__}")
def test_every_error_has_a_status_and_a_text(error):
    """
    A new error without a row in the table or without its three sentences fails here.
    """
    assert error in STATUS
    assert set(TEXTS.errors[error.code]) == set(LANGUAGES)


def test_codes_are_unique_within_the_house():
    """
    A program that sees a code knows which error it was.
    """
    codes = [error.code for error in _all_errors()]

    assert sorted(codes) == sorted(set(codes))


def test_the_table_names_nothing_that_is_gone():
    assert set(STATUS) <= set(_all_errors())


def _holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(TEXTS.errors))
def test_the_languages_of_a_text_say_the_same_values(code):
    """
    A sentence that loses its number in one language helps nobody there.
    """
    row = TEXTS.errors[code]

    assert set(row) == set(LANGUAGES)
    assert _holes(row["kk"]) == _holes(row["ru"]) == _holes(row["en"])
    assert all(text.strip() and text.strip()[-1] in ".!?»”}" for text in row.values())
