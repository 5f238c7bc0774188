"""The language a person gets, and sentences with values in them."""

import pytest

from streamsvc.texts import choose_language, load_texts


@pytest.mark.parametrize(
    ("field", "language"),
    [
        ("", "kk"),
        ("ru", "ru"),
        ("ru-KZ,ru;q=0.9,en;q=0.8", "ru"),
        ("en;q=0.5, kk;q=0.6", "kk"),
        ("de, fr", "kk"),
        ("de, en;q=0.1", "en"),
        ("ru;q=0, en;q=0.1", "en"),
        ("EN-us", "en"),
        ("*", "kk"),
        ("ru;q=x, en", "en"),
        (";;;,,,=", "kk"),
        ("ru;q=nan", "kk"),
    ],
)
def test_the_best_of_our_languages(field, language):
    assert choose_language(field) == language


def test_a_sentence_with_a_hole_is_better_than_an_error_about_an_error():
    texts = load_texts()

    assert "30" in texts.error("too_many_sign_ins", "en", {"retry_after_s": 30})
    assert "…" in texts.error("too_many_sign_ins", "en", {})


def test_an_unknown_code_gets_the_general_sentence():
    texts = load_texts()

    assert texts.error("no_such_code", "ru", {"error_id": "7"}) == texts.error(
        "internal_error", "ru", {"error_id": "7"}
    )


def test_values_are_text_and_no_format():
    """
    A value with braces is shown, not obeyed.
    """
    texts = load_texts()

    assert "{0.__class__}" in texts.error("bad_request", "en", {"reason": "{0.__class__}"})
