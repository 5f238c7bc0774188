"""Renditions for tests that do not care how a ladder is chosen."""

from typing import Any

from transcoder.media import AudioRendition, VideoRendition


def rung(name: str, width: int, height: int, **values: Any) -> VideoRendition:
    """An H.264 rung of every frame; `values` replace what a test does care for."""
    usual: dict[str, Any] = {
        "family": "avc",
        "frame_step": 1,
        "preset": "veryfast",
        "crf": 30,
        "max_kbps": 90,
        "buffer_kbit": 90,
        "level": "1.1",
        "line_kbps": 192,
    }
    return VideoRendition(name=name, width=width, height=height, **usual | values)


def sound(name: str, kbps: int, **values: Any) -> AudioRendition:
    """AAC in stereo."""
    usual: dict[str, Any] = {"codec": "aac", "sample_rate": 48_000, "channels": 2}
    return AudioRendition(name=name, kbps=kbps, **usual | values)
