from dataclasses import replace

import pytest

from tests.transcoder.analysis.lessons import MOTION, SLIDES, TALKING, analysed
from transcoder.analysis.model import Curve, curves

HEIGHTS = (1080, 720, 480)


def curve_of(analysis_height: int, *, step: int = 1) -> Curve:
    found = curves(analysed([TALKING, SLIDES], HEIGHTS, steps=(1, 30)))
    return next(each for each in found if (each.family, each.height, each.frame_step) == ("avc", analysis_height, step))


def test_there_is_one_curve_for_each_family_size_and_frame_step() -> None:
    found = curves(analysed([MOTION], HEIGHTS, steps=(1, 30)))

    assert len(found) == len({(each.family, each.height, each.frame_step) for each in found}) == 12


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("part", [0, 1])
def test_a_curve_passes_through_its_trials(height: int, part: int) -> None:
    curve = curve_of(height)

    for trial in curve.trials:
        assert curve.vmaf(part, trial.crf) == pytest.approx(trial.vmaf[part], abs=0.01)
        assert curve.segment_bytes(part, trial.crf, 1) == pytest.approx(trial.key_bytes[part], rel=0.001)


@pytest.mark.parametrize("part", [0, 1])
def test_more_crf_is_fewer_bytes_and_less_quality_all_the_way(part: int) -> None:
    curve = curve_of(720)
    sizes = [curve.segment_bytes(part, crf, 240) for crf in curve.crfs]
    scores = [curve.vmaf(part, crf) for crf in curve.crfs]

    assert sizes == sorted(sizes, reverse=True)
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    assert scores[0] <= curve.best[part]


def test_between_two_trials_of_a_lesson_of_simple_laws_the_model_is_nearly_right() -> None:
    """
    Its loss of quality grows by the same factor with each step, which the model takes for odds.
    """
    curve = curve_of(1080)
    middle = (curve.trials[0].crf + curve.trials[-1].crf) / 2
    expected = 97.5 - (curve.best[0] - curve.trials[0].vmaf[0]) ** 0.5 * (97.5 - curve.trials[-1].vmaf[0]) ** 0.5

    assert curve.vmaf(0, middle) == pytest.approx(expected, abs=1.0)


def test_a_rung_of_few_frames_pays_only_for_those_it_shows() -> None:
    curve = curve_of(1080, step=30)
    trial = curve.trials[0]

    shown = curve.segment_bytes(0, trial.crf, 240)

    assert shown == pytest.approx(trial.key_bytes[0] + 7 * trial.frame_bytes[0], rel=0.001)


def test_an_encoder_that_is_scored_above_the_scaled_picture_does_no_harm() -> None:
    analysis = analysed([TALKING], (720,))
    low = replace(analysis, scaled=tuple(replace(each, vmaf=(1.0,)) for each in analysis.scaled))

    assert all(0 < curve.vmaf(0, crf) <= 100 for curve in curves(low) for crf in curve.crfs)


def test_a_trial_that_shows_nothing_at_all_does_no_harm() -> None:
    analysis = analysed([TALKING], (720,))
    blank = replace(
        analysis,
        scaled=tuple(replace(each, vmaf=(0.0,)) for each in analysis.scaled),
        trials=tuple(replace(each, vmaf=(0.0,), frame_bytes=(0.0,)) for each in analysis.trials),
    )

    assert all(0 <= curve.vmaf(0, crf) <= 1 for curve in curves(blank) for crf in curve.crfs)
