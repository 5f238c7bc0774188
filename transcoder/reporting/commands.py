"""
Argument lists of a report, built as all others are. Pure.

Files are named relative to the folder in which ffmpeg runs; all but the source were written by us.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.encode import arguments, source_input
from transcoder.guards import guarded_input
from transcoder.media import Chunk, Plan
from transcoder.pictures import on_grid, on_paper, on_screen, rate, track_of
from transcoder.sizes import scaled_size
from transcoder.vmaf import LOSSLESS, compared

REFERENCE = "reference.nut"
JPEG = {
    "c:v": "mjpeg",
    "q:v": 4,
    "pix_fmt": "yuvj420p",
    "f": "image2",
    "update": 1,
    "frames:v": 1,
    "flags": "+bitexact",
}
SCORED_EVERY = 5
"""Frames between two that are scored; the sense of motion sees all of them."""
MOST_LINES = 1080


@dataclass(frozen=True, slots=True)
class Candidate:
    """An encoded file of ours, which shows every `frame_step`-th frame of the reference."""

    file: str
    frame_step: int = 1

    @property
    def log(self) -> str:
        return f"{self.file}.json"


def source_size(plan: Plan) -> tuple[int, int]:
    """
    At which pictures are compared: the source's own, even as 4:2:0 wants it.

    A source of more lines than the model of VMAF was made for is compared at those; no rung is larger.
    """
    video = track_of(plan)
    return scaled_size(video.width, video.height, MOST_LINES)


def reference_arguments(plan: Plan, frames: Chunk, source: Path, *, begin_s: float | None) -> list[str]:
    """These frames of the lesson's grid, at the source's size, once and without loss."""
    pictures = on_grid(source_input(plan, source, begin_s)[str(track_of(plan).stream)], plan, frames)
    pictures = on_screen(pictures, plan, *source_size(plan)).filter("setpts", "PTS-STARTPTS")
    return arguments([ffmpeg.output(pictures, f"file:{REFERENCE}", f="nut", **LOSSLESS)])


def scoring_arguments(candidates: Sequence[Candidate], *, size: tuple[int, int]) -> list[str]:
    """VMAF of each candidate against the one reference, which is decoded once."""
    references = _reference().filter("setpts", "N/TB").filter_multi_output("split", len(candidates))
    outputs = []
    for number, candidate in enumerate(candidates):
        shown, step = _ours(candidate.file)["v"], candidate.frame_step
        outputs.append(compared(shown, references[number], held=step, size=size, every=SCORED_EVERY, log=candidate.log))
    return arguments(outputs)


def snapshot_arguments(file: str, jpeg: str, *, frame: int, size: tuple[int, int]) -> list[str]:
    """One picture of a file of ours, at the size of the source: as a player on a large screen shows it."""
    shown = _ours(file)["v"].filter("select", f"eq(n,{frame})")
    shown = shown.filter("scale", *size, flags="bicubic", out_range="pc").filter("setsar", 1)
    return arguments([ffmpeg.output(shown, f"file:{jpeg}", **JPEG)])


def source_snapshot_arguments(plan: Plan, frame: int, source: Path, jpeg: str, *, begin_s: float | None) -> list[str]:
    """The same picture of the source itself."""
    pictures = on_grid(
        source_input(plan, source, begin_s)[str(track_of(plan).stream)], plan, Chunk(0, frame, frame + 1)
    )
    return arguments([ffmpeg.output(on_paper(pictures, plan, *source_size(plan)), f"file:{jpeg}", **JPEG)])


def peer_arguments(rungs: Sequence["PeerRung"], *, fps: Fraction, size: tuple[int, int], segment_s: float) -> list[str]:
    """The reference encoded in every rung of a peer, one file each."""
    pictures = _reference().filter("setpts", f"N/({rate(fps)})/TB").filter_multi_output("split", len(rungs))
    outputs: list[Any] = []
    for number, rung in enumerate(rungs):
        width = max(2, round(size[0] * rung.height / min(size) / 2) * 2) if size[0] > size[1] else rung.height
        height = rung.height if size[0] > size[1] else max(2, round(size[1] * rung.height / size[0] / 2) * 2)
        scaled = pictures[number].filter("scale", width, height, flags="bicubic").filter("setsar", 1)
        options = {"c:v": "libx264", "threads": 1, "g": max(1, round(segment_s * fps)), "pix_fmt": "yuv420p"}
        outputs.append(ffmpeg.output(scaled, f"file:{rung.file}", f="mp4", **options, **rung.options))
    return arguments(outputs)


@dataclass(frozen=True, slots=True)
class PeerRung:
    """A row of a peer's ladder, with what the peer gives x264."""

    file: str
    height: int
    options: dict[str, Any]


def _reference() -> Any:
    return ffmpeg.input(f"file:{REFERENCE}", f="nut", threads=1)["v"]


def _ours(file: str) -> Any:
    # Made by us, but from a hostile upload, and read back from a store.
    return ffmpeg.input(f"file:{file}", **guarded_input("mov"), f="mov", threads=1)
