"""
Lessons for the tests, generated: pictures that show their own number, and a beep with a flash in every second.

The upper half of a picture holds eight bars, the binary digits of its number modulo 256; the lower half is white
from .6 to .8 of every second, while a tone of 1 kHz sounds. So what comes out says which picture it is, and how far
sound and picture are apart.
"""

import json
import os
import shlex
import struct
import subprocess
from array import array
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from transcoder.tools import find_tools

BARS = 8
BEEP_FROM_S, BEEP_TO_S = 0.6, 0.8
SOUND_RATE = 48_000
LOUD = 3000
"""Of 32767: a sample above this belongs to a beep."""
WHITE = 128


def ffmpeg(*arguments: str) -> bytes:
    """Run our own ffmpeg on files that we made ourselves."""
    command = [str(find_tools().ffmpeg), "-nostdin", "-hide_banner", "-v", "error", "-y", *arguments]
    finished = subprocess.run(command, capture_output=True, check=False)
    assert finished.returncode == 0, (shlex.join(command), finished.stderr.decode("utf-8", "replace")[-2000:])
    return finished.stdout


def clock_picture(*, size: str, fps: str) -> str:
    """A lavfi source. Drawn tiny and enlarged: an expression for every pixel is slow."""
    bar = f"mod(floor(N/pow(2,floor(X*{BARS}/W))),2)"
    flash = f"between(mod(T,1),{BEEP_FROM_S}-0.0001,{BEEP_TO_S}-0.0001)"
    luma = f"if(lt(Y,H/2),16+219*{bar},16+219*{flash})"
    drawn = f"color=black:s=32x16:r={fps},format=gray,geq=lum='{luma}'"
    return f"{drawn},scale={size}:flags=neighbor,format=yuv420p,setsar=1"


def clock_sound(channels: int = 1) -> str:
    beep = f"if(between(mod(t,1),{BEEP_FROM_S},{BEEP_TO_S}),0.6*sin(2*PI*1000*t),0)"
    return f"aevalsrc='{'|'.join([beep] * channels)}':s={SOUND_RATE}"


class Samples:
    """Files in one folder, each made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def master(self, *, size: str = "128x72", fps: str = "10", seconds: float = 40) -> Path:
        """Lossless pictures and sound, from which the others are encoded."""
        path = self.folder / f"master-{size}-{fps.replace('/', '_')}-{seconds:g}.mkv"
        if not path.exists():
            inputs = ("-f", "lavfi", "-i", clock_picture(size=size, fps=fps), "-f", "lavfi", "-i", clock_sound())
            ffmpeg(*inputs, "-t", f"{seconds:g}", "-c:v", "ffv1", "-c:a", "pcm_s16le", str(path))
        return path

    def encoded(self, name: str, arguments: str, **master: str | float) -> Path:
        """The master, encoded as the arguments say."""
        path = self.folder / name
        if not path.exists():
            ffmpeg("-i", str(self.master(**master)), *shlex.split(arguments), str(path))  # type: ignore[arg-type]  # values of one call
        return path

    def made(self, name: str, make: Callable[[Path], object]) -> Path:
        """A file that takes more than one step."""
        path = self.folder / name
        if not path.exists():
            make(path)
        return path


def picture_numbers(playlist: Path, *, upright: str = "null") -> list[int]:
    """The number, modulo 256, that every picture of a media playlist shows; `upright` is a filter applied before."""
    cut = f"{upright},crop=iw:ih/2:0:0,scale={BARS}:1:flags=area,format=gray"
    raw = ffmpeg("-i", str(playlist), "-fps_mode", "passthrough", "-vf", cut, "-f", "rawvideo", "-")
    rows = [raw[at : at + BARS] for at in range(0, len(raw), BARS)]
    return [sum(1 << digit for digit in range(BARS) if row[digit] > WHITE) for row in rows]


def flash_starts_s(playlist: Path, fps: Fraction) -> list[float]:
    """When the lower half of the picture turns white."""
    cut = "crop=iw:ih/4:0:ih*5/8,scale=1:1:flags=area,format=gray"
    raw = ffmpeg("-i", str(playlist), "-fps_mode", "passthrough", "-vf", cut, "-f", "rawvideo", "-")
    lit = [value > WHITE for value in raw]
    return [float(index / fps) for index in range(1, len(lit)) if lit[index] and not lit[index - 1]]


HEARD_RATE = 8000
"""Enough for a tone of 1 kHz, and soon looked through."""


def sound_samples(playlist: Path) -> tuple[array, array]:
    """Left and right, 16 bit, from the playlist's first sample on."""
    options = ("-f", "s16le", "-ar", str(HEARD_RATE), "-ac", "2", "-")
    both = array("h", ffmpeg("-i", str(playlist), *options))
    return both[0::2], both[1::2]


def beep_starts_s(samples: array) -> list[float]:
    """When silence ends; within a beep no two waves are 100 ms apart."""
    loud = [index for index, value in enumerate(samples) if value > LOUD or value < -LOUD]
    return [after / HEARD_RATE for before, after in pairwise([-HEARD_RATE, *loud]) if after - before > HEARD_RATE // 10]


def loudest(samples: array) -> float:
    """Of full scale."""
    return max((abs(value) for value in samples), default=0) / 32767


def probed(path: Path, entries: str) -> dict[str, str]:
    """What ffprobe says about the first picture track."""
    options = (
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        f"stream={entries}",
        "-of",
        "json",
        "-i",
        str(path),
    )
    answer = subprocess.run([str(find_tools().ffprobe), *options], capture_output=True, check=True).stdout
    return json.loads(answer)["streams"][0]


def frame_values(path: Path, entry: str) -> list[str]:
    """What ffprobe says about every picture."""
    options = (
        "-v",
        "error",
        "-select_streams",
        "v:0",
        "-show_entries",
        f"frame={entry}",
        "-of",
        "json",
        "-i",
        str(path),
    )
    answer = subprocess.run([str(find_tools().ffprobe), *options], capture_output=True, check=True).stdout
    return [str(frame[entry]) for frame in json.loads(answer)["frames"]]


GIB = 1024**3
CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def with_gap(small: Path, large: Path, gap_bytes: int) -> None:
    """Rewrite an mp4 as one whose media lie behind a hole: a 64-bit `mdat`, 64-bit offsets (co64), a sparse file."""
    data = small.read_bytes()
    boxes = dict(_boxes(data))
    media_at = data.index(b"mdat") + 4
    shift = len(boxes[b"ftyp"]) + 8 + 16 + gap_bytes - media_at
    with large.open("wb") as file:
        file.write(_box(b"ftyp", boxes[b"ftyp"]))
        file.write(struct.pack(">I4sQ", 1, b"mdat", 16 + gap_bytes + len(boxes[b"mdat"])))
        file.seek(gap_bytes, os.SEEK_CUR)
        file.write(boxes[b"mdat"])
        file.write(_box(b"moov", _widened(boxes[b"moov"], shift)))


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + size]
        at += size


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _widened(body: bytes, shift: int) -> bytes:
    """Every stco becomes a co64 whose offsets are `shift` larger."""
    parts = []
    for kind, inner in _boxes(body):
        if kind == b"stco":
            count = struct.unpack_from(">I", inner, 4)[0]
            offsets = struct.unpack_from(f">{count}I", inner, 8)
            wide = struct.pack(f">II{count}Q", 0, count, *(offset + shift for offset in offsets))
            parts.append(_box(b"co64", wide))
        else:
            parts.append(_box(kind, _widened(inner, shift) if kind in CONTAINERS else inner))
    return b"".join(parts)
