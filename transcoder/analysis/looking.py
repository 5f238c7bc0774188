"""Look at a lesson: draw samples, see what they are, and encode them a few times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from transcoder.analysis.candidates import CRFS, candidates, still_candidates, top_height
from transcoder.analysis.changes import with_changes
from transcoder.analysis.commands import Candidate, reference_name, still_reference_name
from transcoder.analysis.samples import Sample, samples
from transcoder.analysis.seeing import Seen
from transcoder.analysis.trials import Tools, Tried, make_reference, make_still_reference, try_all
from transcoder.analysis.values import Analysis, Part, Scaled, Trial
from transcoder.encoder import Cancelled
from transcoder.errors import EncodeFailed
from transcoder.full_disk import full_disk_told
from transcoder.media import Chunk, Plan
from transcoder.pictures import track_of
from transcoder.policy import Policy
from transcoder.presets import preset_for
from transcoder.runner import Limits, nobody_cancels
from transcoder.sizes import scaled_size

FEWEST_FRAMES = 4
SCORED = 4
"""Frames of a sample that are scored, about: pictures next to each other are worth the same."""
STILL_SCORED_EVERY = 6
"""No divisor of the frames that stand for one: all moments between two frames have their turn."""

Row = tuple[list[Tried], list[float]]
"""What one part gave: of every candidate, and of sizes by themselves."""


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
            return _Look(tools, plan, source, policy, on_progress or _unheard).analysis()
    except EncodeFailed:
        return Analysis(doubt="failed")
    finally:
        for left in folder.iterdir():
            left.unlink()


def _unheard(_share: float) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class _Look:
    """One run, and how far it is."""

    tools: Tools
    plan: Plan
    source: Path
    policy: Policy
    on_progress: Callable[[float], None]
    steps: int = 1
    done: int = 0

    def analysis(self) -> Analysis:
        plan, drawn, size = self.plan, samples(self.plan, self.policy), self._size()
        seen = [
            make_reference(self.tools, plan, sample, index, self.source, size) for index, sample in enumerate(drawn)
        ]
        lines = Fraction(track_of(plan).shorter_side, min(size))
        parts = tuple(_part(sample, look, lines) for sample, look in zip(drawn, seen, strict=True))
        moving, still = candidates(plan, parts, self.policy), still_candidates(plan, parts, self.policy)
        self.steps = len(parts) * (len(moving) + len(still)) // len(CRFS["avc"])
        scaled, trials = _gathered(moving, [self._moving(index, moving, parts) for index in range(len(parts))])
        if still:
            more_scaled, more_trials = _gathered(still, self._still(still, parts))
            scaled, trials = scaled + more_scaled, with_changes(trials, more_trials, plan.segment_frames) + more_trials
        return Analysis(parts, scaled, trials)

    def _moving(self, index: int, tried: Sequence[Candidate], parts: Sequence[Part]) -> Row:
        return self._tried(reference_name(index), tried, max(1, parts[index].frames // SCORED))

    def _still(self, tried: Sequence[Candidate], parts: Sequence[Part]) -> list[Row]:
        """By part; parts of one segment share what it gives."""
        rows: dict[int, Row] = {}
        for part in parts:
            chunk = segment_around(self.plan, part.start_frame)
            if chunk.index not in rows:
                step = tried[0].frame_step
                make_still_reference(self.tools, self.plan, chunk, self.source, self._size(), step)
                rows[chunk.index] = self._tried(still_reference_name(chunk.index), tried, STILL_SCORED_EVERY)
        return [rows[segment_around(self.plan, part.start_frame).index] for part in parts]

    def _tried(self, reference: str, tried: Sequence[Candidate], every: int) -> Row:
        presets = {family: preset_for(family, self.policy.cpu) for family in self.policy.families}
        row = try_all(
            self.tools,
            reference,
            tried,
            sizes_of(tried),
            fps=self.plan.fps,
            size=self._size(),
            presets=presets,
            every=every,
            on_step=self._on_step,
        )
        (self.tools.folder / reference).unlink()
        return row

    def _size(self) -> tuple[int, int]:
        """In which pictures are compared: the source's own, or the largest that a rung may have."""
        video = track_of(self.plan)
        return scaled_size(video.width, video.height, top_height(self.plan, self.policy))

    def _on_step(self) -> None:
        self.done += 1
        self.on_progress(min(1.0, self.done / self.steps))


def segment_around(plan: Plan, frame: int) -> Chunk:
    """The long segment in which a frame lies, or as much of one as the lesson has."""
    number = max(plan.opening, next(n for n in range(plan.segment_count) if frame < plan.start_frame(n + 1)))
    start = min(plan.start_frame(number), max(0, plan.frame_count - plan.segment_frames))
    return Chunk(number, start, min(start + plan.segment_frames, plan.frame_count))


def sizes_of(tried: Sequence[Candidate]) -> list[tuple[int, int]]:
    """Heights and frame steps, each once."""
    return list(dict.fromkeys((candidate.height, candidate.frame_step) for candidate in tried))


def _gathered(tried: Sequence[Candidate], rows: Sequence[Row]) -> tuple[tuple[Scaled, ...], tuple[Trial, ...]]:
    scaled = tuple(
        Scaled(*each, vmaf=tuple(round(row[1][number], 3) for row in rows))
        for number, each in enumerate(sizes_of(tried))
    )
    return scaled, tuple(_trial(each, [row[0][number] for row in rows]) for number, each in enumerate(tried))


def _part(sample: Sample, look: Seen, lines: Fraction) -> Part:
    """`lines` of the source lie in one line of the sample."""
    still = round(1 - look.changed, 4)
    return Part(sample.start_frame, sample.frames, sample.share, look.kind, still, round(look.text_lines * lines))


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
