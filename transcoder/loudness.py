"""
How loud the finished sound is, whether it must be made again, and what a teacher should know of it. Pure.

The gain was chosen from a minute of the lesson; what counts is the whole of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from transcoder.guards import guarded_input, local_file
from transcoder.listening import SILENCE_LUFS, TARGET_LUFS
from transcoder.media import AudioRendition, Plan
from transcoder.policy import Family
from transcoder.sound import AGAIN, gain_db, gain_is_bounded
from transcoder.source import AudioTrack, Heard

TOLERANCE_LU = 1.0
MOST_CORRECTION_DB = 12.0
LIMITED_SHARE = 1.4
"""Upwards, the limiter takes a part of every decibel that is added."""
HIGHEST_PEAK_DB, PEAK_MARGIN_DB, MOST_HEADROOM_DB = 0.0, 1.0, 2.0
"""
True peaks above this are limited more in a second making. The limiter aims at -1.5 dB; a codec throws a single one
higher now and then, in a second making too: then it stays, for the loudness of the whole counts more.
"""
NOTHING_LUFS = -70.0
LONG_SILENCE_S = 20
SILENCE_ABOVE_FLOOR_DB = 15.0
"""A room's noise has peaks this far above its mean."""
QUIETEST_SILENCE_DB, LOUDEST_SILENCE_DB = -55.0, -30.0
MOST_SILENCES = 50


@dataclass(frozen=True, slots=True)
class SoundReport:
    """What was measured on one finished rendition."""

    rendition: str
    integrated_lufs: float
    """-70 where there is nothing but silence."""
    true_peak_db: float
    silences: tuple[tuple[float, float], ...] = ()
    """(start_s, end_s) of every stretch of `LONG_SILENCE_S` or more in which nothing is heard."""
    remade: bool = False
    """It has been made again already: what it is now, it stays."""


@dataclass(frozen=True, slots=True)
class SoundFinding:
    """
    What a teacher should know about the sound: a code, and the figures of its sentence.

    | code                | figures                                                        |
    |---------------------|----------------------------------------------------------------|
    | `sound_nothing`     | none: there is no sound but silence                            |
    | `sound_very_quiet`  | `lufs` of the source, `gain_db` that was added                 |
    | `sound_one_channel` | `channel`: 1 left, 2 right; it was given to both ears          |
    | `sound_hum`         | `hz` 50 or 60, `below_db`: how far it lay below the voice      |
    | `sound_noise`       | `below_db`: how far the noise of the room lay below the voice  |
    | `sound_silence`     | `count`, `longest_s`, `start_s`, `end_s` of the longest one    |
    """

    code: str
    figures: tuple[tuple[str, float], ...] = ()


def measured(plan: Plan) -> tuple[AudioRendition, ...]:
    """Which renditions tell of the others: the lowest of each family."""
    lowest: dict[Family, AudioRendition] = {}
    for rendition in plan.audio:
        lowest.setdefault(rendition.family, rendition)
    return tuple(lowest.values())


def measure_command(ffmpeg: Path, path: Path, *, silence_db: float, with_silences: bool) -> list[str]:
    """Of an init segment and its segments, joined in one file. We have made it; it is guarded all the same."""
    guards = [word for name, value in guarded_input("mov").items() for word in (f"-{name}", value)]
    quiet = f",aresample=8000,silencedetect=n={silence_db:.1f}dB:d={LONG_SILENCE_S}:mono=0" if with_silences else ""
    return [
        *(str(ffmpeg), "-nostdin", "-hide_banner", "-nostats", "-v", "info", "-threads", "1", *guards, "-f", "mov"),
        *("-i", local_file(path), "-af", f"ebur128@whole=framelog=quiet:peak=true{quiet}", "-f", "null", "-"),
    ]


def silence_db(heard: Heard | None, rendition: AudioRendition) -> float:
    """Below this nothing is heard: the noise of the room, after the gain."""
    if heard is None:
        return QUIETEST_SILENCE_DB
    floor_db = heard.floor_db + gain_db(heard, rendition) + SILENCE_ABOVE_FLOOR_DB
    return max(QUIETEST_SILENCE_DB, min(LOUDEST_SILENCE_DB, floor_db))


_SUMMARY = re.compile(r"\[ebur128@whole @ \S+\] Summary:([^\[]*)")
_LOUDNESS = re.compile(r"\bI:\s+(\S+) LUFS")
_PEAK = re.compile(r"Peak:\s+(\S+) dBFS")
_SILENCE = re.compile(r"silence_(start|end): (-?[\d.]+)")


def parse_report(rendition: AudioRendition, complaint: str, *, duration_s: float) -> SoundReport | None:
    """None where the tool said nothing of it."""
    said = _SUMMARY.findall(complaint)
    loudness, peak = _LOUDNESS.findall(said[-1]) if said else [], _PEAK.findall(said[-1]) if said else []
    if not (loudness and peak):
        return None
    peak_db = float(peak[-1])
    return SoundReport(
        rendition.name,
        max(NOTHING_LUFS, float(loudness[-1])),
        peak_db if isfinite(peak_db) else -120.0,
        _silences(_SILENCE.findall(complaint), duration_s),
        remade=rendition.remade,
    )


