"""Sources as plain values."""

from dataclasses import replace
from fractions import Fraction

from transcoder.media import Plan
from transcoder.plan import plan
from transcoder.source import AudioTrack, Source, VideoTrack

VIDEO = VideoTrack(
    codec="h264",
    width=1920,
    height=1080,
    fps=Fraction(30),
    variable_frame_rate=False,
    interlaced=False,
    bit_depth=8,
    transfer="bt709",
    start_s=0.0,
    duration_s=60.0,
    matrix="bt709",
)
AUDIO = AudioTrack(codec="aac", channels=2, layout="stereo", sample_rate=44_100, start_s=0.0, duration_s=60.0, stream=1)


def source(
    video: VideoTrack | None = VIDEO, audio: AudioTrack | None = AUDIO, *, demuxer: str = "mov", start_s: float = 0.0
) -> Source:
    return Source(1_000_000, demuxer, 60.0, video, audio, start_s)


def planned(video: VideoTrack | None = VIDEO, audio: AudioTrack | None = AUDIO, **values: object) -> Plan:
    return plan(source(video, audio, **values), threads=1, encoder="build")  # type: ignore[arg-type]  # values of one call


def planned_for(seconds: float, fps: Fraction) -> Plan:
    """A lesson of this length and rate."""
    given = replace(VIDEO, fps=fps, duration_s=seconds)
    return plan(replace(source(given), duration_s=seconds), threads=1, encoder="build")


def video(**changes: object) -> VideoTrack:
    return replace(VIDEO, **changes)  # type: ignore[arg-type]  # values of one call


def audio(**changes: object) -> AudioTrack:
    return replace(AUDIO, **changes)  # type: ignore[arg-type]  # values of one call
