"""Starting ffmpeg and ffprobe for measurements, and keeping what they made, so that a second run is cheap."""

import json
import os
import resource
import subprocess
from collections.abc import Callable
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from transcoder.tools import find_tools


class Cache:
    """Answers and files by the digest of all that they depend on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def answer(self, asked: object, find: Callable[[], Any]) -> Any:
        """A value that JSON can hold, from memory or found now."""
        path = self.folder / f"{digest_of(asked)}.json"
        if not path.exists():
            _put(path, json.dumps({"asked": asked, "found": find()}, default=str).encode())
        return json.loads(path.read_text("utf-8"))["found"]

    def file(self, asked: object, suffix: str, make: Callable[[Path], None]) -> Path:
        """A file that `make` writes, unless it was written before."""
        path = self.folder / f"{digest_of(asked)}{suffix}"
        if not path.exists():
            half = path.with_name(f"{uuid4().hex}{suffix}")
            try:
                make(half)
                half.rename(path)
            finally:
                half.unlink(missing_ok=True)
        return path


def _put(path: Path, body: bytes) -> None:
    half = path.with_name(uuid4().hex)
    half.write_bytes(body)
    half.rename(path)


def digest_of(asked: object) -> str:
    said = json.dumps([find_tools().build, asked], sort_keys=True, default=str)
    return sha256(said.encode()).hexdigest()[:32]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


TRANSCODER = Path(__file__).parents[2] / "transcoder"
ENCODING = ("encode*.py", "pictures.py", "presets.py", "video_encoders.py", "making.py", "chunk_pictures.py")


def code_digest(*patterns: str) -> str:
    """Of the transcoder's code, or of these modules: another code may make another tree of the same plan."""
    found = {path for pattern in patterns or ("**/*.py",) for path in TRANSCODER.glob(pattern)}
    return digest_of([[path.name, sha256_of(path)] for path in sorted(found)])


def ffmpeg(arguments: list[str], *, cwd: Path | None = None) -> None:
    """Raises CalledProcessError."""
    command = [str(find_tools().ffmpeg), "-nostdin", "-hide_banner", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, cwd=cwd)


def ffprobe(arguments: list[str]) -> Any:
    command = [str(find_tools().ffprobe), "-v", "error", "-of", "json", *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def children_cpu_s() -> float:
    """Of every process that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def scratch(near: Path) -> Any:
    """A folder on the disk of `near`, gone afterwards."""
    with TemporaryDirectory(dir=near, prefix=f"half-{os.getpid()}-") as name:
        yield Path(name)
