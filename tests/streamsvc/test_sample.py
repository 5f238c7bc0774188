"""The sample lesson's plan and pictures, without voice or ffmpeg."""

from itertools import pairwise

import pytest
from PIL import ImageChops

from streamsvc.sample.frames import FPS, looks
from streamsvc.sample.script import lesson, sentences
from streamsvc.sample.slides import HEIGHT, WIDTH, Slides
from streamsvc.sample.speech import silence
from streamsvc.sample.timeline import beats, exercises_for, fitted
from streamsvc.sample.typesetting import font
from streamsvc.sample.words import LANGUAGES, WORDS

SPOKEN_S = 3.0


def lengths(script) -> list[float]:
    return [SPOKEN_S] * len(sentences(script))


@pytest.mark.parametrize("style", ["Regular", "Bold", "Italic"])
def test_the_font_has_every_letter_of_the_lesson(style):
    unknown = bytes(font(style, 40).getmask("\uffff"))
    letters = {letter for texts in WORDS.values() for text in texts for letter in text} | set(
        "ӘәҒғҚқҢңӨөҰұҮүҺһІі₁₂²−±·"
    )

    assert [letter for letter in letters if letter.strip() and bytes(font(style, 40).getmask(letter)) == unknown] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_lesson(language):
    script, first = lesson(language), lesson("kk")

    assert [len(slide.steps) for slide in script.slides] == [len(slide.steps) for slide in first.slides]
    assert all(sentence and "{" not in sentence for sentence in sentences(script))


def test_examples_are_solved_rightly():
    """
    x² − 9x + 18 = 0 has the roots 3 and 6, and its discriminant is 9.
    """
    said = sentences(lesson("en", 10))

    assert "The discriminant: 49 minus 40 equals 9." in said
    assert "So the roots are 5 and 2." in said


def test_beats_follow_each_other_and_speech_lies_inside():
    script = lesson("kk")
    found = beats(script, lengths(script))

    assert all(before.end_s == after.start_s for before, after in pairwise(found))
    assert all(beat.start_s <= beat.shows_s < beat.speech_s < beat.speech_end_s < beat.end_s for beat in found)
    assert [beat.shown for beat in found[:4]] == [1, 2, 3, 1]


def test_pauses_stretch_to_the_wished_length():
    script = lesson("kk")
    natural_s = beats(script, lengths(script))[-1].end_s

    found = fitted(script, lengths(script), seconds=natural_s + 10)

    assert found[-1].end_s == pytest.approx(natural_s + 10)
    assert len(found) == len(sentences(script))


def test_a_short_lesson_stops_early_but_has_its_first_step():
    script = lesson("kk")

    assert [beat.slide for beat in fitted(script, lengths(script), seconds=9)] == [0, 0]
    assert len(fitted(script, lengths(script), seconds=0.5)) == 1


def test_a_long_lesson_gets_more_examples():
    script = lesson("kk")
    natural_s = beats(script, lengths(script))[-1].end_s

    assert exercises_for("kk", lengths(script), seconds=natural_s) == 0
    more = exercises_for("kk", lengths(script), seconds=natural_s + 60)
    longer = lesson("kk", more)
    assert natural_s + 30 < beats(longer, lengths(longer))[-1].end_s <= natural_s + 60


def test_lines_appear_with_their_sentences_and_the_pointer_moves():
    script = lesson("kk")
    slides, found = Slides(script), beats(script, lengths(script))
    shown = list(looks(found, slides, frame_count=round(found[-1].end_s * FPS)))

    second = found[1]
    before, after = (shown[int(second.shows_s * FPS) + step] for step in (-1, 2))
    assert (before.shown, after.shown) == (1, 2)
    assert len({look.pointer for look in shown}) > 100
    assert {look.slide for look in shown} == set(range(len(script.slides)))


def test_everything_lies_on_the_slide():
    for language in LANGUAGES:
        slides = Slides(lesson(language, 10))
        for index, slide in enumerate(slides.script.slides):
            for line in slides.lines(index, len(slide.steps)):
                assert (line.right <= WIDTH - 40, line.bottom <= HEIGHT - 54) == (True, True), (language, line)


def test_each_step_changes_the_picture():
    slides = Slides(lesson("ru"))
    for index, slide in enumerate(slides.script.slides):
        pictures = [slides.picture(index, shown, 1.0, None) for shown in range(len(slide.steps) + 1)]
        changed = [ImageChops.difference(a, b).getbbox() is not None for a, b in pairwise(pictures)]
        assert changed == [bool(step.shows) for step in slide.steps]


def test_silence_is_as_long_as_a_person_would_speak():
    speech = silence(["x" * 28])

    assert (speech.duration_s(0), speech.spoken) == (2.0, False)
    assert set(speech.sentences[0]) == {0}
