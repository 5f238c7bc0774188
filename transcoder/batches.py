"""Which rungs of a chunk are encoded in one process: all of them, where memory allows. Pure."""

from collections.abc import Sequence

from transcoder.media import Plan, VideoRendition
from transcoder.policy import Family
from transcoder.presets import cost_of

MIB = 1024**2
# Measured as the peak of address space, and rounded up: ffmpeg with a decoder of so many megapixels, then each encoder.
FFMPEG_MIB, DECODER_MIB_PER_MEGAPIXEL = 400, 80
ENCODER_MIB: dict[Family, int] = {"avc": 40, "av1": 130}
THREAD_PART = 0.25
"""What each thread after the first adds to an encoder."""


def batches(
    plan: Plan, renditions: Sequence[VideoRendition], *, memory_bytes: int
) -> tuple[tuple[VideoRendition, ...], ...]:
    """
    Rungs that go together, in their order: each further process decodes once more.

    A rung that alone is thought too large is tried all the same.
    """
    room = memory_bytes / MIB - _base_mib(plan)
    found: list[list[VideoRendition]] = []
    taken = 0.0
    for rung in renditions:
        needed = _encoder_mib(rung, plan.threads)
        if not found or taken + needed > room:
            found.append([])
            taken = 0.0
        found[-1].append(rung)
        taken += needed
    return tuple(tuple(rungs) for rungs in found)


def _base_mib(plan: Plan) -> float:
    video = plan.source.video
    pixels = video.width * video.height if video else 0
    return FFMPEG_MIB + DECODER_MIB_PER_MEGAPIXEL * pixels / 1e6


def _encoder_mib(rung: VideoRendition, threads: int) -> float:
    pictures_mib = cost_of(rung.family, rung.preset).mib_per_megapixel * rung.width * rung.height / 1e6
    return (ENCODER_MIB[rung.family] + pictures_mib) * (1 + THREAD_PART * (threads - 1))
