"""Which sizes and qualities are worth a trial, by what the lesson is. Pure."""

from collections.abc import Sequence

from transcoder.analysis.commands import PHASES, Candidate
from transcoder.analysis.values import Kind, Part
from transcoder.chunks import still_step
from transcoder.media import Plan
from transcoder.pictures import track_of
from transcoder.policy import Family, Policy
from transcoder.sizes import scaled_size

HEIGHTS = (1080, 720, 480, 360, 240)
NEAR = 0.85
"""A size that is nearly the source's own is not tried beside it."""
CRFS: dict[Family, tuple[int, int]] = {"avc": (26, 39), "av1": (38, 58)}
"""Between them and a little beside them the model holds to a few per cent; the last ones of SVT-AV1 are unlike."""
DRAWN: tuple[Kind, ...] = ("slides", "screen")
DRAWN_SIZE, STILL_SIZE = 0.4, 0.6
"""Of the largest size: on drawn pictures anything smaller loses, and on those that stand still anything below."""
STILL_S = 3
"""A lesson that is shorter gains nothing from a rung of few frames."""


def top_height(plan: Plan, policy: Policy) -> int:
    """Of the shorter side: the largest size that a rung may have."""
    video = track_of(plan)
    return min(scaled_size(video.width, video.height, policy.highest_height))


def heights(plan: Plan, parts: Sequence[Part], family: Family, policy: Policy) -> tuple[int, ...]:
    """
    From large to small. On slides and screens large pictures of less quality win; the smallest wait for slow lines.

    The starter rung's size is always among those of H.264, so that it is known what the next rung adds to it.
    """
    top = top_height(plan, policy)
    lowest = min(policy.lowest_height, top)
    smaller = [height for height in HEIGHTS if lowest <= height < top * NEAR]
    drawn = sum(part.share for part in parts if part.kind in DRAWN)
    if drawn > 0.5:
        smaller = [height for height in smaller if height >= top * DRAWN_SIZE]
    starter = {plan.video[0].shorter_side} if family == "avc" and plan.video else set()
    return tuple(sorted({top, *smaller, *starter}, reverse=True))


def still_candidates(plan: Plan, parts: Sequence[Part], policy: Policy) -> tuple[Candidate, ...]:
    """Rungs of about one frame a second, where every sample stands still; large, for what stands still is read."""
    step = still_step(plan.fps)
    if step < PHASES or plan.duration_s < STILL_S or any(part.kind != "slides" for part in parts):
        return ()
    top = top_height(plan, policy)
    sizes = [top, *(height for height in HEIGHTS if STILL_SIZE * top <= height < top * NEAR)]
    return tuple(
        Candidate(family, height, step, crf) for family in policy.families for height in sizes for crf in CRFS[family]
    )


def candidates(plan: Plan, parts: Sequence[Part], policy: Policy) -> tuple[Candidate, ...]:
    """By family and size, large to small, from the better to the worse."""
    return tuple(
        Candidate(family, height, 1, crf)
        for family in policy.families
        for height in heights(plan, parts, family, policy)
        for crf in CRFS[family]
    )
