"""What a plan asks workers to do, in which order, and how much work each piece is. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from transcoder.media import Chunk, Plan, VideoRendition
from transcoder.policy import Family
from transcoder.presets import cost_per_megapixel

LANE_START = 0
"""Makes a lesson playable: goes before everything else, the older lesson first."""
LANE_SOON = 1
"""Sound that takes minutes, the look at a lesson, freeing of bytes: before the chunks, after every lesson's start."""
LANE_FAIR = 2
"""All else: jobs in turn."""
LANE_LAST = 3
"""Nobody waits for it: when there is nothing else to do."""

RANK_PROBE, RANK_STARTER, RANK_AUDIO, RANK_ANALYSE, RANK_FIRST, RANK_STILLS = range(6)
RANK_CHUNK, RANK_AV1, RANK_AV1_END, RANK_PUBLISH, RANK_MEASURE = range(6, 11)
RANKS: dict[Family, tuple[int, int]] = {"avc": (RANK_FIRST, RANK_CHUNK), "av1": (RANK_AV1_END, RANK_AV1)}
"""
Of chunk 0, which is short, and of the others.

Nobody plays AV1 before the publication: its short one comes last, so that workers end nearly together.
"""

LONG_AUDIO_S = 600.0
"""Sound longer than this takes more than some seconds to encode."""

# CPU-seconds as measured on lessons; only their ratios matter here.
DECODE_PER_S = 0.1
AUDIO_PER_S = 0.012
ANALYSE_PART = 0.1
"""Of the work that it decides about."""
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


def starter_list(plan: Plan, *, expected: float = 0.0) -> tuple[Item, ...]:
    """
    The tasks that follow from the probe alone; `publish` waits for all others, those of `settled_list` among them.

    Only chunk 0 encodes its lowest rung apart (that costs a second decode, and lets the lesson play seconds after
    the probe). Sound is one task for the whole lesson. `expected` is the work that the analysis will add, as far as
    one can know; the publication, which cannot move before it is there, stands for it.
    """
    return (
        *_starter(plan),
        *_audio(plan),
        *_analyse(plan, expected),
        Item("stills", LANE_FAIR, RANK_STILLS, LEAST + plan.duration_s * STILLS_PER_S),
        Item("publish", LANE_FAIR, RANK_PUBLISH, publish_weight(plan) + expected, blocked=True),
    )


def settled_list(plan: Plan) -> tuple[Item, ...]:
    """
    The tasks that a settled plan adds to those of its starter plan.

    All H.264 rungs of a chunk in one process, chunk by chunk; then AV1 the same way, so that every device has its
    rungs before any device has better ones.
    """
    return (*_chunks(plan, "avc"), *_chunks(plan, "av1"))


def publish_weight(plan: Plan) -> float:
    return LEAST + plan.duration_s * PUBLISH_PER_S


def weight_of(items: tuple[Item, ...]) -> float:
    return sum(item.weight for item in items)


def _starter(plan: Plan) -> Iterator[Item]:
    if plan.video:
        yield _chunk_item(plan, plan.chunks[0], plan.video[:1], LANE_START, RANK_STARTER)


def _analyse(plan: Plan, expected: float) -> Iterator[Item]:
    if plan.video and not plan.settled:
        yield Item("analyse", LANE_SOON, RANK_ANALYSE, LEAST + expected * ANALYSE_PART)


def _chunks(plan: Plan, family: Family) -> Iterator[Item]:
    rungs = tuple(rung for rung in plan.video if rung.family == family)
    for chunk in plan.chunks:
        # The starter rung of chunk 0 is there already.
        wanted = tuple(rung for rung in rungs if chunk.index or rung != plan.video[0])
        first, others = RANKS[family]
        if wanted:
            yield _chunk_item(plan, chunk, wanted, LANE_FAIR, others if chunk.index else first)


def _chunk_item(plan: Plan, chunk: Chunk, rungs: tuple[VideoRendition, ...], lane: int, rank: int) -> Item:
    frames = chunk.end_frame - chunk.start_frame
    weight = LEAST + float(Fraction(frames) / plan.fps) * DECODE_PER_S + sum(_encoding(rung, frames) for rung in rungs)
    return Item("video", lane, rank, weight, chunk=chunk.index, renditions=tuple(rung.name for rung in rungs))


def _encoding(rung: VideoRendition, frames: int) -> float:
    megapixels = rung.width * rung.height * frames / rung.frame_step / 1e6
    return megapixels * cost_per_megapixel(rung.family, rung.preset)


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


@dataclass(frozen=True, slots=True)
class Work:
    """How much of a job is done, in the estimated CPU-seconds of its tasks."""

    done: float
    whole: float

    @property
    def part(self) -> float:
        return min(1.0, self.done / self.whole) if self.whole > 0 else 0.0


def work_of(weighed: list[tuple[float, float]]) -> Work:
    """From (weight, progress) of all tasks of a job."""
    done = sum(weight * min(1.0, part) for weight, part in weighed)
    return Work(done, sum(weight for weight, _ in weighed))


@dataclass(frozen=True, slots=True)
class Settling:
    """What was shown, and what was done, when the analysis replaced expected work by real work."""

    shown: float = 0.0
    done: float = 0.0


def progress(work: Work, settling: Settling = Settling()) -> float:
    """
    0..1, as a person sees it.

    The lesson turned out to be more or less work than was expected: what is left of the bar stands for what is left
    of the work, so that the bar does not jump.
    """
    left = work.whole - settling.done
    if left <= 0:
        return min(1.0, settling.shown)
    return min(1.0, settling.shown + (1.0 - settling.shown) * max(0.0, work.done - settling.done) / left)


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
