"""
Argument lists for pictures: one decode, every rung of a chunk as finished segments. Pure.

Every picture is placed on one absolute grid of frames, whichever chunk it is in: the source's own times are kept
(`-copyts`), so that a chunk holds exactly the frames which a decode of the whole would give it.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from transcoder.chunks import still_step
from transcoder.correcting import COARSEST
from transcoder.encode import arguments, floored, forked, segmented, source_input
from transcoder.media import Chunk, Plan, VideoRendition
from transcoder.pictures import colours_of, on_grid, on_screen, rate, track_of
from transcoder.video_encoders import PACKET_FILTERS, encoder_options

# Pictures that the demuxer gives before the wanted one: it seeks by decoding time, which B-pictures put earlier.
REORDERED_PICTURES = 16
SEEK_SLACK_S = 0.5
# These containers have no index of key frames, or none that can be trusted; begin where one must have been.
UNINDEXED_SLACK_S = {"mpegts": 12.0, "mpeg": 12.0, "avi": 12.0, "flv": 12.0}
FARTHER_S = 60.0
# The least that is left of a side where a picture has too much to show.
COARSEST_SIDE = 16


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


def sample_count(frames: int, frame_step: int) -> int:
    """How many pictures a rung shows of so many frames of the grid."""
    return -(-frames // frame_step)


def video_arguments(
    plan: Plan,
    chunk: Chunk,
    renditions: Sequence[VideoRendition],
    source: Path,
    *,
    begin_s: float | None,
    coarseness: int = 1,
) -> list[str]:
    """
    One decode, each rung scaled from the next larger one, every rung written as finished segments.

    `begin_s` is one of `beginnings`, `coarseness` is that of `transcoder.correcting.Try`. Outputs are named relative to
    the folder in which ffmpeg runs: in a name of someone's choice, `%v` or `%d` would be a pattern of the muxer's.
    """
    pictures = on_grid(source_input(plan, source, begin_s)[str(track_of(plan).stream)], plan, chunk)
    outputs: list[Any] = []
    cascades = [list(rungs) for _, rungs in groupby(in_order(renditions), key=lambda rung: rung.frame_step)]
    for number, rungs in enumerate(cascades, start=1):
        here, pictures = forked(pictures, last=number == len(cascades))
        outputs += _cascade(_every(here, rungs[0].frame_step), plan, chunk, rungs, coarseness=coarseness)
    return arguments(outputs)


def in_order(renditions: Sequence[VideoRendition]) -> list[VideoRendition]:
    """As they are encoded: those of all frames first, from large to small; ffmpeg tells the first one's progress."""
    return sorted(renditions, key=lambda rung: (rung.frame_step, -rung.width, -rung.max_kbps))


def _every(pictures: Any, frame_step: int) -> Any:
    """Where few frames are encoded, only these are scaled."""
    return pictures if frame_step == 1 else pictures.filter("framestep", step=frame_step)


def _cascade(pictures: Any, plan: Plan, chunk: Chunk, rungs: Sequence[VideoRendition], *, coarseness: int) -> list[Any]:
    outputs: list[Any] = []
    size = None
    for rung in rungs:
        wanted = (rung.width, rung.height)
        if size is None:
            pictures = on_screen(pictures, plan, *wanted)
        elif size != wanted:
            # Even sides bend the shape by less than a pixel, which `scale` would tell as pixels that are not square.
            pictures = pictures.filter("scale", w=rung.width, h=rung.height, flags="bicubic").filter("setsar", 1)
        here, pictures = forked(pictures, last=rung is rungs[-1])
        if coarseness > 1:
            here = _with_less_to_show(here, plan, rung, coarseness=coarseness)
        outputs.append(_video_output(here, plan, chunk, rung, strict=coarseness == COARSEST))
        size = wanted
    return outputs


def _with_less_to_show(pictures: Any, plan: Plan, rung: VideoRendition, *, coarseness: int) -> Any:
    """
    Coarse, and at the coarsest one picture a second too: no encoder spends less than its highest CRF does, which may be
    7 Mbit/s for noise.
    """
    coarse = {"w": max(COARSEST_SIDE, rung.width // coarseness), "h": max(COARSEST_SIDE, rung.height // coarseness)}
    pictures = pictures.filter("scale", **coarse, flags="bicubic")
    pictures = pictures.filter("scale", w=rung.width, h=rung.height, flags="bicubic").filter("setsar", 1)
    if coarseness < COARSEST:
        return pictures
    held = max(1, still_step(plan.fps) // rung.frame_step)
    # The filter drops a last group that is not full: `frames:v` ends what the padding goes on with.
    pictures = pictures.filter("shuffleframes", " ".join(["0"] * held))
    return pictures.filter("tpad", stop=-1, stop_mode="clone")


def _video_output(pictures: Any, plan: Plan, chunk: Chunk, rung: VideoRendition, *, strict: bool) -> Any:
    frames, segment_frames = chunk.end_frame - chunk.start_frame, plan.chunk_segment_frames(chunk)
    colours = colours_of(plan)
    segment_s = float(min(frames, segment_frames) / plan.fps)
    options = {
        # A key frame at each segment's start and nowhere else, on a grid that all rungs share.
        **encoder_options(plan, rung, gop=segment_frames // rung.frame_step, segment_s=segment_s, strict=strict),
        # A closed GOP never refers back; bitexact leaves the encoder's name out of the init segment.
        "flags": "+cgop+bitexact",
        "frames:v": sample_count(frames, rung.frame_step),
        "pix_fmt": "yuv420p",
        "color_primaries": colours.primaries,
        "color_trc": colours.transfer,
        "colorspace": colours.matrix,
        "color_range": "tv",
        # Half a frame less, so that no rounding puts off a cut that lies exactly on the grid.
        "hls_time": floored((segment_frames - Fraction(1, 2)) / plan.fps),
        "start_number": plan.segments_of(chunk)[0],
        **_few_frames(plan, rung.frame_step),
    }
    filters = [*PACKET_FILTERS[rung.family], *_lasting(frames, rung.frame_step)]
    if filters:
        options["bsf:v"] = ",".join(filters)
    return segmented(pictures, rung.name, options)


def _few_frames(plan: Plan, frame_step: int) -> dict[str, Any]:
    """A rung that shows every n-th frame of the grid keeps its times in the grid's units."""
    return {} if frame_step == 1 else {"fps_mode": "passthrough", "enc_time_base": rate(1 / plan.fps)}


def _lasting(frames: int, frame_step: int) -> list[str]:
    """
    Each picture lasts until the next, the last one until the chunk ends, so that all rungs are equally long.

    Without `pts` and `dts` the filter would make the times of decoding those of showing.
    """
    if frame_step == 1:
        return []
    last = sample_count(frames, frame_step) - 1
    duration = f"if(eq(N\\,{last})\\,{frames - last * frame_step}\\,{frame_step})"
    return [f"setts=pts=PTS:dts=DTS:duration={duration}"]
