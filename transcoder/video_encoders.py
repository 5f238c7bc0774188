"""What each video encoder is told beyond the common options: x264 and SVT-AV1. Pure."""

from typing import Any

from transcoder.media import Plan, VideoRendition
from transcoder.policy import Family

PACKET_FILTERS: dict[Family, tuple[str, ...]] = {"avc": ("filter_units=remove_types=6",), "av1": ()}
"""In each chunk's first picture x264 lists its options, 700 bytes that a line of 96 kbit/s needs for the picture."""
SVT_AV1_PARAMS = "scd=0:scm=1"
"""
Key frames where we ask for them alone, and tools for screens: measured, these save 16 % of a screencast's bits, and 4 %
of a talking head's, for a quarter more CPU.
"""


def encoder_options(plan: Plan, rung: VideoRendition, *, gop: int, segment_s: float, strict: bool) -> dict[str, Any]:
    """
    For a rung with a key frame every `gop` pictures, and `segment_s` the length of its segments.

    With `strict` the encoder's rate control holds every segment to the rung's cap, whatever becomes of the picture.
    """
    options = {"preset": rung.preset, "crf": rung.crf, "g": gop}
    if rung.family == "avc":
        return options | _x264(plan, rung, gop=gop, segment_s=segment_s, strict=strict)
    return options | _svt_av1(plan, rung, strict=strict)


def _x264(plan: Plan, rung: VideoRendition, *, gop: int, segment_s: float, strict: bool) -> dict[str, Any]:
    # A segment holds at most what flows in while it lasts, and what the buffer held before.
    max_kbps = max(1, rung.max_kbps // 2) if strict else rung.max_kbps
    buffer_kbit = max(1, int(max_kbps * segment_s)) if strict else rung.buffer_kbit
    return {
        "c:v": "libx264",
        "profile:v": "high",
        "level:v": rung.level,
        # Measured: it helps slides and screens; `stillimage` costs bits.
        "tune": "animation",
        "maxrate": f"{max_kbps}k",
        "bufsize": f"{buffer_kbit}k",
        "keyint_min": gop,
        "sc_threshold": 0,
        "threads": plan.threads,
        # Headers that do not depend on the CRF, so that segments of another CRF fit the same init segment.
        "x264-params": "stitchable=1",
    }


def _svt_av1(plan: Plan, rung: VideoRendition, *, strict: bool) -> dict[str, Any]:
    # Measured: it costs up to 20 VMAF beside a higher CRF of the same bytes, so it is the last resort.
    cap = {"maxrate": f"{rung.max_kbps}k"} if strict else {}
    return {"c:v": "libsvtav1", "svtav1-params": f"lp={plan.threads}:{SVT_AV1_PARAMS}", **cap}
