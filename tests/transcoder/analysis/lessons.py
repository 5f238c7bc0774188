"""Analyses of lessons that nobody recorded: trials that follow simple laws, so that ladders can be told beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from transcoder.analysis.candidates import CRFS
from transcoder.analysis.values import Analysis, Kind, Part, Scaled, Trial
from transcoder.policy import Family

AV1_GAIN = 0.45
"""Of H.264's bytes; its CRFs count other steps."""
AV1_CRF = 17


@dataclass(frozen=True, slots=True)
class Lesson:
    """A kind of pictures, in bytes of a 1080p frame at CRF 26."""

    kind: Kind
    key_bytes: float
    frame_bytes: float
    fineness: float
    """How much is lost in smaller pictures: VMAF for each halving of the height."""
    loss: float = 4.0
    """VMAF at CRF 26."""


SLIDES = Lesson("slides", 30_000, 30, 22, loss=1.5)
TALKING = Lesson("talking", 30_000, 1_500, 7)
MOTION = Lesson("motion", 60_000, 12_000, 6)


def analysed(
    lessons: Sequence[Lesson],
    heights: Sequence[int],
    *,
    steps: Sequence[int] = (1,),
    held_loss: float = 2.0,
    text_lines: int = 12,
) -> Analysis:
    """One part for each lesson, all of the same share."""
    share = 1 / len(lessons)
    parts = tuple(Part(number * 100, 48, share, each.kind, 0.99, text_lines) for number, each in enumerate(lessons))
    scaled = tuple(
        Scaled(height, step, tuple(_best(each, height, max(heights), step, held_loss) for each in lessons))
        for step in steps
        for height in heights
    )
    trials = tuple(
        _trial(lessons, family, size, crf, max(heights)) for family in CRFS for size in scaled for crf in CRFS[family]
    )
    return Analysis(parts, scaled, trials)


def _best(lesson: Lesson, height: int, top: int, step: int, held_loss: float) -> float:
    return 97.5 - lesson.fineness * (top / height - 1) - (held_loss if step > 1 else 0)


def _trial(lessons: Sequence[Lesson], family: Family, size: Scaled, crf: int, top: int) -> Trial:
    as_avc = crf if family == "avc" else crf - AV1_CRF
    less = (size.height / 1080) ** 1.4 * exp(-0.13 * (as_avc - 26)) * (1 if family == "avc" else AV1_GAIN)
    # Between two frames of a still rung lies a second, in which more has changed.
    changed = 10 if size.frame_step > 1 else 1
    worse = exp(0.14 * (as_avc - 26)) * (1 if family == "avc" else 0.7)
    return Trial(
        family=family,
        height=size.height,
        frame_step=size.frame_step,
        crf=crf,
        key_bytes=tuple(each.key_bytes * less for each in lessons),
        frame_bytes=tuple(each.frame_bytes * less * changed for each in lessons),
        vmaf=tuple(max(1.0, best - each.loss * worse) for each, best in zip(lessons, size.vmaf, strict=True)),
    )
