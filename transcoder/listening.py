"""Which channels of a stereo track carry sound, heard in a few short windows. Pure."""

import re
from collections.abc import Sequence
from math import inf
from pathlib import Path

from transcoder.guards import guarded_input, local_file
from transcoder.media import AudioTrack

WINDOW_S = 8.0
WINDOWS = 6
SILENCE_DB = -60.0
APART_DB = 30.0
"""A voice that leaks from one channel into the other is still more than this below it."""

Levels = tuple[float, float]
"""RMS of the left and the right channel, in dB of full scale."""

_LEVEL = re.compile(r"RMS level dB: (-?inf|nan|-?[\d.]+)")


def windows(track: AudioTrack) -> list[float]:
    """Where to listen, in the file's own time: all of a short track, windows spread over a long one."""
    if track.duration_s <= WINDOW_S * 2:
        return [track.start_s]
    step_s = track.duration_s / WINDOWS
    return [track.start_s + step_s * index + step_s / 3 for index in range(WINDOWS)]


def level_command(ffmpeg: Path, path: Path, demuxer: str, track: AudioTrack, *, start_s: float) -> list[str]:
    guards = [word for name, value in guarded_input(demuxer).items() for word in (f"-{name}", value)]
    where = ["-seek_timestamp", "1", "-ss", f"{start_s:.3f}"] if start_s > track.start_s else []
    length_s = WINDOW_S if where else WINDOW_S * 2
    heard = "astats=measure_perchannel=RMS_level:measure_overall=none"
    return [
        *(str(ffmpeg), "-nostdin", "-hide_banner", "-nostats", "-v", "info", "-threads", "1"),
        *(*guards, "-f", demuxer, *where, "-t", f"{length_s:g}", "-i", local_file(path)),
        *("-map", f"0:{track.stream}", "-af", heard, "-f", "null", "-"),
    ]


def parse_levels(complaint: str) -> Levels | None:
    """None where the window held no sound that could be decoded."""
    found = [_LEVEL_VALUES.get(text) or float(text) for text in _LEVEL.findall(complaint)]
    return (found[0], found[1]) if len(found) == 2 else None


_LEVEL_VALUES = {"-inf": -inf, "nan": -inf, "inf": -inf}


def lone_channel(levels: Sequence[Levels | None]) -> int | None:
    """0 or 1 if in every window that is not silent this channel is far above the other."""
    alone = {_louder(pair) for pair in levels if pair and max(pair) > SILENCE_DB}
    return alone.pop() if len(alone) == 1 else None


def _louder(pair: Levels) -> int | None:
    if abs(max(pair) - max(min(pair), -120.0)) < APART_DB:
        return None
    return 0 if pair[0] > pair[1] else 1
