"""
What ffprobe says about a file, turned into tracks. Pure: builds argument lists and reads answers.

Headers may lie (a duration of 68 years in a file of one second), so times come from packets.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from transcoder.errors import BadSource, SourceIsPicture, SourceTooLarge, SourceUnsupported
from transcoder.guards import MAX_PIXELS, SOUND_CODECS, VIDEO_CODECS, guarded_input, local_file
from transcoder.media import AudioTrack, Source, VideoTrack

HEAD_S = 12
"""Of packets looked at from the beginning: enough for the first times and for the rhythm of pictures."""
TAIL_S = 6
REORDERED_PACKETS = 32
"""More than any codec holds back before it gives its first picture."""
WITHOUT_PICTURE_TIMES = frozenset({"avi"})
ATTACHED = ("attached_pic", "timed_thumbnails", "still_image")
FIELD_ORDERS = ("tt", "bb", "tb", "bt")
RHYTHM_TOLERANCE = Fraction(1, 50)
"""Relative: two rates closer than this are one rate, measured twice."""
MAX_FPS = Fraction(1000)
MAX_VARIABLE_FPS = 240
PADDING_S = 0.5

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
    duration_s = _seconds(claimed.get("duration"))
    claim = Claim(_seconds(claimed.get("start_time")) or 0.0, duration_s) if duration_s else None
    return report.get("streams", []), claim


def parse_packet(line: str) -> Packet | None:
    """None for a packet without a time, and for one that an edit list hides (flag D)."""
    fields = line.split(",")
    if len(fields) < 5 or not fields[0].isdigit() or "D" in fields[4]:
        return None
    shown_s, decoded_s = _seconds(fields[1]), _seconds(fields[2])
    stream, duration_s = int(fields[0]), _seconds(fields[3]) or 0.0
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
    times = [_seconds(line.split(",")[0]) for line in answer.splitlines()]
    return min((time_s for time_s in times if time_s is not None), default=None)


def video_track(stream: Json, packets: Iterable[Packet], *, first_picture_s: float | None = None) -> VideoTrack:
    """
    Everything about the pictures; `packets` are those seen of this stream, from both ends of the file.

    `first_picture_s` is the first decoded picture's time, where the container does not tell presentation times.
    """
    seen = sorted(packets, key=lambda packet: packet.start_s)
    width, height = _shown_size(stream)
    fps, variable = _rhythm(stream, _moments_s(seen))
    start_s = seen[0].start_s if seen else 0.0
    end_s = _last_end_s(seen, float(1 / fps)) if seen else start_s
    # An edit list may end the last picture early; a header that ends before that picture begins is a lie.
    listed_end_s = start_s + (_seconds(stream.get("duration")) or 0.0)
    if seen and seen[-1].start_s < listed_end_s < end_s:
        end_s = listed_end_s
    return VideoTrack(
        codec=str(stream["codec_name"]),
        width=width,
        height=height,
        fps=fps,
        variable_frame_rate=variable,
        interlaced=stream.get("field_order") in FIELD_ORDERS,
        bit_depth=_bit_depth(stream),
        transfer=_known(stream.get("color_transfer")),
        start_s=start_s,
        duration_s=end_s - start_s,
        matrix=_known(stream.get("color_space")),
        stream=int(stream["index"]),
        shift_s=0.0 if first_picture_s is None else first_picture_s - start_s,
    )


def _moments_s(seen: Sequence[Packet]) -> list[float]:
    """When pictures are shown; when they are decoded, where not all of them are dated."""
    if all(packet.late_s is not None for packet in seen):
        return [packet.start_s for packet in seen]
    return sorted(packet.start_s - (packet.late_s or 0.0) for packet in seen)


def _last_end_s(seen: Sequence[Packet], usual_s: float) -> float:
    """
    When the last picture ends.

    Program streams date few pictures: there the last decoded one is shown as long after its decoding as the first.
    """
    dated = [packet.start_s + (packet.duration_s or usual_s) for packet in seen if packet.late_s is not None]
    if len(dated) == len(seen):
        return max(dated)
    decoded = [packet.start_s - (packet.late_s or 0.0) + (packet.duration_s or usual_s) for packet in seen]
    return max([*dated, max(decoded) + (seen[0].late_s or 0.0)])


def audio_track(stream: Json, packets: Iterable[Packet], *, lone_channel: int | None = None) -> AudioTrack:
    seen = list(packets)
    start_s = min((packet.start_s for packet in seen), default=0.0)
    end_s = max((packet.end_s for packet in seen), default=start_s)
    channels = int(stream.get("channels", 0))
    return AudioTrack(
        codec=str(stream["codec_name"]),
        channels=channels,
        layout=_known(stream.get("channel_layout")),
        sample_rate=int(stream.get("sample_rate", 0)),
        start_s=start_s,
        duration_s=end_s - start_s,
        lone_channel=lone_channel,
        stream=int(stream["index"]),
    )


def assemble(size: int, demuxer: str, video: VideoTrack | None, audio: AudioTrack | None) -> Source:
    """
    Lay both tracks on one time line.

    The lesson begins with its first picture, unless the sound begins clearly earlier; it ends with its last picture,
    unless the sound goes on. What an audio encoder adds at both ends is no reason for more pictures.
    """
    starts = [track.start_s for track in (video, audio) if track]
    ends = [track.start_s + track.duration_s for track in (video, audio) if track]
    start_s, end_s = min(starts), max(ends)
    if video and video.start_s - start_s <= PADDING_S:
        start_s = video.start_s
    if video and end_s - (video.start_s + video.duration_s) <= PADDING_S:
        end_s = video.start_s + video.duration_s
    return Source(size, demuxer, max(0.0, end_s - start_s), video, audio, start_s)


def _shown_size(stream: Json) -> tuple[int, int]:
    """Square pixels, upright."""
    width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
    ratio = _fraction(stream.get("sample_aspect_ratio", "1:1").replace(":", "/")) or Fraction(1)
    if Fraction(1, 8) <= ratio <= 8:
        width = round(width * ratio)
    turned = any(abs(round(float(data.get("rotation", 0)))) % 180 == 90 for data in stream.get("side_data_list", []))
    return (height, width) if turned else (width, height)


def _rhythm(stream: Json, starts_s: Sequence[float]) -> tuple[Fraction, bool]:
    """The natural frame rate, and whether it varies."""
    nominal, average = _fraction(stream.get("r_frame_rate")), _fraction(stream.get("avg_frame_rate"))
    head = [start_s for start_s in starts_s if start_s <= starts_s[0] + HEAD_S]
    gaps = [after - before for before, after in pairwise(head) if after > before]
    if not gaps:
        return average or nominal or Fraction(1), False
    usual_s, tick_s = median(gaps), float(_fraction(stream.get("time_base")) or 0)
    measured = _snapped(Fraction(len(gaps) / sum(gaps)).limit_denominator(1001))
    uneven = any(abs(gap - usual_s) > usual_s / 10 + 2 * tick_s + 1e-5 for gap in gaps)
    if uneven or (average and not _close(average, measured) and not _close(average * 2, measured)):
        return _variable_rate(nominal, average or measured), True
    return min(next((rate for rate in (average, nominal) if rate and _close(rate, measured)), measured), MAX_FPS), False


def _variable_rate(nominal: Fraction | None, average: Fraction) -> Fraction:
    """
    The rate whose multiples the times are, if that is a rate at all.

    The average says little: a screen that stood still for an hour and then moved must not move at 5 pictures a second.
    """
    return nominal if nominal and average <= nominal <= MAX_VARIABLE_FPS else max(average, Fraction(30))


STANDARD_RATES = (
    *(Fraction(rate) for rate in (5, 6, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 60, 120)),
)


def _snapped(measured: Fraction) -> Fraction:
    """A rate measured from rounded times is what it was meant to be."""
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - measured))
    return nearest if _close(measured, nearest) else measured


def _close(one: Fraction, other: Fraction) -> bool:
    return abs(one - other) <= other * RHYTHM_TOLERANCE


def _bit_depth(stream: Json) -> int:
    """From the pixel format's name (`yuv420p10le`), for the raw sample's size is often unset."""
    tail = _known(stream.get("pix_fmt")).rpartition("p")[2].removesuffix("le").removesuffix("be")
    if tail.isdigit() and 9 <= int(tail) <= 16:
        return int(tail)
    raw = str(stream.get("bits_per_raw_sample", ""))
    return int(raw) if raw.isdigit() and 8 <= int(raw) <= 16 else 8


def _known(value: object) -> str:
    return "" if value in (None, "unknown", "unspecified", "reserved") else str(value)


def _fraction(text: object) -> Fraction | None:
    try:
        value = Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return None
    return value if value > 0 else None


def _seconds(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None
