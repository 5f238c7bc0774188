"""Where to look: a few runs of frames, drawn evenly over the whole lesson. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from transcoder.media import Chunk, Plan
from transcoder.policy import Policy
from transcoder.presets import cost_per_megapixel, preset_for
from transcoder.sizes import scaled_size

MOST_SAMPLES = 6
SAMPLE_S = 1.2
"""A key frame, and enough behind it to see what a frame costs once the picture has settled."""
WHOLE_S = 6.0
"""A lesson up to this length is looked at as a whole."""
SHARE_OF_JOB = 0.09
"""Of the CPU that encoding the lesson will take."""
FEWEST_SAMPLES = 3
FULL_RUNGS = 4.0
"""A family's rungs together have about so many times the pixels of the source."""
FULL_TRIALS = 5.0
"""And its trials."""
SCORING_S = 0.1
"""CPU-seconds for scoring all trials of a frame of a million pixels, one in a few being scored."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Frames `[start, start + frames)` of the grid, which stand for a share of the lesson."""

    start_frame: int
    frames: int
    share: float

    def chunk(self, index: int) -> Chunk:
        return Chunk(index, self.start_frame, self.start_frame + self.frames)


def samples(plan: Plan, policy: Policy) -> tuple[Sample, ...]:
    """The same for the same plan: whole segments of a short lesson, the middles of equal stretches of a longer one."""
    if plan.frame_count <= WHOLE_S * plan.fps:
        return _whole(plan)
    frames = ceil(SAMPLE_S * plan.fps)
    count = min(sample_count(plan, policy, frames), plan.frame_count // frames)
    stretch = plan.frame_count / count
    # A little before the middle: where slides change every so many seconds, not always at the same place of one.
    starts = [int(stretch * index + (stretch - frames) * (0.25 + 0.5 * (index % 2))) for index in range(count)]
    return tuple(Sample(start, frames, 1 / count) for start in starts)


def sample_count(plan: Plan, policy: Policy, frames: int) -> int:
    """So many that the look costs its share of the whole work, within limits."""
    assert plan.source.video is not None
    video = plan.source.video
    width, height = scaled_size(video.width, video.height, policy.highest_height)
    megapixels = width * height / 1e6
    encoding = sum(cost_per_megapixel(family, preset_for(family, policy.cpu)) for family in policy.families)
    job_s = plan.frame_count * megapixels * encoding * FULL_RUNGS
    sample_s = frames * megapixels * (encoding * FULL_TRIALS + SCORING_S)
    return max(FEWEST_SAMPLES, min(MOST_SAMPLES, int(job_s * SHARE_OF_JOB / sample_s)))


def _whole(plan: Plan) -> tuple[Sample, ...]:
    starts: Sequence[int] = range(0, plan.frame_count, plan.segment_frames)
    ends = [min(start + plan.segment_frames, plan.frame_count) for start in starts]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    return tuple(
        Sample(start, length, length / plan.frame_count) for start, length in zip(starts, lengths, strict=True)
    )
