"""What a plan asks workers to do, in which order, and how much work each piece is. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from transcoder.media import Chunk, Plan, VideoRendition

LANE_START = 0
"""Makes a lesson playable: goes before everything else, the older lesson first."""
LANE_SOON = 1
"""Sound that takes minutes, and freeing of bytes: before the chunks, after every lesson's start."""
LANE_FAIR = 2
"""All else: jobs in turn."""

RANK_PROBE, RANK_STARTER, RANK_AUDIO, RANK_FIRST, RANK_STILLS, RANK_CHUNK, RANK_PUBLISH = range(7)

LONG_AUDIO_S = 600.0
"""Sound longer than this takes more than some seconds to encode."""

# CPU-seconds of x264 veryfast and AAC as measured on 30 s of screencast; only their ratios matter here.
DECODE_PER_S = 0.1
ENCODE_PER_MEGAPIXEL = 0.008
AUDIO_PER_S = 0.012
STILLS_PER_S = 0.004
PUBLISH_PER_S = 0.001
LEAST = 0.05


@dataclass(frozen=True, slots=True)
class Item:
    """One task to be."""

    kind: str
    lane: int
    rank: int
    weight: float
    chunk: int = 0
    renditions: tuple[str, ...] = ()
    long: bool = False
    blocked: bool = False


def worklist(plan: Plan) -> tuple[Item, ...]:
    """
    Every task of a planned job; `publish` waits for all others.

    Only chunk 0 encodes its lowest rung apart (that costs a second decode, and lets the lesson play seconds after
    the probe); every other chunk makes all rungs in one process. Sound is one task for the whole lesson.
    """
    return (
        *_video(plan),
        *_audio(plan),
        Item("stills", LANE_FAIR, RANK_STILLS, LEAST + plan.duration_s * STILLS_PER_S),
        Item("publish", LANE_FAIR, RANK_PUBLISH, LEAST + plan.duration_s * PUBLISH_PER_S, blocked=True),
    )


def _video(plan: Plan) -> Iterator[Item]:
    if not plan.video:
        return
    first, *others = plan.chunks
    yield _chunk_item(plan, first, plan.video[:1], LANE_START, RANK_STARTER)
    if plan.video[1:]:
        yield _chunk_item(plan, first, plan.video[1:], LANE_FAIR, RANK_FIRST)
    for chunk in others:
        yield _chunk_item(plan, chunk, plan.video, LANE_FAIR, RANK_CHUNK)


def _chunk_item(plan: Plan, chunk: Chunk, rungs: tuple[VideoRendition, ...], lane: int, rank: int) -> Item:
    frames = chunk.end_frame - chunk.start_frame
    megapixels = sum(rung.width * rung.height for rung in rungs) * frames / 1e6
    weight = LEAST + float(Fraction(frames) / plan.fps) * DECODE_PER_S + megapixels * ENCODE_PER_MEGAPIXEL
    return Item("video", lane, rank, weight, chunk=chunk.index, renditions=tuple(rung.name for rung in rungs))


def _audio(plan: Plan) -> Iterator[Item]:
    if plan.audio:
        long = plan.duration_s > LONG_AUDIO_S
        yield Item(
            "audio",
            LANE_SOON if long else LANE_START,
            RANK_AUDIO,
            LEAST + plan.duration_s * AUDIO_PER_S * len(plan.audio),
            renditions=tuple(rendition.name for rendition in plan.audio),
            long=long,
        )


def progress(weighed: list[tuple[float, float]]) -> float:
    """0..1 from (weight, progress) of all tasks of a job."""
    total = sum(weight for weight, _ in weighed)
    done = sum(weight * min(1.0, part) for weight, part in weighed)
    return min(1.0, done / total) if total > 0 else 0.0


LEAST_MEASURED_S = 2.0
LEAST_MEASURED_PART = 0.02


def seconds_left(*, progress: float, elapsed_s: float) -> float | None:
    """
    How long the rest takes at the speed measured since the plan was made; None until there is something to measure.

    Waiting for a worker is part of that speed, so that a busy queue shows.
    """
    if elapsed_s < LEAST_MEASURED_S or progress < LEAST_MEASURED_PART:
        return None
    return elapsed_s / progress * (1.0 - progress)