def _silences(said: Sequence[tuple[str, str]], duration_s: float) -> tuple[tuple[float, float], ...]:
    found, start_s = [], None
    for kind, moment in [*said, ("end", f"{duration_s:.3f}")]:
        if kind == "start":
            start_s = max(0.0, float(moment))
        elif start_s is not None:
            found.append((start_s, min(float(moment), duration_s)))
            start_s = None
    return tuple(span for span in found if span[1] - span[0] >= LONG_SILENCE_S)[:MOST_SILENCES]


def corrected(plan: Plan, reports: Sequence[SoundReport], *, renamed: bool = True) -> Plan | None:
    """
    The plan with the sound made again at its true loudness; None where that is good, or would not become better.

    Its renditions have other names (`aac-40-b`), for objects are never written twice: those who listen already
    play on with the first ones, and the publication lists these. Without `renamed` they keep their names.
    """
    wanted = {rendition.family: _correction(plan, rendition, reports) for rendition in measured(plan)}
    if not any(gain or headroom for gain, headroom in wanted.values()):
        return None
    tail = AGAIN if renamed else ""
    audio = tuple(_remade(each, *wanted[each.family], tail) for each in plan.audio)
    video = tuple(replace(rung, sound=rung.sound + tail if rung.sound else "") for rung in plan.video)
    return replace(plan, audio=audio, video=video)


def _remade(rendition: AudioRendition, gain: float, headroom: float, tail: str) -> AudioRendition:
    return replace(rendition, name=rendition.name + tail, correction_db=gain, headroom_db=headroom)


def _correction(plan: Plan, rendition: AudioRendition, reports: Sequence[SoundReport]) -> tuple[float, float]:
    """Gain and headroom that are wanting; none for what was made twice already, or is nothing but silence."""
    heard = plan.source.audio.heard if plan.source.audio else None
    report = next((report for report in reports if report.rendition == rendition.name), None)
    if report is None or report.remade or rendition.remade or report.integrated_lufs <= NOTHING_LUFS:
        return 0.0, 0.0
    over_db = report.true_peak_db - HIGHEST_PEAK_DB
    headroom = round(min(MOST_HEADROOM_DB, over_db + PEAK_MARGIN_DB), 2) if over_db > 0 else 0.0
    off_lu = TARGET_LUFS - report.integrated_lufs
    bounded = off_lu > 0 and (heard is None or gain_is_bounded(heard, rendition))
    gain = 0.0 if abs(off_lu) <= TOLERANCE_LU or bounded else off_lu * (LIMITED_SHARE if off_lu > 0 else 1)
    if headroom and not bounded:
        gain += headroom
    return max(-MOST_CORRECTION_DB, min(MOST_CORRECTION_DB, round(gain, 2))), headroom


VERY_QUIET_LUFS = -40.0
FAINT_HUM_DB, FAINT_NOISE_DB = 40.0, 25.0
"""Below the voice: fainter ones are not worth a teacher's time."""


def sound_findings(track: AudioTrack | None, report: SoundReport | None) -> tuple[SoundFinding, ...]:
    """What a teacher should know, the gravest first; `report` is of the lowest rendition, None where not yet made."""
    if track is None or track.heard is None:
        return ()
    heard = track.heard
    if heard.kind == "silence" and (report is None or report.integrated_lufs <= SILENCE_LUFS):
        return (SoundFinding("sound_nothing"),)
    found = []
    if heard.mono_lufs <= VERY_QUIET_LUFS:
        gain = TARGET_LUFS - heard.mono_lufs
        found.append(SoundFinding("sound_very_quiet", (("lufs", _r(heard.mono_lufs)), ("gain_db", _r(gain)))))
    if track.lone_channel is not None:
        found.append(SoundFinding("sound_one_channel", (("channel", track.lone_channel + 1),)))
    if heard.hum_hz and heard.mono_lufs - heard.hum_db <= FAINT_HUM_DB:
        below_db = _r(heard.mono_lufs - heard.hum_db)
        found.append(SoundFinding("sound_hum", (("hz", heard.hum_hz), ("below_db", below_db))))
    if heard.kind == "speech" and heard.mono_lufs - heard.floor_db <= FAINT_NOISE_DB:
        found.append(SoundFinding("sound_noise", (("below_db", _r(heard.mono_lufs - heard.floor_db)),)))
    if report and report.silences:
        start_s, end_s = max(report.silences, key=lambda span: span[1] - span[0])
        figures = (("longest_s", _r(end_s - start_s)), ("start_s", _r(start_s)), ("end_s", _r(end_s)))
        found.append(SoundFinding("sound_silence", (("count", len(report.silences)), *figures)))
    return tuple(found)


def _r(figure: float) -> float:
    return round(figure, 1)
