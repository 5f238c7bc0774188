"""The best that a line can get from an analysis: which size, frame step and CRF fit it, and what they give. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from transcoder.analysis.model import Curve
from transcoder.analysis.values import Analysis, Family
from transcoder.media import Plan

RAISED_SHARE = 0.2
"""Of the lesson, at most, that may be too much for its line: such segments are encoded at a higher CRF."""
SPARE_CRFS = 3
"""Left above a rung's CRF for that."""
UNSEEN_VMAF = 0.4
"""Given up for fewer bits: where pictures are nearly as good as they get, lower CRFs give hardly more."""
FORCED = 0.6
"""Of the bits and the quality at the highest CRF, where the encoder must be forced into a line by other means."""
SEGMENT_BOX_BYTES = 220
FRAME_BOX_BYTES: dict[Family, int] = {"avc": 8, "av1": 4}
"""Each picture stands in its segment's index: its length, and for H.264 when it is shown."""
BITS_PER_KBIT = 8 / 1000


@dataclass(frozen=True, slots=True)
class Fit:
    """A size, a frame step and a CRF, and what they are expected to take and to give."""

    curve: Curve
    crf: int
    average_kbps: float
    vmaf: float

    @property
    def size(self) -> tuple[int, int]:
        return self.curve.height, self.curve.frame_step


def best_fit(plan: Plan, analysis: Analysis, known: Sequence[Curve], max_kbps: float) -> list[Fit]:
    """What each curve gives within `max_kbps`, the best first; those that cannot fit are left out."""
    fits = [fit for curve in known if (fit := fit_of(plan, analysis, curve, max_kbps))]
    return sorted(fits, key=lambda fit: (-round(fit.vmaf, 2), fit.average_kbps, fit.curve.height))


def fit_of(plan: Plan, analysis: Analysis, curve: Curve, max_kbps: float) -> Fit | None:
    """What one curve gives within a line, without the bits that nobody sees; None where it does not fit."""
    needed = needed_crfs(plan, analysis, curve, max_kbps)
    best = _finest(plan, analysis, curve, needed)
    return _eased(plan, analysis, best, needed, best.vmaf - UNSEEN_VMAF) if best else None


def cheapest(plan: Plan, analysis: Analysis, known: Sequence[Curve], max_kbps: float, vmaf: float) -> Fit | None:
    """What gives this quality for the fewest bits within the line; None where nothing does."""
    found = []
    for curve in known:
        needed = needed_crfs(plan, analysis, curve, max_kbps)
        best = _finest(plan, analysis, curve, needed)
        if best and best.vmaf >= vmaf:
            found.append(_eased(plan, analysis, best, needed, vmaf))
    return min(found, key=lambda fit: (fit.average_kbps, fit.curve.height), default=None)


def _finest(plan: Plan, analysis: Analysis, curve: Curve, needed: Sequence[int | None]) -> Fit | None:
    """
    The lowest CRF at which nearly all of the lesson fits.

    What does not fit even then is encoded at higher CRFs; None where that would be more than a small share.
    """
    crf = next((crf for crf in base_crfs(curve) if _over(analysis, needed, crf) <= RAISED_SHARE), None)
    return None if crf is None else _fit(plan, analysis, curve, crf, needed)


def needed_crfs(plan: Plan, analysis: Analysis, curve: Curve, max_kbps: float) -> list[int | None]:
    """Of each part, the lowest CRF at which its segments fit; None where none does."""
    return [lowest_crf(plan, curve, part, max_kbps) for part in range(len(analysis.parts))]


def base_crfs(curve: Curve) -> range:
    """Of a rung: a few are left above them."""
    return range(curve.crfs[0], curve.crfs[-1] - SPARE_CRFS + 1)


def _over(analysis: Analysis, needed: Sequence[int | None], crf: int) -> float:
    """Share of the lesson that does not fit at this CRF."""
    return sum(part.share for part, own in zip(analysis.parts, needed, strict=True) if own is None or own > crf)


def _eased(plan: Plan, analysis: Analysis, best: Fit, needed: Sequence[int | None], vmaf: float) -> Fit:
    """The highest CRF that still gives the quality."""
    for crf in base_crfs(best.curve)[best.crf + 1 - best.curve.crfs[0] :]:
        fit = _fit(plan, analysis, best.curve, crf, needed)
        if fit.vmaf < vmaf:
            break
        best = fit
    return best


def _fit(plan: Plan, analysis: Analysis, curve: Curve, crf: int, needed: Sequence[int | None]) -> Fit:
    kbps = vmaf = 0.0
    for number, part in enumerate(analysis.parts):
        own = needed[number]
        used = curve.crfs[-1] if own is None else max(crf, own)
        kbps += part.share * mean_kbps(plan, curve, number, used) * (FORCED if own is None else 1.0)
        vmaf += part.share * curve.vmaf(number, used) * (FORCED if own is None else 1.0)
    return Fit(curve, crf, round(kbps, 1), round(vmaf, 1))


def lowest_crf(plan: Plan, curve: Curve, part: int, max_kbps: float) -> int | None:
    """The best quality of one part whose segments still fit; None where none does."""
    return next((crf for crf in curve.crfs if peak_kbps(plan, curve, part, crf) <= max_kbps), None)


def peak_kbps(plan: Plan, curve: Curve, part: int, crf: int) -> float:
    """Of a whole segment of such pictures, with its boxes."""
    frames = min(plan.segment_frames, plan.frame_count)
    return _segment_kbit(curve, part, crf, frames) / float(frames / plan.fps)


def mean_kbps(plan: Plan, curve: Curve, part: int, crf: int) -> float:
    """Of a lesson of such pictures: its opening and its end have shorter segments."""
    usual = ceil(plan.frame_count / plan.segment_count)
    return _segment_kbit(curve, part, crf, usual) / float(usual / plan.fps)


def _segment_kbit(curve: Curve, part: int, crf: int, frames: int) -> float:
    boxes = SEGMENT_BOX_BYTES + FRAME_BOX_BYTES[curve.family] * ceil(frames / curve.frame_step)
    return (curve.segment_bytes(part, crf, frames) + boxes) * BITS_PER_KBIT
