"""The file that becomes the demo's lesson: the one that was named, or the generated sample."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamsvc.errors import LessonFileUnusable
from streamsvc.sample import make_sample
from streamsvc.sample.words import words
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings

SAMPLE = "sample"
"""Stands for the sha256 of the sample, whose bytes may change from version to version."""


@dataclass(frozen=True, slots=True)
class LessonFile:
    """What to upload, and how to know it again."""

    path: Path
    title: str
    source: str


def named(path: Path, *, limits: TranscoderSettings, on_progress: Callable[[float], None]) -> LessonFile:
    """
    The person's own file, looked into before anything is started.

    Raises LessonFileUnusable when it cannot be read, and BadSource when it holds no lesson.
    """
    try:
        if not path.is_file():
            reason = "it is a directory" if path.is_dir() else "there is no such file"
            raise LessonFileUnusable(f"{path}: {reason}", path=path, reason=reason)
        if path.stat().st_size == 0:
            raise LessonFileUnusable(f"{path} is empty", path=path, reason="the file is empty")
        probe(path.resolve(), settings=limits)
        return LessonFile(path, path.stem, _sha256(path, on_progress))
    except OSError as exc:
        raise LessonFileUnusable(f"{path}: {exc}", path=path, reason=exc.strerror or str(exc)) from exc


def _sha256(path: Path, on_progress: Callable[[float], None]) -> str:
    digest, total, done = hashlib.sha256(), path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(4 * 1024 * 1024):
            digest.update(block)
            done += len(block)
            on_progress(done / total)
    return digest.hexdigest()


def sample(var: Path, *, language: str, on_progress: Callable[[float], None]) -> LessonFile:
    """The generated lesson, made at the first need and kept."""
    path = var / "sample" / f"lesson-{language}.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"draft-{language}.mp4")
        make_sample(draft, language=language, on_progress=on_progress)
        draft.replace(path)
    return LessonFile(path, words(language)["title"], SAMPLE)
