"""Makes the sample lesson: speech, slides that build up with it, and one run of ffmpeg."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sample:
    """What was made."""

    path: Path
    title: str
    duration_s: float
    spoken: bool
    """False where no voice could be had, and the lesson is silent."""


def make_sample(
    path: Path, *, seconds: float = 75.0, language: str = "kk", on_progress: Callable[[float], None] | None = None
) -> Sample:
    """
    Write a lesson on quadratic equations to `path` (mp4, H.264 and AAC, 1280×720, 15 pictures a second).

    It lasts `seconds`: a short one stops early, a long one adds worked examples. `language` (kk, ru, en) is that of
    voice and slides. The same arguments give the same bytes under the same ffmpeg. `on_progress` hears 0.0 to 1.0.
    """
    raise NotImplementedError
