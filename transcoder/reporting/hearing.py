"""What the sound of a lesson became: listened to as a pupil gets it."""

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from transcoder.encoder import Cancelled
from transcoder.encoder import encode as run_ffmpeg
from transcoder.media import AudioRendition
from transcoder.reporting.commands import hearing_arguments
from transcoder.reporting.material import Material
from transcoder.runner import Limits, nobody_cancels

_LOUDNESS = re.compile(r"I:\s+(-?[\d.]+|-inf|nan) LUFS")
_PEAK = re.compile(r"True peak:\s+Peak:\s+(-?[\d.]+|-inf|nan) dBFS")
_SILENCE = re.compile(r"silence_(start|end): (-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class Sounding:
    """Of one rendition, measured on what was made."""

    rendition: AudioRendition
    lufs: float
    peak_db: float
    silences_s: tuple[tuple[float, float], ...]
    """Beginnings and ends of what is quiet for more than a few seconds."""


def listened(
    material: Material, *, cancelled: Cancelled = nobody_cancels, limits: Limits | None = None
) -> list[Sounding]:
    """Every sound rendition. Raises EncodeFailed."""
    with TemporaryDirectory(prefix="sabaq-report-") as name:
        return [_listened(material, sound, Path(name), cancelled, limits) for sound in material.plan.audio]


def _listened(
    material: Material, sound: AudioRendition, folder: Path, cancelled: Cancelled, limits: Limits | None
) -> Sounding:
    path = folder / f"{sound.name}.mp4"
    path.write_bytes(material.joined(sound.name, material.segments(sound.name)))
    finished = run_ffmpeg(hearing_arguments(path.name), folder, limits, cancelled)
    return heard_in(finished.complaint, sound, material.plan.duration_s)


def heard_in(words: str, sound: AudioRendition, duration_s: float) -> Sounding:
    """What ffmpeg told, as values; a silence that has no end lasts to the end of the lesson."""
    silences: list[tuple[float, float]] = []
    for what, moment in _SILENCE.findall(words):
        if what == "start":
            silences.append((max(0.0, float(moment)), duration_s))
        elif silences:
            silences[-1] = (silences[-1][0], float(moment))
    return Sounding(sound, _last(_LOUDNESS, words), _last(_PEAK, words), tuple(silences))


def _last(pattern: re.Pattern[str], words: str) -> float:
    """The summary comes at the end; what cannot be told is silence."""
    found = pattern.findall(words)
    return float(found[-1]) if found and found[-1] != "nan" else float("-inf")
