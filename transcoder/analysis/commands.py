"""
Argument lists for a look at a lesson, built as all others are. Pure.

Files are named relative to the folder in which ffmpeg runs; those that are read here were written by us.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.analysis.samples import Sample
from transcoder.encode import arguments, source_input
from transcoder.media import Chunk, Plan
from transcoder.pictures import on_grid, on_screen, rate, track_of
from transcoder.policy import Family
from transcoder.sizes import scaled_size
from transcoder.video_encoders import PACKET_FILTERS, SVT_AV1_PARAMS
from transcoder.vmaf import LOSSLESS, compared

CHANGED = 3
"""Difference in luma from which a pixel is said to change: codecs and cameras make less of it by themselves."""
MOVED = 12
"""And from which something has moved there."""
EDGE = 60
"""Gradient of a drawn edge."""
FLAT = 3
"""Gradient below which a picture was painted, not filmed."""
MAP = (32, 18)
"""What is seen is written as small maps, whose grey is the share of such pixels."""
STRIPS = 32
"""Columns in which lines of writing are looked for."""
PHASES = 5
"""How often a frame that is held is compared with what the lesson shows meanwhile."""
SEEN_TOGETHER = 3
"""A frame that is scored, the one before it and the one behind it."""
LONGER_THAN_A_SAMPLE = 9999


@dataclass(frozen=True, slots=True)
class Candidate:
    """A size, a frame step and a CRF to be tried."""

    family: Family
    height: int
    frame_step: int
    crf: int

    @property
    def held(self) -> int:
        """How many frames of its reference one frame stands for."""
        return PHASES if self.frame_step > 1 else 1

    @property
    def file(self) -> str:
        return f"{self.family}-{self.height}-{self.frame_step}-{self.crf}.mp4"


def reference_name(index: int) -> str:
    return f"reference-{index}.nut"


def still_reference_name(index: int) -> str:
    return f"still-{index}.nut"


def map_name(what: str, index: int) -> str:
    return f"{what}-{index}.gray"


def reference_arguments(
    plan: Plan, sample: Sample, index: int, source: Path, *, begin_s: float | None, size: tuple[int, int]
) -> list[str]:
    """A sample's frames, once and without loss, and maps of what is seen in them."""
    pictures = on_grid(source_input(plan, source, begin_s)[str(track_of(plan).stream)], plan, sample.chunk(index))
    pictures = on_screen(pictures, plan, *size).filter("setpts", "PTS-STARTPTS").filter_multi_output("split", 3)
    changes = pictures[1].filter("extractplanes", "y").filter("tblend", all_mode="difference")
    edges = pictures[2].filter("select", "not(n)").filter("extractplanes", "y").filter("sobel")
    changes, edges = changes.filter_multi_output("split", 2), edges.filter_multi_output("split", 2)
    maps = (
        _map(changes[0], "changed", index, f"gte(val,{CHANGED})", MAP),
        _map(changes[1], "moved", index, f"gte(val,{MOVED})", MAP),
        _map(edges[0], "edges", index, f"gte(val,{EDGE})", (STRIPS, size[1])),
        _map(edges[1], "flat", index, f"lt(val,{FLAT})", MAP),
    )
    return arguments([ffmpeg.output(pictures[0], f"file:{reference_name(index)}", f="nut", **LOSSLESS), *maps])


def still_reference_arguments(
    plan: Plan, chunk: Chunk, index: int, source: Path, *, begin_s: float | None, size: tuple[int, int], frame_step: int
) -> list[str]:
    """A few frames of each second of a segment, without loss: what a rung of one frame a second is compared with."""
    pictures = on_grid(source_input(plan, source, begin_s)[str(track_of(plan).stream)], plan, chunk)
    wanted = "+".join(f"eq(mod(n,{frame_step}),{frame_step * phase // PHASES})" for phase in range(PHASES))
    pictures = on_screen(pictures.filter("select", wanted), plan, *size).filter("setpts", "N/TB")
    return arguments([ffmpeg.output(pictures, f"file:{still_reference_name(index)}", f="nut", **LOSSLESS)])


