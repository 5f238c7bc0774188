from dataclasses import replace
from fractions import Fraction

import pytest

from tests.transcoder.sources import planned, source, video
from transcoder.plan import output_fps, plan


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        ("30", "30"),
        ("329/12", "329/12"),
        ("30000/1001", "30000/1001"),
        ("25", "25"),
        ("50", "25"),
        ("48", "24"),
        ("60", "30"),
        ("60000/1001", "30000/1001"),
        ("90", "30"),
        ("120", "30"),
        ("240", "30"),
        ("100", "25"),
        ("144", "144/5"),
        ("1", "1"),
        ("1/2", "1"),
        ("2/5", "6/5"),
    ],
)
def test_the_rate_stays_natural_up_to_thirty(given: str, rate: str) -> None:
    assert output_fps(video(fps=Fraction(given))) == Fraction(rate)


@pytest.mark.parametrize(
    ("given", "rate"), [("120", "30"), ("29", "30"), ("24", "24"), ("10", "10"), ("11", "12"), ("2", "5")]
)
def test_a_varying_rate_becomes_the_next_usual_one(given: str, rate: str) -> None:
    assert output_fps(video(fps=Fraction(given), variable_frame_rate=True)) == Fraction(rate)


def test_the_mean_rate_of_a_long_recording_is_rounded_to_what_a_time_base_holds() -> None:
    """
    An hour whose frames drift a little; exact, its segments would lie off the grid.
    """
    drifting = Fraction(92160000, 18439021)

    rate = output_fps(video(fps=drifting))

    assert rate.denominator <= 1001
    assert abs(rate - drifting) * 3600 < Fraction(1, 100)


def test_the_same_source_gives_the_same_plan() -> None:
    assert planned() == planned()
    assert len(planned().digest) == 32


@pytest.mark.parametrize(("threads", "encoder"), [(2, "build"), (1, "other build")])
def test_what_changes_bytes_changes_the_digest(threads: int, encoder: str) -> None:
    assert plan(source(), threads=threads, encoder=encoder).digest != planned().digest


def test_another_source_has_another_digest() -> None:
    other = replace(source(), bytes=2)

    assert plan(other, threads=1, encoder="build").digest != planned().digest


def test_a_lesson_with_pictures_and_sound() -> None:
    made = planned()

    assert (made.frame_count, made.segment_frames, made.duration_s) == (1800, 120, 60.0)
    assert [rendition.name for rendition in made.renditions] == ["v480", "v720", "v1080l", "v1080", "a56"]
    assert made.segment_s == 4


def test_a_lesson_without_sound() -> None:
    assert planned(audio=None).audio == ()


def test_a_lesson_of_sound_alone_has_two_rates_and_no_frames() -> None:
    made = planned(video=None)

    assert (made.video, made.frame_count, made.chunks) == ((), 0, ())
    assert len(made.audio) == 2
    assert (made.duration_s, made.segment_s) == (60.0, 4)
