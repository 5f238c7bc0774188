from dataclasses import replace
from fractions import Fraction

import pytest

from tests.transcoder.analysis.lessons import TALKING, analysed
from tests.transcoder.sources import planned, source, video
from transcoder.analysis.values import Analysis
from transcoder.plan import output_fps, plan, settle, starter_plan
from transcoder.policy import Policy


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


def test_a_starter_plan_has_the_grid_the_sound_and_the_lowest_rung() -> None:
    made = starter_plan(source(), threads=1, encoder="build")

    assert (made.frame_count, made.segment_frames, made.duration_s) == (1800, 240, 60.0)
    assert [(rung.name, rung.height, rung.why) for rung in made.video] == [("avc-96", 480, None)]
    assert {rendition.family for rendition in made.audio} == {"avc", "av1"}
    assert (made.settled, made.analysis) == (False, None)


def test_settling_a_plan_adds_rungs_and_changes_nothing_else() -> None:
    """
    What was encoded after the starter plan stays good, under the same digest.
    """
    started = starter_plan(source(), threads=1, encoder="build")
    analysis = analysed([TALKING], (1080, 720, 480, 360, 240))

    made = settle(started, analysis)

    assert made == replace(started, video=made.video, analysis=analysis, settled=True)
    assert len(made.video) > 6
    assert made.video[0] == replace(started.video[0], crf=made.video[0].crf, why=made.video[0].why)


def test_a_plan_without_a_look_has_rungs_by_its_size() -> None:
    made = planned()

    assert made.settled
    assert made.analysis == Analysis(doubt="not_asked")
    assert {rung.family for rung in made.video} == {"avc", "av1"}


def test_another_policy_is_another_plan() -> None:
    fast = starter_plan(source(), threads=1, encoder="build", policy=Policy(cpu="fast"))

    assert fast.digest != starter_plan(source(), threads=1, encoder="build").digest


def test_a_lesson_without_sound() -> None:
    made = planned(audio=None)

    assert made.audio == ()
    assert {rung.sound for rung in made.video} == {""}


def test_a_lesson_of_sound_alone_is_settled_at_once() -> None:
    made = starter_plan(source(None), threads=1, encoder="build")

    assert (made.video, made.frame_count, made.chunks) == ((), 0, ())
    assert made.audio
    assert (made.duration_s, made.segment_s) == (60.0, 8)
    assert made.settled
