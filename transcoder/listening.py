"""
What a source sounds like, heard in a few windows spread over it: loudness, kind, channels, hum, noise. Pure.

All windows are decoded in one run of ffmpeg and joined: a lesson of ten hours costs what one of two minutes costs.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isnan, log10
from pathlib import Path
from statistics import fmean, median, pstdev

from transcoder.guards import guarded_input, local_file
from transcoder.source import AudioTrack, Heard, SoundKind

WINDOW_S = 5.0
WINDOWS = 12
LONGEST_S = 120.0
LEAST_DB = -120.0
LEAST_LUFS = -70.0
"""The absolute gate of EBU R128: a meter says this of silence."""

FRAME_S = 0.025
FRAME_RATE = 16_000
FRAMES_PER_S = 40
SILENT_S_DB = -60.0
VOICE_PAUSES = 0.15
"""Share of a second's frames that lie 6 dB below its mean: half of them for a voice, hardly one for a chord."""
VOICE_HISSES = 0.25
"""Deviation of the rate of zero crossings, over its mean: vowels are low and consonants high, a chord stays."""
SILENCE_LUFS = -55.0
QUIET_ROOM_LUFS, STEADY_DB = -45.0, 6.0

TARGET_LUFS = -16.0
LIMITED_DB = -4.0
LIFT_ROUNDS, MOST_LIFT_DB = 6, 8.0

APART_DB = 30.0
"""A voice that leaks from one channel into the other is still more than this below it."""
ALIKE_DB = 20.0
"""What tells both channels apart lies this far below what they share."""
AGAINST_DB = 10.0
"""Channels of opposite sign: mixed, they would take each other away."""

BANDS_HZ = (50, 60, 100, 120, 55, 110)
"""Both mains and their first harmonics, and what lies between them to compare with."""
BETWEEN_HZ = {50: 55, 60: 55, 100: 110, 120: 110}
BAND_CHANNELS = ("FL", "FR", "FC", "LFE", "BL", "BR")
BAND_RATE, BAND_FRAME = 1000, 500
HUM_ABOVE_DB, HUM_STEADY_DB, HUM_LEAST_DB = 10.0, 3.0, -75.0
HUM_HIDES_DB, HUM_LEFT_DB = 12.0, 25.0


@dataclass(frozen=True, slots=True)
class Window:
    """Where to listen, in the file's own time."""

    start_s: float
    length_s: float


def windows(track: AudioTrack) -> list[Window]:
    """All of a short track, windows spread over a long one."""
    if track.duration_s <= WINDOW_S * WINDOWS:
        return [Window(track.start_s, WINDOW_S * WINDOWS + 1)]
    step_s = track.duration_s / WINDOWS
    return [Window(track.start_s + step_s * (index + 0.5) - WINDOW_S / 2, WINDOW_S) for index in range(WINDOWS)]


def beginning(track: AudioTrack) -> list[Window]:
    """For a file in which nobody can seek."""
    return [Window(track.start_s, WINDOW_S * WINDOWS)]


def listen_command(ffmpeg: Path, path: Path, demuxer: str, track: AudioTrack, places: Sequence[Window]) -> list[str]:
    """Measures go to standard output frame by frame, and to standard error as summaries."""
    command = [str(ffmpeg), "-nostdin", "-hide_banner", "-nostats", "-v", "info", "-threads", "1"]
    guards = [word for name, value in guarded_input(demuxer).items() for word in (f"-{name}", value)]
    for place in places:
        where = ["-seek_timestamp", "1", "-ss", f"{place.start_s:.3f}"] if place.start_s > track.start_s else []
        command += [*guards, "-f", demuxer, *where, "-t", f"{place.length_s:g}", "-i", local_file(path)]
    graph, outputs = _graph(track, len(places))
    mapped = [word for name in outputs for word in ("-map", f"[{name}]")]
    return [*command, "-filter_complex_threads", "1", "-filter_complex", graph, *mapped, "-f", "null", "-"]


def layout(track: AudioTrack) -> str:
    """What every source is mixed to first."""
    return "mono" if track.channels == 1 else "stereo"


def one_channel(track: AudioTrack) -> str:
    """What `pan` needs to make one channel of that; empty where it is one already."""
    if track.channels == 1:
        return ""
    return "mono|c0<c0+c1" if track.lone_channel is None else f"mono|c0<c{track.lone_channel}"


