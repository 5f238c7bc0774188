"""
The fixed ladders that other systems give every lesson, for comparison. Pure.

Their settings are as they ship; the typical figures were measured with these settings on one lesson of each kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from transcoder.analysis.values import Kind
from transcoder.reporting.commands import PeerRung


@dataclass(frozen=True, slots=True)
class Peer:
    """A system with a ladder of its own."""

    name: str
    audio_kbps: int
    """That it adds to every rung."""
    segment_s: float


PEERTUBE = Peer("PeerTube", 128, 2.0)
MEDIACMS = Peer("MediaCMS", 128, 4.0)
PEERS = (PEERTUBE, MEDIACMS)

PEERTUBE_BITS_PER_PIXEL = {144: 0.19, 240: 0.17, 360: 0.15, 480: 0.12, 720: 0.11, 1080: 0.10}
MEDIACMS_KBPS = {144: 150, 240: 300, 360: 500, 480: 1000, 720: 2500, 1080: 4500}


def peer_rungs(peer: Peer, size: tuple[int, int], fps: Fraction) -> list[PeerRung]:
    """Those that do not enlarge the picture."""
    options = {PEERTUBE: _peertube, MEDIACMS: _mediacms}[peer]
    heights = [height for height in MEDIACMS_KBPS if height <= min(size)]
    return [PeerRung(f"{peer.name}-{height}.mp4", height, options(height, fps)) for height in heights]


def _peertube(height: int, fps: Fraction) -> dict[str, Any]:
    rate = round(height * height * Fraction(16, 9) * fps * Fraction(str(PEERTUBE_BITS_PER_PIXEL[height])))
    return {"preset": "veryfast", "maxrate": rate, "bufsize": rate * 2, "b_strategy": 1, "bf": 16}


def _mediacms(height: int, _fps: Fraction) -> dict[str, Any]:
    rate = f"{MEDIACMS_KBPS[height] * 3 // 2}k"
    options = {"preset": "medium", "profile:v": "main", "crf": 23, "maxrate": rate, "bufsize": rate}
    return {**options, "x264-params": "keyint=240:keyint_min=120"}


Typical = Mapping[str, tuple[tuple[int, float, float], ...]]
"""Peer → height, kbit/s of pictures, VMAF."""

_SCREEN: Typical = {
    "PeerTube": ((240, 80, 31.4), (360, 162, 56.9), (480, 252, 72.0), (720, 432, 86.6), (1080, 734, 94.2)),
    "MediaCMS": ((240, 81, 33.4), (360, 164, 59.2), (720, 434, 88.2)),
}
_SLIDES: Typical = {
    "PeerTube": ((240, 41, 22.6), (360, 70, 56.7), (480, 99, 74.9), (720, 155, 87.5), (1080, 233, 95.9)),
    "MediaCMS": ((240, 33, 24.3), (360, 55, 58.1), (720, 124, 88.2)),
}
_TALKING: Typical = {
    "PeerTube": ((240, 96, 66.9), (360, 173, 80.1), (480, 255, 85.3), (720, 499, 90.0)),
    "MediaCMS": ((240, 94, 70.8), (360, 177, 83.2), (720, 542, 92.0)),
}
_BOARD: Typical = {
    "PeerTube": ((240, 114, 65.4), (360, 216, 80.0), (480, 333, 86.7), (720, 787, 93.7)),
    "MediaCMS": ((240, 111, 68.0), (360, 208, 82.0), (720, 721, 94.8)),
}
TYPICAL: Mapping[Kind, Typical] = {"screen": _SCREEN, "slides": _SLIDES, "talking": _TALKING, "board": _BOARD}
"""Measured on lessons of 720 and 1080 lines; nothing was measured on phones and much motion."""
