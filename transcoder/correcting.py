"""Segments that take more than their rung's line: which they are, and how they are encoded again. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, log2

from transcoder.media import Chunk, Family, Made, Plan, VideoRendition

ATTEMPTS = 3
"""Encodes of one segment after the first; in the last one the encoder's rate control must hold the cap."""
TOLERANCE = 1.03
"""Of the last attempt, and where one has not been worth its CPU."""
AIM = 0.95
CRF_PER_HALVING: dict[Family, float] = {"avc": 6.0, "av1": 11.0}
"""Steps that halve a lesson's bits, measured."""
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
    return replace(rung, crf=min(HIGHEST_CRF[rung.family], rung.crf + steps))


def exhausted(renditions: Sequence[VideoRendition], attempt: int) -> bool:
    """Whether a CRF can no longer help: the encoder's rate control must."""
    return attempt == ATTEMPTS or any(rung.crf == HIGHEST_CRF[rung.family] for rung in renditions)
