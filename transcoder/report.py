"""
What ffprobe is asked about a file, and what it answers. Pure: builds argument lists and reads text.

`transcoder.tracks` makes tracks of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from transcoder.errors import BadSource, SourceIsPicture, SourceTooLarge, SourceUnsupported
from transcoder.guards import MAX_PIXELS, SOUND_CODECS, VIDEO_CODECS, guarded_input, local_file

HEAD_S = 12
"""Of packets looked at from the beginning: enough for the first times and for the rhythm of pictures."""
TAIL_S = 6
REORDERED_PACKETS = 32
"""More than any codec holds back before it gives its first picture."""
WITHOUT_PICTURE_TIMES = frozenset({"avi"})
ATTACHED = ("attached_pic", "timed_thumbnails", "still_image")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of one stream, in the file's own time."""

    stream: int
    start_s: float
    """When it is shown or heard; its decoding time, which may be earlier, where the file tells no other."""
    duration_s: float
    late_s: float | None = 0.0
    """How much later it is shown than decoded; None where the file does not tell."""

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Claim:
    """The container's own word about its times."""

    start_s: float
    duration_s: float


def streams_command(ffprobe: Path, path: Path, demuxer: str) -> list[str]:
    return [*_ffprobe(ffprobe, demuxer), "-show_streams", "-show_format", "-of", "json", "-i", local_file(path)]


def packets_command(ffprobe: Path, path: Path, demuxer: str, *, intervals: str) -> list[str]:
    """`intervals` as ffprobe takes them; empty for the whole file."""
    entries = "packet=stream_index,pts_time,dts_time,duration_time,flags"
    picked = ["-read_intervals", intervals] if intervals else []
    command = [*_ffprobe(ffprobe, demuxer), *picked, "-show_entries", entries, "-of", "csv=p=0"]
    return [*command, "-i", local_file(path)]


def first_pictures_command(ffprobe: Path, path: Path, demuxer: str, stream: int) -> list[str]:
    """Decode the first pictures and tell their times, one a line."""
    picked = ["-select_streams", str(stream), "-read_intervals", f"%+#{REORDERED_PACKETS}"]
    entries = ["-show_entries", "frame=best_effort_timestamp_time", "-of", "csv=p=0"]
    return [*_ffprobe(ffprobe, demuxer), *picked, *entries, "-i", local_file(path)]


def head_and_tail(claim: Claim | None) -> str:
    """Intervals for a file that claims a duration; the tail of a lie is simply empty or the last key frame's."""
    return f"%+{HEAD_S},{claim.start_s + max(0.0, claim.duration_s - TAIL_S):.3f}%" if claim else ""


def _ffprobe(ffprobe: Path, demuxer: str) -> list[str]:
    guards = [word for name, value in guarded_input(demuxer).items() for word in (f"-{name}", value)]
    return [str(ffprobe), "-hide_banner", "-v", "error", *guards, "-f", demuxer]


def parse_streams(answer: str) -> tuple[list[Json], Claim | None]:
    """Every stream, and what the container claims, if it claims a duration."""
    report = json.loads(answer or "{}")
    claimed = report.get("format", {})
    duration_s = seconds(claimed.get("duration"))
    claim = Claim(seconds(claimed.get("start_time")) or 0.0, duration_s) if duration_s else None
    return report.get("streams", []), claim


def parse_packet(line: str) -> Packet | None:
    """None for a packet without a time, and for one that an edit list hides (flag D)."""
    fields = line.split(",")
    if len(fields) < 5 or not fields[0].isdigit() or "D" in fields[4]:
        return None
    shown_s, decoded_s = seconds(fields[1]), seconds(fields[2])
    stream, duration_s = int(fields[0]), seconds(fields[3]) or 0.0
    if shown_s is None:
        return None if decoded_s is None else Packet(stream, decoded_s, duration_s, None)
    return Packet(stream, shown_s, duration_s, 0.0 if decoded_s is None else shown_s - decoded_s)


def pick_streams(streams: Sequence[Json]) -> tuple[Json | None, Json | None]:
    """
    The first moving picture and the first sound. Covers and thumbnails are neither.

    Raises SourceIsPicture for a cover alone, SourceUnsupported, SourceTooLarge.
    """
    video = next((stream for stream in streams if _moves(stream)), None)
    audio = next((stream for stream in streams if stream.get("codec_type") == "audio"), None)
    if video is None and audio is None and any(stream.get("codec_type") == "video" for stream in streams):
        raise SourceIsPicture("the only picture stands still")
    _require_supported(video, VIDEO_CODECS)
    _require_supported(audio, SOUND_CODECS)
    if video:
        _require_size(int(video.get("width", 0)), int(video.get("height", 0)))
    return video, audio


def _require_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise SourceTooLarge("a picture has too many pixels")
    if not (width and height):
        raise BadSource("pictures without a size")


def _moves(stream: Json) -> bool:
    disposition = stream.get("disposition", {})
    return stream.get("codec_type") == "video" and not any(disposition.get(name) for name in ATTACHED)


def _require_supported(stream: Json | None, codecs: frozenset[str]) -> None:
    if stream is not None and stream.get("codec_name", "unknown") not in codecs:
        codec = str(stream.get("codec_name") or stream.get("codec_tag_string") or "?")
        raise SourceUnsupported(f"no decoder for {codec}", codec=codec[:32])


def parse_first_picture(answer: str) -> float | None:
    times = [seconds(line.split(",")[0]) for line in answer.splitlines()]
    return min((time_s for time_s in times if time_s is not None), default=None)


def known(value: object) -> str:
    """A word of ffprobe's that means something; the others become empty."""
    return "" if value in (None, "unknown", "unspecified", "reserved") else str(value)


def fraction(text: object) -> Fraction | None:
    try:
        value = Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def seconds(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None
