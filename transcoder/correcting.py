"""Segments that take more than their rung's line: which they are, and how they are encoded again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, log2

from transcoder.media import Chunk, Family, Made, Plan, VideoRendition

ATTEMPTS = 4
"""Encodes of one segment after the first; in the last one the cap must be held, whatever becomes of the picture."""
AIM = 0.95
CRF_PER_HALVING: dict[Family, float] = {"avc": 6.0, "av1": 11.0}
"""Steps that halve a lesson's bits, measured."""
MOST_STEPS: dict[Family, int] = {"avc": 9, "av1": 16}
"""At once: noise gives way sooner than a lesson does, and would be left with a tenth of its cap."""
HOPELESS = 16.0
"""Times the cap: no lesson, and each further try of such pictures takes minutes."""
SPARED = 1.05
"""Times the cap, where no CRF is left: for the last few bits rate control spoils the picture (1080p slides in SVT-AV1,
1.4 % above: from VMAF 90 to 0)."""
HIGHEST_CRF: dict[Family, int] = {"avc": 51, "av1": 63}


def overshoot(plan: Plan, rung: VideoRendition, segment: Made) -> float:
    """
    What a segment takes of its rung's cap, 1 being all of it.

    A last one shorter than half a segment counts as half a one: it is too short for a peak, and has a key frame.
    """
    length_s = max(segment.duration_s, plan.segment_s / 2)
    return segment.bytes * 8 / (rung.max_kbps * 1000 * float(length_s))


def alone(plan: Plan, chunk: Chunk, number: int) -> Chunk:
    """One segment of a chunk, to be encoded by itself."""
    return Chunk(chunk.index, plan.start_frame(number), min(plan.start_frame(number + 1), chunk.end_frame))


def coarser(rung: VideoRendition, by: float) -> VideoRendition:
    """The rung at a CRF at which a segment that took `by` times its cap should fit."""
    steps = max(1, ceil(CRF_PER_HALVING[rung.family] * log2(by / AIM)))
    return replace(rung, crf=min(HIGHEST_CRF[rung.family], rung.crf + min(steps, MOST_STEPS[rung.family])))


@dataclass(frozen=True, slots=True)
class Again:
    """Rungs in which a segment is encoded again, each at its new CRF."""

    coarser: tuple[VideoRendition, ...]
    strict: tuple[VideoRendition, ...]
    """For these a higher CRF is not enough."""


def again(taken: Sequence[tuple[VideoRendition, float]], attempt: int) -> Again:
    """From what a segment took of each rung's cap; attempts are counted from 1."""
    over = [(rung, by) for rung, by in taken if by > (SPARED if _exhausted(rung, by, attempt) else 1)]
    hopeless = [_exhausted(rung, by, attempt) for rung, by in over]
    tried = [(coarser(rung, by), lost) for (rung, by), lost in zip(over, hopeless, strict=True)]
    return Again(tuple(rung for rung, lost in tried if not lost), tuple(rung for rung, lost in tried if lost))


def _exhausted(rung: VideoRendition, by: float, attempt: int) -> bool:
    return attempt == ATTEMPTS or by > HOPELESS or rung.crf == HIGHEST_CRF[rung.family]