def _graph(track: AudioTrack, places: int) -> tuple[str, list[str]]:
    even = f"aresample=48000,aformat=sample_fmts=fltp:channel_layouts={layout(track)}"
    parts = [f"[{place}:{track.stream}]{even}[w{place}]" for place in range(places)]
    mixed = f"pan={one_channel(track)}," if one_channel(track) else ""
    joined = "".join(f"[w{place}]" for place in range(places))
    # Times of a hostile file may stand still: what counts are samples.
    parts.append(f"{joined}concat=n={places}:v=0:a=1,atrim=end={LONGEST_S:g},asplit=3[both][one][low]")
    parts.append("[both]ebur128@both=framelog=quiet:peak=sample,aresample=8000," + _channel_levels(track) + "[heard]")
    parts.append(
        f"[one]{mixed}highpass=f=80,aresample=24000,ebur128@one=framelog=quiet,aresample={FRAME_RATE},"
        f"asetnsamples={round(FRAME_S * FRAME_RATE)},astats=metadata=1:reset=1:measure_perchannel=Zero_crossings_rate:"
        "measure_overall=RMS_level+Peak_level,ametadata=print:file=-:direct=1[frames]"
    )
    parts.append(f"[low]{mixed}aresample={BAND_RATE}," + _bands() + "[bands]")
    return ";".join(parts), ["heard", "frames", "bands"]


def _channel_levels(track: AudioTrack) -> str:
    """Left, right, what they share and what tells them apart."""
    four = "pan=4c|c0=c0|c1=c1|c2=.5*c0+.5*c1|c3=.5*c0-.5*c1," if track.channels != 1 else ""
    return four + "astats@levels=measure_perchannel=RMS_level:measure_overall=none"


def _bands() -> str:
    spread = "|".join(f"{name}=c0" for name in BAND_CHANNELS)
    narrow = [f"bandpass=f={hz}:t=h:w=2:c={name}" for hz, name in zip(BANDS_HZ, BAND_CHANNELS, strict=True)]
    levels = "astats=metadata=1:reset=1:measure_perchannel=RMS_level:measure_overall=none"
    return f"pan=5.1|{spread},{','.join(narrow * 2)},asetnsamples={BAND_FRAME},{levels},ametadata=print:file=-:direct=1"


@dataclass(slots=True)
class Listener:
    """Takes down the measures as ffmpeg says them."""

    levels_db: list[float] = field(default_factory=list)
    peaks_db: list[float] = field(default_factory=list)
    crossings: list[float] = field(default_factory=list)
    bands_db: list[list[float]] = field(default_factory=lambda: [[] for _ in BANDS_HZ])

    def on_line(self, line: str) -> None:
        key, _, value = line.partition("=")
        *_, channel, measure = key.split(".") if key.startswith("lavfi.astats.") else ("", "")
        if measure == "Zero_crossings_rate":
            self.crossings.append(max(0.0, _number(value, 0.0)))
        elif channel == "Overall":
            (self.levels_db if measure == "RMS_level" else self.peaks_db).append(_level(value))
        elif measure == "RMS_level" and channel.isdigit() and 1 <= int(channel) <= len(BANDS_HZ):
            self.bands_db[int(channel) - 1].append(_level(value))


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said at the end."""

    stereo_lufs: float
    mono_lufs: float
    peak_db: float
    channels_db: tuple[float, ...]
    """Of the left, the right, their half sum and half difference; of a single one, itself alone."""


_SUMMARY = re.compile(r"\[ebur128@(both|one) @ \S+\] Summary:([^\[]*)")
_LOUDNESS = re.compile(r"\bI:\s+(\S+) LUFS")
_PEAK = re.compile(r"Peak:\s+(\S+) dBFS")
_CHANNEL = re.compile(r"\[astats@levels @ \S+\] RMS level dB: (\S+)")


def parse_summary(complaint: str, *, channels: int) -> Summary | None:
    """None where no sound could be decoded. The last of each kind counts: a file's tags may imitate the others."""
    said = dict(_SUMMARY.findall(complaint))
    loudness = {name: _LOUDNESS.findall(text) for name, text in said.items()}
    peak, levels = _PEAK.findall(said.get("both", "")), _CHANNEL.findall(complaint)[-(1 if channels == 1 else 4) :]
    if not (loudness.get("both") and loudness.get("one") and peak and levels):
        return None
    both, one = (max(LEAST_LUFS, _level(loudness[name][-1])) for name in ("both", "one"))
    return Summary(both, one, _level(peak[-1]), tuple(_level(text) for text in levels))


def lone_channel(channels_db: Sequence[float]) -> int | None:
    """0 or 1 if this channel is far above the other, or if both carry the same with opposite signs."""
    if len(channels_db) != 4 or max(channels_db[:2]) <= SILENT_S_DB:
        return None
    left, right, shared, apart = channels_db
    if abs(left - right) >= APART_DB:
        return 0 if left > right else 1
    return 0 if apart - shared >= AGAINST_DB else None