def _map(pictures: Any, what: str, index: int, marked: str, shape: tuple[int, int]) -> Any:
    # Without `accurate_rnd` black comes out as a dark grey.
    small = pictures.filter("lut", c0=f"255*{marked}").filter("scale", *shape, flags="area+accurate_rnd")
    return ffmpeg.output(small, f"file:{map_name(what, index)}", f="rawvideo", pix_fmt="gray", fps_mode="passthrough")


def trial_arguments(
    reference: str,
    candidates: Sequence[Candidate],
    *,
    fps: Fraction,
    size: tuple[int, int],
    presets: dict[Family, str],
) -> list[str]:
    """One reference encoded in every one of the candidates, which are of one family, size and frame step."""
    first = candidates[0]
    pictures = _reference(reference)
    if first.held > 1:
        pictures = pictures.filter("select", f"not(mod(n,{first.held}))")
    # Times are made anew, so that every encoder sees the rate that the rung would have.
    pictures = pictures.filter("setpts", f"N*{first.frame_step}/({rate(fps)})/TB")
    pictures = pictures.filter("scale", *scaled_size(*size, first.height), flags="bicubic").filter("setsar", 1)
    copies = pictures.filter_multi_output("split", len(candidates))
    return arguments(
        [
            ffmpeg.output(
                copies[number],
                f"file:{candidate.file}",
                f="mp4",
                fps_mode="passthrough",
                enc_time_base=f"{fps.denominator * first.frame_step}/{fps.numerator}",
                **encoder_options(candidate, presets[candidate.family]),
            )
            for number, candidate in enumerate(candidates)
        ]
    )


def encoder_options(candidate: Candidate, preset: str) -> dict[str, Any]:
    """As the rungs are encoded, but for caps; one key frame only."""
    common = {"preset": preset, "crf": candidate.crf, "g": LONGER_THAN_A_SAMPLE, "pix_fmt": "yuv420p"}
    filters = {"bsf:v": ",".join(names)} if (names := PACKET_FILTERS[candidate.family]) else {}
    if candidate.family == "avc":
        return {"c:v": "libx264", "tune": "animation", "sc_threshold": 0, "threads": 1, **common, **filters}
    return {"c:v": "libsvtav1", "svtav1-params": f"lp=1:{SVT_AV1_PARAMS}", **common, **filters}


def scoring_arguments(
    reference: str,
    candidates: Sequence[Candidate],
    scaled: Sequence[tuple[int, int]],
    *,
    size: tuple[int, int],
    every: int,
) -> list[str]:
    """
    VMAF of every candidate's file against one reference, and of sizes and frame steps by themselves.

    One frame in `every` is scored, against the same frame of the reference.
    """
    # The sense of motion sees a frame's neighbours: without the others a third of the work is spared.
    apart = every > SEEN_TOGETHER and not any(candidate.held > 1 for candidate in candidates)
    wanted = f"lte(mod(n,{every}),1)+eq(mod(n,{every}),{every - 1})" if apart else "1"
    every = SEEN_TOGETHER if apart else every
    pictures = _reference(reference).filter("select", wanted).filter("setpts", "N/TB")
    copies = pictures.filter_multi_output("split", len(candidates) + 2 * len(scaled))
    outputs = []
    for number, candidate in enumerate(candidates):
        shown = ffmpeg.input(f"file:{candidate.file}", f="mov", threads=1)["v"].filter("select", wanted)
        log = f"{candidate.file}.json"
        outputs.append(compared(shown, copies[number], held=candidate.held, size=size, every=every, log=log))
    for number, (height, frame_step) in enumerate(scaled, start=len(candidates)):
        shown = copies[number + len(scaled)]
        held = PHASES if frame_step > 1 else 1
        if held > 1:
            shown = shown.filter("select", f"not(mod(n,{held}))")
        if height < min(size):
            shown = shown.filter("scale", *scaled_size(*size, height), flags="bicubic")
        log = scaled_log(height, frame_step)
        outputs.append(compared(shown, copies[number], held=held, size=size, every=every, log=log))
    return arguments(outputs)


def scaled_log(height: int, frame_step: int) -> str:
    return f"scaled-{height}-{frame_step}.json"


def _reference(name: str) -> Any:
    return ffmpeg.input(f"file:{name}", f="nut", threads=1)["v"]
