"""
The ladders that peers ship, as option values of ffmpeg. Pure.

They are facts read in the peers' sources at the end of 2026, not code of theirs. Every rung keeps the source's frame
rate where a peer would round it to a whole number: what that costs in quality is not counted against them. The
sound is left out, for video bits alone are compared; `sound_kbps` is what a rung's line carries besides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from transcoder.reporting.peers import MEDIACMS_KBPS, PEERTUBE_BITS_PER_PIXEL


@dataclass(frozen=True, slots=True)
class Shape:
    """What a peer looks at before it decides."""

    width: int
    height: int
    fps: Fraction
    kbps: float
    """Of the whole file."""

    @property
    def shorter_side(self) -> int:
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Rung:
    """Output options of one encode, without the input, the sound and the file."""

    name: str
    options: tuple[str, ...]
    sound_kbps: int


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    rungs: Callable[[Shape], list[Rung]]


def _rate(fps: Fraction) -> str:
    return f"{fps.numerator}/{fps.denominator}"


def _below(shape: Shape, heights: tuple[int, ...]) -> list[int]:
    """Nobody scales up; the lowest is made of any source."""
    return [height for height in heights if height <= shape.shorter_side] or [heights[0]]


def _scaled(shape: Shape, height: int) -> str:
    """The shorter side at the rung's height, as all of them do with portrait pictures."""
    height = min(height, shape.shorter_side) // 2 * 2
    return f"scale=w={height}:h=-2" if shape.width < shape.height else f"scale=w=-2:h={height}"


def _peertube(shape: Shape) -> list[Rung]:
    rungs = []
    for height in _below(shape, tuple(PEERTUBE_BITS_PER_PIXEL)):
        fps = min(shape.fps, Fraction(60 if height >= 720 else 30))
        pixels_per_s = height * (height * 16 / 9) * float(fps)
        cap = min(pixels_per_s * PEERTUBE_BITS_PER_PIXEL[height], shape.kbps * 1300)
        cap = round(max(cap, pixels_per_s * 0.02))
        options = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-vf", _scaled(shape, height), "-preset", "veryfast"]
        options += ["-maxrate:v", str(cap), "-bufsize:v", str(cap * 2), "-b_strategy", "1", "-bf", "16"]
        options += ["-r", _rate(fps), "-g:v", str(round(fps * 2))]
        rungs.append(Rung(f"{height}p", tuple(options), 128))
    return rungs


def _mediacms(shape: Shape) -> list[Rung]:
    rungs = []
    for height in _below(shape, tuple(MEDIACMS_KBPS)):
        fps = min(shape.fps, Fraction(60 if height >= 720 else 30))
        cap = f"{MEDIACMS_KBPS[height] * 3 // 2}k"
        options = ["-c:v", "libx264", "-filter:v", f"{_scaled(shape, height)}:flags=lanczos,fps=fps={_rate(fps)}"]
        options += ["-pix_fmt", "yuv420p", "-crf", "23", "-maxrate", cap, "-bufsize", cap]
        options += ["-force_key_frames", "expr:gte(t,n_forced*4)"]
        options += ["-x264-params", f"keyint={round(fps * 8)}:keyint_min={round(fps * 4)}"]
        options += ["-preset", "medium", "-profile:v", "main", "-level", "4.2"]
        rungs.append(Rung(f"{height}p", tuple(options), 128))
    return rungs


ESUP_POD = {360: (1000, 96), 720: (3000, 128), 1080: (4500, 192)}


def _esup_pod(shape: Shape) -> list[Rung]:
    rungs = []
    for height in _below(shape, tuple(ESUP_POD)):
        cap, sound_kbps = ESUP_POD[height]
        options = ["-c:v", "libx264", "-preset", "slow", "-profile:v", "high", "-pix_fmt", "yuv420p", "-level", "3"]
        options += ["-crf", "20", "-sc_threshold", "0", "-force_key_frames", "expr:gte(t,n_forced*1)"]
        options += ["-vf", _scaled(shape, height), "-maxrate", f"{cap}k", "-bufsize", f"{cap}k"]
        rungs.append(Rung(f"{height}p", tuple(options), sound_kbps))
    return rungs


SHAKA_KBPS = {144: 108, 240: 242, 360: 400, 480: 1000, 720: 2000, 1080: 4000}


def _shaka(shape: Shape) -> list[Rung]:
    rungs = []
    for height in _below(shape, tuple(SHAKA_KBPS)):
        options = ["-preset", "slow", "-flags", "+loop+cgop", "-profile:v", "main", "-pix_fmt", "yuv420p"]
        options += ["-c:v", "h264", "-b:v", f"{SHAKA_KBPS[height]}k"]
        options += ["-keyint_min", str(round(shape.fps * 4)), "-g", str(round(shape.fps * 4))]
        options += ["-vf", f"{_scaled(shape, height)},setsar=1:1"]
        rungs.append(Rung(f"{height}p", tuple(options), 64))
    return rungs


PEERS = {
    peer.name: peer
    for peer in (
        Peer("PeerTube", _peertube),
        Peer("MediaCMS", _mediacms),
        Peer("Esup-Pod", _esup_pod),
        Peer("Shaka", _shaka),
    )
}
JUDGED = ("PeerTube", "MediaCMS")
"""Those that the limits name; the others are drawn where they are asked for."""