def heard(listener: Listener, summary: Summary) -> Heard:
    """What all of it means, for a track of which the channel to take is known."""
    floor_db = _quietest(listener.levels_db, 0.1)
    kind = _kind(listener, summary.mono_lufs, floor_db)
    hum_hz, hum_db = (0, LEAST_DB) if kind == "music" else _hum(listener.bands_db)
    if hum_hz and hum_db > floor_db - HUM_HIDES_DB:
        # It is cut out: what is left below it nobody has heard.
        floor_db = min(floor_db, hum_db - HUM_LEFT_DB)
    return Heard(
        kind=kind,
        mono_lufs=summary.mono_lufs,
        stereo_lufs=summary.stereo_lufs,
        peak_db=summary.peak_db,
        floor_db=floor_db,
        alike=_alike(summary.channels_db),
        lift_db=lift_db(listener, summary.mono_lufs) if kind != "silence" else 0.0,
        hum_hz=hum_hz,
        hum_db=hum_db,
    )


def _alike(channels_db: Sequence[float]) -> bool:
    return len(channels_db) != 4 or channels_db[2] - channels_db[3] >= ALIKE_DB or lone_channel(channels_db) is not None


def _kind(listener: Listener, mono_lufs: float, floor_db: float) -> SoundKind:
    loudest_db = -_quietest([-level for level in listener.levels_db], 0.05)
    steady = loudest_db - floor_db < STEADY_DB
    if mono_lufs <= SILENCE_LUFS or (steady and mono_lufs <= QUIET_ROOM_LUFS):
        return "silence"
    pauses, hisses = _rhythm(listener)
    return "speech" if pauses >= VOICE_PAUSES and hisses >= VOICE_HISSES else "music"


def _rhythm(listener: Listener) -> tuple[float, float]:
    """How much a second pauses, and how much it changes between low and high sounds, mean over those with sound."""
    pauses, hisses = [], []
    frames = list(zip(listener.levels_db, listener.crossings, strict=False))
    for at in range(0, len(frames) - FRAMES_PER_S // 2, FRAMES_PER_S):
        second = frames[at : at + FRAMES_PER_S]
        mean_db = 10 * log10(fmean(10 ** (level / 10) for level, _ in second))
        if mean_db > SILENT_S_DB:
            pauses.append(fmean(level < mean_db - 6 for level, _ in second))
            hisses.append(_unrest([rate for level, rate in second if level >= mean_db - 12]))
    return (fmean(pauses), fmean(hisses)) if pauses else (0.0, 0.0)


def _unrest(values: Sequence[float]) -> float:
    mean = fmean(values)
    return pstdev(values, mean) / mean if mean > 0 else 0.0


def lift_db(listener: Listener, lufs: float) -> float:
    """
    How much more gain than `TARGET_LUFS - lufs` reaches the target, for a limiter takes from peaks.

    The limiter is imitated frame by frame: it holds a frame's peak down, and lets go within two frames.
    """
    frames = list(zip(listener.levels_db, listener.peaks_db, strict=False))
    before = _power(frames, lambda peak_db: 0.0)
    lift = 0.0
    for _ in range(LIFT_ROUNDS if before > 0 else 0):
        over_db = LIMITED_DB - (TARGET_LUFS - lufs) - lift
        held_db = [0.0]

        def held(peak_db: float, over_db: float = over_db, held_db: list[float] = held_db) -> float:
            held_db.append(max(0.0, peak_db - over_db, held_db[-1] / 2))
            return held_db[-1]

        lift = min(MOST_LIFT_DB, 10 * log10(before / _power(frames, held)))
    return lift


def _power(frames: Sequence[tuple[float, float]], held_db: Callable[[float], float]) -> float:
    return sum(10 ** ((level_db - held_db(peak_db)) / 10) for level_db, peak_db in frames)


def _hum(bands_db: Sequence[Sequence[float]]) -> tuple[int, float]:
    """The mains whose hum never pauses and stands out of its surroundings, and its level."""
    quiet_db = {hz: _quietest(band, 0.2) for hz, band in zip(BANDS_HZ, bands_db, strict=True)}
    usual_db = {hz: median(band) if band else LEAST_DB for hz, band in zip(BANDS_HZ, bands_db, strict=True)}

    def hums(hz: int) -> bool:
        steady = usual_db[hz] - quiet_db[hz] <= HUM_STEADY_DB
        return steady and quiet_db[hz] >= max(HUM_LEAST_DB, quiet_db[BETWEEN_HZ[hz]] + HUM_ABOVE_DB)

    found = {}
    for mains_hz in (50, 60):
        levels = [quiet_db[hz] for hz in (mains_hz, 2 * mains_hz) if hums(hz)]
        if levels:
            found[mains_hz] = 10 * log10(sum(10 ** (level / 10) for level in levels))
    return max(found.items(), key=lambda item: item[1], default=(0, LEAST_DB))


def _quietest(levels_db: Sequence[float], share: float) -> float:
    return sorted(levels_db)[int(len(levels_db) * share)] if levels_db else LEAST_DB


def _level(text: str) -> float:
    return min(60.0, max(LEAST_DB, _number(text, LEAST_DB)))


def _number(text: str, unknown: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return unknown
    return unknown if isnan(value) else value
