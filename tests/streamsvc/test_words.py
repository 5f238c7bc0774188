"""What commands print and plans are explained with exists in all three languages."""

import re

import pytest

from streamsvc.texts import LANGUAGES, load_texts

WORDS = load_texts().words
HOLE = re.compile(r"\{(\w+)\}")
ROWS = [(matter, key) for matter in sorted(WORDS) for key in WORDS[matter]]


@pytest.mark.parametrize(("matter", "key"), ROWS)
def test_every_word_exists_in_every_language_with_the_same_holes(matter, key):
    row = WORDS[matter][key]

    assert tuple(row) == LANGUAGES
    assert all(text.strip() for text in row.values())
    assert len({frozenset(HOLE.findall(text)) for text in row.values()}) == 1


@pytest.mark.parametrize("matter", sorted(WORDS))
def test_words_are_given_in_one_language(matter):
    assert load_texts().about(matter, "ru") == {key: row["ru"] for key, row in WORDS[matter].items()}
