"""
What every argument list of ffmpeg has in common, built with ffmpeg-python. Pure: `transcoder.runner` starts them.

Pictures are in `transcoder.encode_video`, sound in `transcoder.encode_sound`.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import ffmpeg

from transcoder.guards import guarded_input, local_file
from transcoder.media import Plan
from transcoder.pictures import MICROSECONDS

FRAGMENTS = "movflags=+frag_discont+cmaf+negative_cts_offsets:use_editlist=0:write_btrt=0"
"""
CMAF segments whose times continue over chunks: without frag_discont each chunk begins at 0 and the init segment
carries its edit list; with negative_cts_offsets the first picture is shown at the moment it is decoded. A box of bit
rates (btrt) would make another init segment of every cap that is tried.
"""

UNREAD_PLAYLIST = "ffmpeg.m3u8"
"""The muxer insists on one; ours are written from what it made."""


def guarded(plan: Plan) -> dict[str, Any]:
    """Options of every input."""
    return {
        **guarded_input(plan.source.demuxer),
        "f": plan.source.demuxer,
        "threads": plan.threads,
        # A picture that changes its size in mid-stream is scaled like the others; a graph built anew would lose one.
        "reinit_filter": 0,
    }


def source_input(plan: Plan, source: Path, begin_s: float | None, **decoder: Any) -> Any:
    options = {**guarded(plan), **decoder}
    if begin_s is not None:
        # From the key frame before: `fps` wants the picture that is already showing when the chunk begins.
        options |= {"ss": f"{begin_s:.6f}", "seek_timestamp": 1, "noaccurate_seek": None}
    return ffmpeg.input(local_file(source), **options)


def forked(stream: Any, *, last: bool, audio: bool = False) -> tuple[Any, Any]:
    if last:
        return stream, None
    split = stream.filter_multi_output("asplit" if audio else "split", 2)
    return split[0], split[1]


_SEGMENTED = {
    "f": "hls",
    "hls_segment_type": "fmp4",
    "hls_segment_options": FRAGMENTS,
    # A segment gets its name when it is complete.
    "hls_flags": "temp_file",
    "hls_list_size": 0,
    "avoid_negative_ts": "disabled",
    "map_metadata": -1,
    "map_chapters": -1,
    "dn": None,
    "sn": None,
}


def segmented(stream: Any, name: str, options: dict[str, Any]) -> Any:
    named = {"hls_segment_filename": f"file:{name}/%d.m4s", "hls_fmp4_init_filename": "init.mp4"}
    return ffmpeg.output(stream, f"file:{name}/{UNREAD_PLAYLIST}", **{**_SEGMENTED, **named, **options})


def arguments(outputs: Sequence[Any]) -> list[str]:
    everything = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    # Times are the source's own in every chunk; one thread is enough for the cheap filters.
    options = ("-nostdin", "-hide_banner", "-v", "error", "-nostats", "-progress", "pipe:1", "-copyts", "-y")
    arguments: list[str] = everything.global_args(*options, "-filter_complex_threads", "1").get_args()
    return arguments


def floored(length_s: Fraction) -> str:
    return f"{floor(length_s * MICROSECONDS) / MICROSECONDS:.6f}"
