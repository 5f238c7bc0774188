"""Run the trials: one sample at a time, each in a folder of files that are gone afterwards."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from statistics import fmean

from transcoder.analysis.commands import (
    PHASES,
    Candidate,
    map_name,
    reference_arguments,
    scaled_log,
    scoring_arguments,
    still_reference_arguments,
    trial_arguments,
)
from transcoder.analysis.samples import Sample
from transcoder.analysis.seeing import Seen, seen
from transcoder.encode_video import beginnings
from transcoder.encoder import Cancelled, encode_frames
from transcoder.errors import EncodeFailed
from transcoder.media import Chunk, Plan
from transcoder.policy import Family
from transcoder.runner import Limits, run
from transcoder.tools import find_tools

MAPS = ("changed", "moved", "flat", "edges")
SETTLED_FRAMES = 16
"""One group of pictures of SVT-AV1; behind it frames cost what they will cost for the rest of the segment."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every step needs."""

    folder: Path
    cancelled: Cancelled
    limits: Limits | None

    def encode(self, arguments: list[str]) -> int:
        """Run ffmpeg, and count the frames of its first output."""
        return encode_frames(arguments, self.folder, self.limits, self.cancelled)


@dataclass(frozen=True, slots=True)
class Tried:
    """One candidate on one sample."""

    key_bytes: float
    frame_bytes: float
    vmaf: float


def make_reference(tools: Tools, plan: Plan, sample: Sample, index: int, source: Path, size: tuple[int, int]) -> Seen:
    """Write a sample's reference. Raises EncodeFailed where its frames cannot be had."""
    for begin_s in beginnings(plan, sample.chunk(index)):
        made = tools.encode(reference_arguments(plan, sample, index, source, begin_s=begin_s, size=size))
        if made == sample.frames:
            changed, moved, flat, edges = (_taken(tools.folder / map_name(what, index)) for what in MAPS)
            return seen(changed=changed, moved=moved, flat=flat, edges=edges)
    raise EncodeFailed(f"no pictures for the sample at frame {sample.start_frame}")


def make_still_reference(
    tools: Tools, plan: Plan, chunk: Chunk, source: Path, size: tuple[int, int], frame_step: int
) -> None:
    """Write a few frames of each second of a segment. Raises EncodeFailed where they cannot be had."""
    seconds, rest = divmod(chunk.end_frame - chunk.start_frame, frame_step)
    wanted = seconds * PHASES + sum(frame_step * phase // PHASES < rest for phase in range(PHASES))
    for begin_s in beginnings(plan, chunk):
        command = still_reference_arguments(
            plan, chunk, chunk.index, source, begin_s=begin_s, size=size, frame_step=frame_step
        )
        if tools.encode(command) == wanted:
            return
    raise EncodeFailed(f"no pictures for the segment at frame {chunk.start_frame}")


def try_all(
    tools: Tools,
    reference: str,
    candidates: Sequence[Candidate],
    scaled: Sequence[tuple[int, int]],
    *,
    fps: Fraction,
    size: tuple[int, int],
    presets: dict[Family, str],
    every: int,
    on_step: Callable[[], None],
) -> tuple[list[Tried], list[float]]:
    """
    All candidates on one sample, in their order, and what sizes by themselves leave of it.

    One size at a time: every picture that is scored beside others takes memory of its own.
    """
    tried: list[Tried] = []
    left: dict[tuple[int, int], float] = {}
    for _, group in groupby(candidates, key=lambda candidate: (candidate.family, candidate.height)):
        together = list(group)
        tools.encode(trial_arguments(reference, together, fps=fps, size=size, presets=presets))
        found = [costs(packet_sizes(tools, candidate.file)) for candidate in together]
        shape = (together[0].height, together[0].frame_step)
        alone = [shape] if shape in scaled and shape not in left else []
        tools.encode(scoring_arguments(reference, together, alone, size=size, every=every))
        left.update({each: _score(tools, scaled_log(*each)) for each in alone})
        tried += [
            Tried(*cost, vmaf=_score(tools, f"{candidate.file}.json"))
            for candidate, cost in zip(together, found, strict=True)
        ]
        for candidate in together:
            (tools.folder / candidate.file).unlink()
        on_step()
    return tried, [left[each] for each in scaled]


def _score(tools: Tools, log: str) -> float:
    return mean_vmaf(_taken(tools.folder / log))


def costs(sizes: Sequence[int]) -> tuple[float, float]:
    """
    Bytes that beginning a segment costs, and those of each frame more.

    The frames behind a key frame mend it, and take more than those that follow: this belongs to the beginning.
    """
    settled = sizes[SETTLED_FRAMES:] if len(sizes) >= SETTLED_FRAMES * 3 // 2 else sizes[1:]
    frame = fmean(settled) if settled else 0.0
    return sum(sizes) - frame * (len(sizes) - 1), frame


def packet_sizes(tools: Tools, name: str) -> list[int]:
    """Of a file's pictures, in the order in which they are stored: the key frame first."""
    lines: list[str] = []
    command = [str(find_tools().ffprobe), "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size"]
    finished = run(
        [*command, "-of", "csv=p=0", f"file:{name}"],
        folder=tools.folder,
        limits=tools.limits or Limits(),
        cancelled=tools.cancelled,
        on_line=lines.append,
    )
    sizes = [int(line.strip(", ")) for line in lines if line.strip(", ").isdigit()]
    if not finished.ok or not sizes:
        raise EncodeFailed(f"a trial cannot be read: {finished.complaint[:200]}")
    return sizes


def mean_vmaf(log: bytes) -> float:
    """Of the frames that were scored."""
    scores = [frame["metrics"]["vmaf"] for frame in json.loads(log)["frames"] if "vmaf" in frame["metrics"]]
    if not scores:
        raise EncodeFailed("a trial was not scored")
    return fmean(scores)


def _taken(path: Path) -> bytes:
    content = path.read_bytes()
    path.unlink()
    return content
