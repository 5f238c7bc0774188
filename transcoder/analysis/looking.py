"""Look at a lesson: draw samples, see what they are, and encode them a few times."""

from collections.abc import Callable, Sequence
from pathlib import Path

from transcoder.analysis.candidates import candidates, top_height
from transcoder.analysis.commands import Candidate, reference_name
from transcoder.analysis.samples import Sample, samples
from transcoder.analysis.seeing import Seen
from transcoder.analysis.trials import Tools, Tried, make_reference, try_all
from transcoder.analysis.values import Analysis, Part, Scaled, Trial
from transcoder.encoder import Cancelled
from transcoder.errors import EncodeFailed
from transcoder.full_disk import full_disk_told
from transcoder.media import Plan
from transcoder.pictures import track_of
from transcoder.policy import Policy
from transcoder.presets import preset_for
from transcoder.runner import Limits, nobody_cancels
from transcoder.sizes import scaled_size

FEWEST_FRAMES = 4
SCORED = 4
"""Frames of a sample that are scored, about: pictures next to each other are worth the same."""


def look(
    plan: Plan,
    source: Path,
    folder: Path,
    *,
    policy: Policy,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Analysis:
    """
    What the lesson of a starter plan is, and what its pictures cost; the same for the same plan, on every run.

    Works in `folder`, which it leaves empty. `on_progress` hears the share that is done, 0 to 1. A lesson that cannot
    be analysed gives an analysis that says so. Raises EncodeCancelled, WorkspaceFull.
    """
    if plan.source.video is None:
        return Analysis(doubt="no_pictures")
    if plan.frame_count < FEWEST_FRAMES:
        return Analysis(doubt="too_short")
    tools = Tools(folder, cancelled, limits)
    try:
        with full_disk_told(folder):
            return _looked(tools, plan, source, policy, on_progress or _unheard)
    except EncodeFailed:
        return Analysis(doubt="failed")
    finally:
        for left in folder.iterdir():
            left.unlink()


def _unheard(_share: float) -> None:
    """Nobody listens."""


def _looked(tools: Tools, plan: Plan, source: Path, policy: Policy, on_progress: Callable[[float], None]) -> Analysis:
    drawn, size = samples(plan, policy), picture_size(plan, policy)
    looks = [make_reference(tools, plan, sample, index, source, size) for index, sample in enumerate(drawn)]
    parts = tuple(_part(sample, look) for sample, look in zip(drawn, looks, strict=True))
    tried = candidates(plan, parts, policy)
    scaled = tuple(dict.fromkeys((candidate.height, candidate.frame_step) for candidate in tried))
    presets = {family: preset_for(family, policy.cpu) for family in policy.families}
    steps, done = len(parts) * (len(tried) // 2 + len(policy.families)), 0

    def on_step() -> None:
        nonlocal done
        done += 1
        on_progress(min(1.0, done / steps))

    rows: list[tuple[list[Tried], list[float]]] = []
    for index, part in enumerate(parts):
        every = max(1, part.frames // SCORED)
        rows.append(
            try_all(tools, index, tried, scaled, fps=plan.fps, size=size, presets=presets, every=every, on_step=on_step)
        )
        (tools.folder / reference_name(index)).unlink()
    return Analysis(
        parts=parts,
        scaled=tuple(
            Scaled(*each, vmaf=tuple(round(row[1][number], 3) for row in rows)) for number, each in enumerate(scaled)
        ),
        trials=tuple(_trial(candidate, [row[0][number] for row in rows]) for number, candidate in enumerate(tried)),
    )


def picture_size(plan: Plan, policy: Policy) -> tuple[int, int]:
    """In which pictures are compared: the source's own, or the largest that a rung may have."""
    video = track_of(plan)
    return scaled_size(video.width, video.height, top_height(plan, policy))


def _part(sample: Sample, look: Seen) -> Part:
    still = round(1 - look.changed, 4)
    return Part(sample.start_frame, sample.frames, sample.share, look.kind, still, look.text_lines)


def _trial(candidate: Candidate, tried: Sequence[Tried]) -> Trial:
    return Trial(
        family=candidate.family,
        height=candidate.height,
        frame_step=candidate.frame_step,
        crf=candidate.crf,
        key_bytes=tuple(round(each.key_bytes, 1) for each in tried),
        frame_bytes=tuple(round(each.frame_bytes, 2) for each in tried),
        vmaf=tuple(round(each.vmaf, 3) for each in tried),
    )
