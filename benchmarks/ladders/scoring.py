"""
How much of the source is left: VMAF of every frame, and the bits that it took.

The rung is scaled bicubically to the source's stored size, and both are held to one constant rate, from one time
zero, for one count of frames; whatever is not so is an error here, never a low score.
"""

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.ladders.running import Cache, ffmpeg, ffprobe, scratch, sha256_of
from transcoder.plan import output_fps
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings

MODEL = "vmaf_v0.6.1"
LOW_PERCENTILE = 0.05
HD_LINES = 720
SCALER_NAMES = {"bt470bg": "bt470", "bt2020nc": "bt2020"}
"""Colour matrices that `scale` names otherwise than ffprobe does."""
STILL_STEP_S = 1.5
"""The last picture of a rung that shows one a second may begin so long before the end."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A source as it is scored against."""

    path: Path
    sha256: str
    width: int
    """Stored size, turned upright: the source itself is not scaled."""
    height: int
    fps: Fraction
    frames: int
    matrix: str
    span: str
    duration_s: float
    has_sound: bool

    @property
    def said(self) -> list[str]:
        return [self.sha256, str(self.fps)]


@dataclass(frozen=True, slots=True)
class Score:
    vmaf: float
    low: float
    """The fifth percentile over frames."""
    kbps: float
    """Of the pictures alone, packets without container."""


class NotAligned(Exception):
    """The rung and the source do not show the same moments: a score would say nothing."""


def reference(path: Path, cache: Cache, *, fps: Fraction | None = None) -> Reference:
    """`fps` where not every frame is to be scored."""
    source = probe(path, settings=TranscoderSettings(workspace=cache.folder))
    video = source.video
    assert video is not None, f"{path} has no pictures"
    rate = fps or (output_fps(video) if video.variable_frame_rate else video.fps)
    stored = ffprobe(["-select_streams", str(video.stream), "-show_streams", str(path)])["streams"][0]
    size = (int(stored["width"]), int(stored["height"]))
    turned = any(abs(int(side.get("rotation", 0))) % 180 == 90 for side in stored.get("side_data_list", []))
    digest = sha256_of(path)
    held = cache.answer(["frames", digest, str(rate)], lambda: _frame_count(path, rate, cache))
    # Of a variable rate, `fps` may repeat a last picture beyond the track's end.
    frames = min(held, max(1, round(Fraction(video.duration_s) * rate)))
    full = stored.get("color_range") == "pc" or stored.get("pix_fmt", "").startswith("yuvj")
    hd = min(size) >= HD_LINES
    matrix = video.matrix or ("bt709" if hd else "smpte170m")
    width, height = size[::-1] if turned else size
    sound = source.audio is not None
    return Reference(
        path, digest, width, height, rate, frames, matrix, "pc" if full else "tv", float(frames / rate), sound
    )


def _frame_count(path: Path, rate: Fraction, cache: Cache) -> int:
    with scratch(cache.folder) as folder:
        ffmpeg(["-i", str(path), "-map", "0:v:0", "-vf", _held(rate), "-f", "framemd5", "frames"], cwd=folder)
        lines = (folder / "frames").read_text("utf-8").splitlines()
    return sum(not line.startswith("#") for line in lines)


def _held(rate: Fraction) -> str:
    return f"fps=fps={rate.numerator}/{rate.denominator}:start_time=0"


def score(coded: Path, against: Reference, cache: Cache, *, ours: bool = False, threads: int = 1) -> Score:
    """
    A file that names no colour matrix has the source's.

    `ours` is a file of our segments: the transcoder has read from their boxes that they begin at nought, which ffmpeg
    does not show where H.264's composition offsets are negative. Raises NotAligned.
    """
    asked = ["score", MODEL, sha256_of(coded), [*against.said, against.frames]]
    found = cache.answer(asked, lambda: asdict(_scored(coded, against, cache, ours, threads)))
    return Score(**found)


def _scored(coded: Path, against: Reference, cache: Cache, ours: bool, threads: int) -> Score:
    entries = "packet=pts_time,duration_time,size:stream=color_space"
    found = ffprobe(["-show_entries", entries, "-select_streams", "v", str(coded)])
    kbps = _measured_kbps(found["packets"], against, from_zero=not ours)
    matrix = found["streams"][0].get("color_space", "unknown")
    with scratch(cache.folder) as folder:
        graph = _graph(against, against.matrix if matrix == "unknown" else matrix, threads)
        inputs = ["-threads", "1", "-i", str(coded.absolute()), "-threads", "1", "-i", str(against.path.absolute())]
        ffmpeg([*inputs, "-filter_complex", graph, "-f", "null", "-"], cwd=folder)
        text = (folder / "vmaf.json").read_text("utf-8")
    return summary(text, frames=against.frames, kbps=kbps)


def _measured_kbps(packets: list[dict[str, Any]], against: Reference, *, from_zero: bool) -> float:
    times = [(float(packet["pts_time"]), float(packet.get("duration_time", 0))) for packet in packets]
    first_s, last_s = min(times)[0], max(start + length for start, length in times)
    frame_s = float(1 / against.fps)
    if from_zero and abs(first_s) > frame_s / 2:
        raise NotAligned(f"the first picture is shown at {first_s:.3f} s")
    if last_s - first_s < against.duration_s - max(
        frame_s * 1.5, STILL_STEP_S if len(packets) < against.frames / 2 else 0
    ):
        raise NotAligned(f"the pictures end at {last_s:.3f} s of {against.duration_s:.3f}")
    return sum(int(packet["size"]) for packet in packets) * 8 / 1000 / max(last_s - first_s, against.duration_s)


def _graph(against: Reference, matrix: str, threads: int) -> str:
    """Both to one rate and count; only the rung is scaled."""
    frames = f"tpad=stop=-1:stop_mode=clone,trim=end_frame={against.frames},setpts=N"
    size = f"scale=w={against.width}:h={against.height}:flags=bicubic"
    here, there = SCALER_NAMES.get(matrix, matrix), SCALER_NAMES.get(against.matrix, against.matrix)
    colours = f"in_color_matrix={here}:out_color_matrix={there}:out_range={against.span}"
    same = f"format=yuv420p,setparams=colorspace={against.matrix}:range={against.span},setsar=1"
    rung = f"[0:v:0]{_held(against.fps)},{size}:{colours},{same},{frames}[rung]"
    source = f"[1:v:0]{_held(against.fps)},{same},{frames}[source]"
    judge = f"libvmaf=model=version={MODEL}:n_threads={threads}:log_fmt=json:log_path=vmaf.json"
    return f"{rung};{source};[rung][source]{judge}"


def summary(log: str, *, frames: int, kbps: float) -> Score:
    """Of libvmaf's log. Raises NotAligned where it counted other frames than there are."""
    values = sorted(frame["metrics"]["vmaf"] for frame in json.loads(log)["frames"])
    if len(values) != frames:
        raise NotAligned(f"{len(values)} frames were compared, not {frames}")
    return Score(round(fmean(values), 3), round(percentile(values, LOW_PERCENTILE), 3), round(kbps, 3))


def percentile(ordered: list[float], part: float) -> float:
    """Between the two nearest of ascending values."""
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
