"""
The tracks of a source, from what ffprobe said: sizes as a person sees them, the rhythm of pictures, true times. Pure.

Headers may lie (a duration of 68 years in a file of one second), so times come from packets.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

from transcoder.report import HEAD_S, Json, Packet, fraction, known, seconds
from transcoder.source import AudioTrack, Source, VideoTrack

FIELD_ORDERS = ("tt", "bb", "tb", "bt")
RHYTHM_TOLERANCE = Fraction(1, 50)
"""Relative: two rates closer than this are one rate, measured twice."""
MAX_FPS = Fraction(1000)
MAX_VARIABLE_FPS = 240
PADDING_S = 0.5


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
    listed_end_s = start_s + (seconds(stream.get("duration")) or 0.0)
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
        transfer=known(stream.get("color_transfer")),
        start_s=start_s,
        duration_s=end_s - start_s,
        matrix=known(stream.get("color_space")),
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


def audio_track(stream: Json, packets: Iterable[Packet]) -> AudioTrack:
    seen = list(packets)
    start_s = min((packet.start_s for packet in seen), default=0.0)
    end_s = max((packet.end_s for packet in seen), default=start_s)
    channels = int(stream.get("channels", 0))
    return AudioTrack(
        codec=str(stream["codec_name"]),
        channels=channels,
        layout=known(stream.get("channel_layout")),
        sample_rate=int(stream.get("sample_rate", 0)),
        start_s=start_s,
        duration_s=end_s - start_s,
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
    ratio = fraction(stream.get("sample_aspect_ratio", "1:1").replace(":", "/")) or Fraction(1)
    if Fraction(1, 8) <= ratio <= 8:
        width = round(width * ratio)
    turned = any(abs(round(float(data.get("rotation", 0)))) % 180 == 90 for data in stream.get("side_data_list", []))
    return (height, width) if turned else (width, height)


def _rhythm(stream: Json, starts_s: Sequence[float]) -> tuple[Fraction, bool]:
    """The natural frame rate, and whether it varies."""
    nominal, average = fraction(stream.get("r_frame_rate")), fraction(stream.get("avg_frame_rate"))
    head = [start_s for start_s in starts_s if start_s <= starts_s[0] + HEAD_S]
    gaps = [after - before for before, after in pairwise(head) if after > before]
    if not gaps:
        return average or nominal or Fraction(1), False
    usual_s, tick_s = median(gaps), float(fraction(stream.get("time_base")) or 0)
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
    tail = known(stream.get("pix_fmt")).rpartition("p")[2].removesuffix("le").removesuffix("be")
    if tail.isdigit() and 9 <= int(tail) <= 16:
        return int(tail)
    raw = str(stream.get("bits_per_raw_sample", ""))
    return int(raw) if raw.isdigit() and 8 <= int(raw) <= 16 else 8
