"""Filters on pictures: each on its frame of the lesson's grid, then in the colours that every screen shows. Pure."""

from fractions import Fraction
from typing import Any

from transcoder.media import Chunk, Plan, VideoTrack

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


def on_bt709(pictures: Any, plan: Plan, width: int, height: int, *, full_range: bool = False) -> Any:
    """Scaled to square pixels, in the colours of SDR BT.709, 8 bit; `full_range` is for JPEG."""
    video, span = track_of(plan), "pc" if full_range else "tv"
    size = {"w": width, "h": height, "flags": "bicubic"}
    if video.transfer in HDR_TRANSFERS:
        pictures = _tone_mapped(pictures.filter("scale", **size), span)
    else:
        # A picture of HD size that names no matrix is BT.709 by custom, a smaller one BT.601 (the filter's default).
        hd = not video.matrix and min(video.width, video.height) >= HD_HEIGHT
        named = {"in_color_matrix": "bt709"} if hd else {}
        pictures = pictures.filter("scale", **size, **named, out_color_matrix="bt709", out_range=span)
    pictures = pictures.filter("format", "yuvj420p" if full_range else "yuv420p")
    said = {"range": span, "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709"}
    return pictures.filter("setparams", **said).filter("setsar", 1)


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
