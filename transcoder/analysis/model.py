"""
From two trials of a size to every CRF between and beside them: bytes and VMAF of each part. Pure.

Bytes fall by the same factor with each step of CRF. What a picture loses against the best that its size can give
grows by the same factor too, as odds: near the best they are the loss itself, and far from it they never pass it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import exp, log

from transcoder.analysis.values import Analysis, Scaled, Trial
from transcoder.policy import Family

CRF_RANGE: dict[Family, range] = {"avc": range(16, 49), "av1": range(18, 64)}
LEAST_LOSS = 0.05
LEAST_BEST = 1.0
MOST_VMAF = 100.0


@dataclass(frozen=True, slots=True)
class Curve:
    """What one size and frame step can give in one family."""

    family: Family
    height: int
    frame_step: int
    trials: tuple[Trial, ...]
    """By CRF, at least one; the first and the last make the model."""
    best: tuple[float, ...]
    """VMAF of each part that no CRF exceeds."""

    @property
    def crfs(self) -> range:
        return CRF_RANGE[self.family]

    def vmaf(self, part: int, crf: float) -> float:
        """Of one part, 0 to 100."""
        best = self.best[part]
        first, last = self.trials[0], self.trials[-1]
        low, high = (_log_odds(best, trial.vmaf[part]) for trial in (first, last))
        odds = exp(_line(first.crf, low, last.crf, max(low, high), crf))
        return best / (1 + odds)

    def segment_bytes(self, part: int, crf: float, frames: int) -> float:
        """Pictures of a segment of so many frames of the grid."""
        shown = -(-frames // self.frame_step)
        return self._bytes([trial.key_bytes[part] for trial in self.trials], crf) + (shown - 1) * self._bytes(
            [trial.frame_bytes[part] for trial in self.trials], crf
        )

    def _bytes(self, known: Sequence[float], crf: float) -> float:
        low, high = (log(max(1.0, size)) for size in (known[0], known[-1]))
        return exp(_line(self.trials[0].crf, low, self.trials[-1].crf, min(low, high), crf))


def curves(analysis: Analysis) -> tuple[Curve, ...]:
    """In the order of the trials."""
    best = {(scaled.height, scaled.frame_step): scaled for scaled in analysis.scaled}
    return tuple(
        _curve(tuple(sorted(group, key=lambda trial: trial.crf)), best.get((height, step)))
        for (_, height, step), group in groupby(analysis.trials, key=_size)
    )


def _size(trial: Trial) -> tuple[Family, int, int]:
    return trial.family, trial.height, trial.frame_step


def _curve(trials: tuple[Trial, ...], scaled: Scaled | None) -> Curve:
    first = trials[0]
    tops = scaled.vmaf if scaled else (MOST_VMAF,) * len(first.vmaf)
    # An encoder may smooth away grain of a scaled picture, and be scored a little above it.
    best = tuple(max(top, first.vmaf[part] + LEAST_LOSS, LEAST_BEST) for part, top in enumerate(tops))
    return Curve(first.family, first.height, first.frame_step, trials, best)


def _log_odds(best: float, vmaf: float) -> float:
    loss = min(max(best - vmaf, LEAST_LOSS), best - LEAST_LOSS)
    return log(loss / (best - loss))


def _line(x1: float, y1: float, x2: float, y2: float, x: float) -> float:
    return y1 if x1 == x2 else y1 + (y2 - y1) * (x - x1) / (x2 - x1)
