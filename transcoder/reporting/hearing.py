"""What the sound of a lesson became: listened to as a pupil gets it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from transcoder.encoder import Cancelled
from transcoder.loudness import SoundReport
from transcoder.reporting.material import Material
from transcoder.runner import Limits, nobody_cancels
from transcoder.soundtrack import measure_joined


def listened(
    material: Material, *, cancelled: Cancelled = nobody_cancels, limits: Limits | None = None
) -> list[SoundReport]:
    """Every sound rendition. Raises EncodeFailed."""
    reports = []
    with TemporaryDirectory(prefix="sabaq-report-") as name:
        for sound in material.plan.audio:
            path = Path(name, f"{sound.name}.mp4")
            path.write_bytes(material.joined(sound.name, material.segments(sound.name)))
            reports.append(measure_joined(material.plan, sound, path, cancelled=cancelled, limits=limits))
    return reports
