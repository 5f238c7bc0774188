"""The best that a line can get from an analysis: which size, frame step and CRF fit it, and what they give. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from transcoder.analysis.model import Curve, curves
from transcoder.analysis.values import Analysis
from transcoder.media import Plan
from transcoder.policy import Family

RAISED_SHARE = 0.2
"""Of the lesson, at most, that may be too much for its line: such segments are encoded at a higher CRF."""
SPARE_CRFS = 3
"""Left above a rung's CRF for that."""
UNSEEN_VMAF = 0.4
"""Given up for fewer bits: where pictures are nearly as good as they get, lower CRFs give hardly more."""
LEGIBLE_VMAF = 3.0
"""Given up so that the smallest writing can be read: VMAF knows nothing of letters."""
FORCED = 0.6
"""Of the bits and the quality at the highest CRF, where the encoder must be forced into a line by other means."""
SEGMENT_BOX_BYTES = 220
FRAME_BOX_BYTES: dict[Family, int] = {"avc": 8, "av1": 4}
"""Each picture stands in its segment's index: its length, and for H.264 when it is shown."""
BITS_PER_KBIT = 8 / 1000


@dataclass(frozen=True, slots=True)
class Offer:
    """A curve in a lesson: what each CRF takes and gives in each part. `kbps[part][n]` is of the n-th CRF."""

    curve: Curve
    shares: tuple[float, ...]
    kbps: tuple[tuple[float, ...], ...]
    """Of a segment of usual length with its boxes: the opening and the end of a lesson have shorter ones."""
    vmaf: tuple[tuple[float, ...], ...]

    @property
    def base(self) -> int:
        """How many CRFs a rung may have: a few are left above them."""
        return len(self.curve.crfs) - SPARE_CRFS


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


def offers(plan: Plan, analysis: Analysis) -> tuple[Offer, ...]:
    """Of all curves, in their order."""
    usual = ceil(plan.frame_count / plan.segment_count)
    parts = range(len(analysis.parts))
    return tuple(
        Offer(
            curve,
            tuple(part.share for part in analysis.parts),
            kbps=tuple(tuple(_kbps(plan, curve, part, crf, usual) for crf in curve.crfs) for part in parts),
            vmaf=tuple(tuple(curve.vmaf(part, crf) for crf in curve.crfs) for part in parts),
        )
        for curve in curves(analysis)
    )


def best_fits(known: Sequence[Offer], max_kbps: float) -> list[Fit]:
    """What each offer gives within `max_kbps`, the best first; those that cannot fit are left out."""
    fits = [fit for offer in known if (fit := fit_of(offer, max_kbps))]
    return sorted(fits, key=lambda fit: (-fit.vmaf, fit.average_kbps, fit.curve.height))


def legible_first(fits: Sequence[Fit], legible_height: int) -> Sequence[Fit]:
    """Of fits, the best first: those whose writing can be read, unless that would cost more than it is worth."""
    legible = [fit for fit in fits if fit.curve.height >= legible_height]
    return legible if legible and legible[0].vmaf >= fits[0].vmaf - LEGIBLE_VMAF else fits


def choice_of(fits: Sequence[Fit]) -> Fit:
    """Of fits, the best first: the one of fewest bits among those that look as good as the best."""
    alike = [fit for fit in fits if fit.vmaf >= fits[0].vmaf - UNSEEN_VMAF]
    return min(alike, key=lambda fit: (fit.average_kbps, -fit.vmaf, fit.curve.height))


def fit_of(offer: Offer, max_kbps: float) -> Fit | None:
    """What one offer gives within a line, without the bits that nobody sees; None where it does not fit."""
    needed = _needed(offer, max_kbps)
    finest = _finest(offer, needed)
    if finest is None:
        return None
    return _eased(offer, finest, needed, _fit(offer, finest, needed).vmaf - UNSEEN_VMAF)


def cheapest(known: Sequence[Offer], max_kbps: float, vmaf: float) -> Fit | None:
    """What gives this quality for the fewest bits within the line; None where nothing does."""
    found = []
    for offer in known:
        needed = _needed(offer, max_kbps)
        finest = _finest(offer, needed)
        if finest is not None and _fit(offer, finest, needed).vmaf >= vmaf:
            found.append(_eased(offer, finest, needed, vmaf))
    return min(found, key=lambda fit: (fit.average_kbps, fit.curve.height), default=None)


def highest_crf(offer: Offer) -> int:
    """The poorest that a rung begins with."""
    return offer.curve.crfs[offer.base - 1]


def _needed(offer: Offer, max_kbps: float) -> list[int | None]:
    """Of each part, which CRF is the first at which its segments fit; None where none is."""
    return [next((n for n, kbps in enumerate(row) if kbps <= max_kbps), None) for row in offer.kbps]


def _finest(offer: Offer, needed: Sequence[int | None]) -> int | None:
    """
    The first CRF at which nearly all of the lesson fits.

    What does not fit even then is encoded at higher CRFs; None where that would be more than a small share.
    """
    return next((n for n in range(offer.base) if _over(offer, needed, n) <= RAISED_SHARE), None)


def _over(offer: Offer, needed: Sequence[int | None], n: int) -> float:
    """Share of the lesson that does not fit at this CRF."""
    return sum(share for share, own in zip(offer.shares, needed, strict=True) if own is None or own > n)


def _eased(offer: Offer, finest: int, needed: Sequence[int | None], vmaf: float) -> Fit:
    """The highest CRF that still gives the quality."""
    best = _fit(offer, finest, needed)
    # Pictures that are good enough even there may have nearly the highest: their segments are far below the line.
    for n in range(finest + 1, len(offer.curve.crfs) - 1):
        fit = _fit(offer, n, needed)
        if fit.vmaf < vmaf:
            break
        best = fit
    return best


def _fit(offer: Offer, n: int, needed: Sequence[int | None]) -> Fit:
    kbps = vmaf = 0.0
    for part, (share, own) in enumerate(zip(offer.shares, needed, strict=True)):
        used = len(offer.curve.crfs) - 1 if own is None else max(n, own)
        forced = FORCED if own is None else 1.0
        kbps += share * offer.kbps[part][used] * forced
        vmaf += share * offer.vmaf[part][used] * forced
    return Fit(offer.curve, offer.curve.crfs[n], round(kbps, 1), round(vmaf, 1))


def _kbps(plan: Plan, curve: Curve, part: int, crf: int, frames: int) -> float:
    """Of a segment of so many frames of the grid."""
    boxes = SEGMENT_BOX_BYTES + FRAME_BOX_BYTES[curve.family] * ceil(frames / curve.frame_step)
    return (curve.segment_bytes(part, crf, frames) + boxes) * BITS_PER_KBIT / float(frames / plan.fps)
