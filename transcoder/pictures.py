"""Filters on pictures: each on its frame of the lesson's grid, then in the colours that every screen shows. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from transcoder.media import Chunk, Plan
from transcoder.source import VideoTrack

HDR_TRANSFERS = ("smpte2084", "arib-std-b67")
HD_HEIGHT = 720
MICROSECONDS = 1_000_000


def on_grid(pictures: Any, plan: Plan, chunk: Chunk) -> Any:
    """Exactly the frames `[start, end)` of the lesson's grid."""
    video = track_of(plan)
    if video.interlaced:
        pictures = pictures.filter("bwdif", mode="send_frame")
    # In microseconds first: a shift by less than the source's own time base (1/25 in an avi) would be lost.
    pictures = pictures.filter("settb", "AVTB").filter("setpts", f"PTS-{microseconds(zero_s(plan) - _settled_s(plan))}")
    late = video.start_s > plan.source.start_s + float(chunk.start_frame / plan.fps)
    # Before a late first picture there is only that picture.
    begin = {"start_time": f"{float(chunk.start_frame / plan.fps):.6f}"} if late else {}
    # `pass` keeps a last picture that is shorter than half a frame: it may be the only one.
    pictures = pictures.filter("fps", fps=rate(plan.fps), eof_action="pass", **begin)
    # The last picture stays where the sound goes on; what is cut off decides how many of them there are.
    pictures = pictures.filter("tpad", stop=-1, stop_mode="clone")
    return pictures.filter("trim", start_pts=chunk.start_frame, end_pts=chunk.end_frame)


def _settled_s(plan: Plan) -> float:
    """
    How far to move pictures so that `fps`, which rounds to the nearest frame, takes those at the frames' own times.

    Of 120 pictures a second it would take the second of four, and of 60 whichever a rounding in the source prefers.
    """
    divided = max(Fraction(1), track_of(plan).fps / plan.fps)
    return float((1 - 1 / divided) / 2 / plan.fps)


def zero_s(plan: Plan) -> float:
    """The time of the lesson's zero on decoded pictures."""
    return plan.source.start_s + track_of(plan).shift_s


def microseconds(time_s: float) -> str:
    return f"({round(time_s * MICROSECONDS)})"


@dataclass(frozen=True, slots=True)
class Colours:
    """As ffmpeg names them."""

    matrix: str
    primaries: str
    transfer: str


BT709 = Colours("bt709", "bt709", "bt709")
BT601 = Colours("smpte170m", "smpte170m", "smpte170m")
BT601_MATRICES = ("smpte170m", "bt470bg")


def colours_of(plan: Plan) -> Colours:
    """
    Those in which the lesson is encoded.

    Old cameras' BT.601 stays as it is: turned into BT.709 in 8 bit, a talking head took 3 to 15 % more bits for the
    same quality. A picture that names no matrix is by custom BT.709 if it is of HD size, BT.601 if it is smaller.
    """
    video = track_of(plan)
    hd = video.shorter_side >= HD_HEIGHT
    matrix = video.matrix or ("bt709" if hd else "smpte170m")
    return BT601 if matrix in BT601_MATRICES and video.transfer not in HDR_TRANSFERS else BT709


def on_screen(pictures: Any, plan: Plan, width: int, height: int) -> Any:
    """Scaled to square pixels, 8 bit, in SDR colours that every screen shows (`colours_of`)."""
    return _coloured(pictures, plan, (width, height), colours_of(plan), span="tv")


def on_paper(pictures: Any, plan: Plan, width: int, height: int) -> Any:
    """As `on_screen`, in BT.709 of full range, for JPEG."""
    return _coloured(pictures, plan, (width, height), BT709, span="pc")


def _coloured(pictures: Any, plan: Plan, size_wanted: tuple[int, int], colours: Colours, *, span: str) -> Any:
    video, (width, height) = track_of(plan), size_wanted
    size = {"w": width, "h": height, "flags": "bicubic"}
    if video.transfer in HDR_TRANSFERS:
        pictures = _tone_mapped(pictures.filter("scale", **size), span)
    else:
        # The filter takes a picture that names no matrix for BT.601.
        hd = not video.matrix and video.shorter_side >= HD_HEIGHT
        named = {"in_color_matrix": "bt709"} if hd else {}
        pictures = pictures.filter("scale", **size, **named, out_color_matrix=colours.matrix, out_range=span)
    pictures = pictures.filter("format", "yuvj420p" if span == "pc" else "yuv420p")
    said = {"color_primaries": colours.primaries, "color_trc": colours.transfer, "colorspace": colours.matrix}
    return pictures.filter("setparams", range=span, **said).filter("setsar", 1)


def _tone_mapped(pictures: Any, span: str) -> Any:
    """PQ or HLG to SDR; the pictures come sized, for tone mapping works on floating point."""
    pictures = pictures.filter("zscale", t="linear", npl=100).filter("format", "gbrpf32le")
    pictures = pictures.filter("zscale", p="bt709").filter("tonemap", tonemap="hable", desat=0)
    return pictures.filter("zscale", t="bt709", m="bt709", r=span)


def track_of(plan: Plan) -> VideoTrack:
    """The pictures of a plan that has some."""
    assert plan.source.video is not None
    return plan.source.video


def rate(fps: Fraction) -> str:
    return f"{fps.numerator}/{fps.denominator}"
