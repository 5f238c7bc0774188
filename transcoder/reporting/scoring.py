"""Quality of what was made: a few segments of the lesson, every rung against the source."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from transcoder.encode_video import beginnings
from transcoder.encoder import Cancelled, encode_frames
from transcoder.errors import EncodeFailed
from transcoder.media import Chunk, Plan
from transcoder.reporting.commands import (
    Candidate,
    peer_arguments,
    reference_arguments,
    scoring_arguments,
    source_size,
)
from transcoder.reporting.material import Material, Score
from transcoder.reporting.peers import PEERS, Peer, peer_rungs
from transcoder.runner import Limits, nobody_cancels

SAMPLES = 4
TOGETHER = 5
"""Candidates in one process: each holds its own pictures."""
LOW_PERCENTILE = 0.05
BITS = 8 / 1000


@dataclass(frozen=True, slots=True)
class PeerPoint:
    """A rung of a peer, measured on the same samples."""

    peer: Peer
    height: int
    video_kbps: float
    vmaf: float


def sampled_segments(plan: Plan, count: int = SAMPLES) -> list[int]:
    """Numbers of segments that are spread over the lesson; a last one of less than half a segment stands for little."""
    last = frames_of(plan, plan.segment_count - 1)
    is_short = 2 * (last.end_frame - last.start_frame) < plan.segment_frames
    whole = max(1, plan.segment_count - is_short)
    picked = {int((index + 0.5) * whole / count) for index in range(count)}
    return sorted(picked)


def frames_of(plan: Plan, segment: int) -> Chunk:
    """The frames of one segment."""
    return Chunk(0, plan.start_frame(segment), min(plan.start_frame(segment + 1), plan.frame_count))


def scored(
    material: Material,
    source: Path,
    *,
    folder: Path | None = None,
    count: int = SAMPLES,
    with_peers: bool = False,
    cancelled: Cancelled = nobody_cancels,
    limits: Limits | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> tuple[dict[str, Score], list[PeerPoint]]:
    """
    VMAF of every rung on sampled segments, and of peers' ladders where they are wanted; works below `folder`.

    Raises EncodeFailed where the source is not the one that the lesson was made from.
    """
    plan, picked = material.plan, sampled_segments(material.plan, count)
    frames: dict[str, list[float]] = {rung.name: [] for rung in plan.video}
    peers: dict[tuple[Peer, int], list[tuple[float, float, float]]] = {}
    for done, segment in enumerate(picked):
        with TemporaryDirectory(prefix="sabaq-report-", dir=folder) as name:
            run = _Run(Path(name), cancelled, limits)
            run.reference(plan, frames_of(plan, segment), source)
            for rung, values in run.ours(material, segment).items():
                frames[rung] += values
            if with_peers:
                for key, point in run.peers(plan, frames_of(plan, segment)).items():
                    peers.setdefault(key, []).append(point)
        if on_progress:
            on_progress((done + 1) / len(picked))
    scores = {name: score_of(values) for name, values in frames.items() if values}
    return scores, [_point(peer, height, parts) for (peer, height), parts in peers.items()]


def score_of(frames: Sequence[float]) -> Score:
    ordered = sorted(frames)
    return Score(sum(ordered) / len(ordered), ordered[int(LOW_PERCENTILE * len(ordered))])


def _point(peer: Peer, height: int, parts: Sequence[tuple[float, float, float]]) -> PeerPoint:
    """Samples together: bits over seconds, and the mean over frames."""
    seconds = sum(seconds for seconds, _, _ in parts)
    kbit = sum(kbit for _, kbit, _ in parts)
    vmaf = sum(vmaf * seconds for seconds, _, vmaf in parts) / seconds
    return PeerPoint(peer, height, kbit / seconds, vmaf)


@dataclass(frozen=True, slots=True)
class _Run:
    """One sample, in a folder of its own."""

    folder: Path
    cancelled: Cancelled
    limits: Limits | None

    def encode(self, arguments: list[str]) -> int:
        """How many frames ffmpeg told of."""
        return encode_frames(arguments, self.folder, self.limits, self.cancelled)

    def reference(self, plan: Plan, frames: Chunk, source: Path) -> None:
        for begin_s in beginnings(plan, frames):
            if self.encode(reference_arguments(plan, frames, source, begin_s=begin_s)) == _length(frames):
                return
        raise EncodeFailed(f"{source.name} has no pictures at frame {frames.start_frame}")

    def ours(self, material: Material, segment: int) -> dict[str, list[float]]:
        candidates = {}
        for rung in material.plan.video:
            made = next(item for item in material.segments(rung.name) if item.number == segment)
            candidate = Candidate(f"{rung.name}.mp4", rung.frame_step)
            (self.folder / candidate.file).write_bytes(material.joined(rung.name, [made]))
            candidates[rung.name] = candidate
        return self.scores(candidates, material.plan)

    def peers(self, plan: Plan, frames: Chunk) -> dict[tuple[Peer, int], tuple[float, float, float]]:
        """By peer and height: seconds, kbit and VMAF of this sample."""
        found = {}
        size, seconds = source_size(plan), float(_length(frames) / plan.fps)
        for peer in PEERS:
            rungs = peer_rungs(peer, size, plan.fps)
            if not rungs:
                continue
            self.encode(peer_arguments(rungs, fps=plan.fps, size=size, segment_s=peer.segment_s))
            scores = self.scores({str(rung.height): Candidate(rung.file) for rung in rungs}, plan)
            for rung in rungs:
                kbit = (self.folder / rung.file).stat().st_size * BITS
                found[peer, rung.height] = (seconds, kbit, score_of(scores[str(rung.height)]).mean)
        return found

    def scores(self, candidates: Mapping[str, Candidate], plan: Plan) -> dict[str, list[float]]:
        names, found = list(candidates), {}
        for first in range(0, len(names), TOGETHER):
            together = names[first : first + TOGETHER]
            self.encode(scoring_arguments([candidates[name] for name in together], size=source_size(plan)))
            for name in together:
                said = json.loads((self.folder / candidates[name].log).read_text("utf-8"))
                found[name] = [float(frame["metrics"]["vmaf"]) for frame in said["frames"]]
        return found


def _length(frames: Chunk) -> int:
    return frames.end_frame - frames.start_frame
