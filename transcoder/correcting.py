"""Segments that take more than their rung's line: which they are, and how they are encoded again. Pure."""

from dataclasses import dataclass, replace
from math import ceil, inf, log2

from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.policy import Family

CRF_ATTEMPTS = 3
"""Encodes of one segment after the first at a higher CRF alone."""
COARSENESS = ((2, 2.5), (4, 6.0), (16, inf))
"""
How many times smaller each side of a picture is made where no CRF is left, and up to how many times the cap that may
help. At the last the encoder's rate control holds the cap too, whatever becomes of the picture.
"""
COARSEST = COARSENESS[-1][0]
ATTEMPTS = CRF_ATTEMPTS + len(COARSENESS)
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
class Try:
    """How a segment of a rung is encoded."""

    rung: VideoRendition
    """At the CRF of this try."""
    coarseness: int = 1
    """How many times smaller each side of the picture is made before it gets its size again."""


def next_try(done: Try, by: float, attempt: int) -> Try | None:
    """After a try that took `by` times the cap: the next one, or None where it may stay. Attempts count from 1."""
    rung = done.rung
    spent = attempt > CRF_ATTEMPTS or by > HOPELESS or rung.crf == HIGHEST_CRF[rung.family]
    if by <= (SPARED if spent else 1) or done.coarseness == COARSEST:
        return None
    if not spent:
        return Try(coarser(rung, by))
    return Try(coarser(rung, by), next(step for step, most in COARSENESS if by <= most and step > done.coarseness))
