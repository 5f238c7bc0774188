"""
Argument lists for pictures: one decode, every rung of a chunk as finished segments. Pure.

Every picture is placed on one absolute grid of frames, whichever chunk it is in: the source's own times are kept
(`-copyts`), so that a chunk holds exactly the frames which a decode of the whole would give it.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from transcoder.encode import arguments, floored, forked, segmented, source_input
from transcoder.media import Chunk, Plan, VideoRendition
from transcoder.pictures import on_bt709, on_grid, track_of

# Pictures that the demuxer gives before the wanted one: it seeks by decoding time, which B-pictures put earlier.
REORDERED_PICTURES = 16
SEEK_SLACK_S = 0.5
# These containers have no index of key frames, or none that can be trusted; begin where one must have been.
UNINDEXED_SLACK_S = {"mpegts": 12.0, "mpeg": 12.0, "avi": 12.0, "flv": 12.0}
FARTHER_S = 60.0


def beginnings(plan: Plan, chunk: Chunk) -> list[float | None]:
    """
    Where in the file's own time to begin reading for a chunk, in the order of trying; None is the file's beginning.

    Each lies so far before the chunk that the picture shown at the chunk's start should have been decoded; where the
    demuxer lands too late for that, the next is tried.
    """
    video = track_of(plan)
    slack_s = SEEK_SLACK_S + REORDERED_PICTURES / float(video.fps) + UNINDEXED_SLACK_S.get(plan.source.demuxer, 0.0)
    wanted_s = float(chunk.start_frame / plan.fps) - slack_s
    sought = [plan.source.start_s + begin_s for begin_s in (wanted_s, wanted_s - FARTHER_S) if begin_s > 0]
    return [*sought, None]


def video_arguments(
    plan: Plan,
    chunk: Chunk,
    renditions: Sequence[VideoRendition],
    source: Path,
    *,
    begin_s: float | None,
) -> list[str]:
    """
    One decode, each rung scaled from the next larger one, every rung written as finished segments.

    `begin_s` is one of `beginnings`. Outputs are named relative to the folder in which ffmpeg runs: in a name of
    someone's choice, `%v` or `%d` would be a pattern of the muxer's.
    """
    pictures = on_grid(source_input(plan, source, begin_s)[str(track_of(plan).stream)], plan, chunk)
    outputs: list[Any] = []
    for rung in sorted(renditions, key=lambda rendition: (rendition.width, rendition.max_kbps), reverse=True):
        pictures = _sized(pictures, plan, rung, first=not outputs)
        here, pictures = forked(pictures, last=len(outputs) + 1 == len(renditions))
        outputs.append(_video_output(here, plan, chunk, rung))
    return arguments(outputs)


def _sized(pictures: Any, plan: Plan, rung: VideoRendition, *, first: bool) -> Any:
    if first:
        return on_bt709(pictures, plan, rung.width, rung.height)
    # Even sides bend the shape by less than a pixel, which `scale` would tell as pixels that are not square.
    return pictures.filter("scale", w=rung.width, h=rung.height, flags="bicubic").filter("setsar", 1)


def _video_output(pictures: Any, plan: Plan, chunk: Chunk, rung: VideoRendition) -> Any:
    frames, segment_frames = chunk.end_frame - chunk.start_frame, plan.chunk_segment_frames(chunk)
    options = {
        "c:v": "libx264",
        "profile:v": "high",
        "level:v": rung.level,
        # Measured: `animation` helps slides and screens, slower presets are not worth their time on lessons.
        "preset": rung.preset,
        "tune": "animation",
        "crf": rung.crf,
        "maxrate": f"{rung.max_kbps}k",
        "bufsize": f"{rung.buffer_kbit}k",
        # An IDR picture at each segment's start and nowhere else, on a grid that all rungs share.
        "g": segment_frames,
        "keyint_min": segment_frames,
        "sc_threshold": 0,
        # A closed GOP never refers back; bitexact leaves the encoder's name out of the init segment.
        "flags": "+cgop+bitexact",
        "threads": plan.threads,
        "frames:v": frames,
        "pix_fmt": "yuv420p",
        "color_primaries": "bt709",
        "color_trc": "bt709",
        "colorspace": "bt709",
        "color_range": "tv",
        # Half a frame less, so that no rounding puts off a cut that lies exactly on the grid.
        "hls_time": floored((segment_frames - Fraction(1, 2)) / plan.fps),
        "start_number": plan.segments_of(chunk)[0],
    }
    return segmented(pictures, rung.name, options)
