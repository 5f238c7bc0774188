"""What a source is: what the probe found in it. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

SoundKind = Literal["speech", "music", "silence"]


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The first real video track of a source, as a person would see it."""

    codec: str
    width: int
    """In square pixels, after rotation and sample aspect ratio: what the player shows."""
    height: int
    fps: Fraction
    """The natural frame rate, before any cap; of a variable one, the rate whose multiples its times are."""
    variable_frame_rate: bool
    interlaced: bool
    bit_depth: int
    transfer: str
    """Transfer characteristic as ffprobe names it: `bt709`, `smpte2084` (PQ), `arib-std-b67` (HLG), or empty."""
    start_s: float
    """Of the first picture, in the file's own time."""
    duration_s: float
    matrix: str = ""
    """Colour matrix as ffprobe names it: `bt709`, `smpte170m`, `bt2020nc` …, or empty."""
    stream: int = 0
    """Index of the stream in the file; a cover picture may come before the video."""
    shift_s: float = 0.0
    """How late the decoder dates its pictures, in a container that knows only decoding times (avi)."""

    @property
    def shorter_side(self) -> int:
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the probe heard in at most two minutes, drawn over the whole sound. Levels are in dB of full scale."""

    kind: SoundKind
    """`music` is all that is neither voice nor silence."""
    mono_lufs: float
    """Integrated loudness (EBU R128, gated) of one channel mixed from all; -70 where all lies below the gate."""
    stereo_lufs: float
    """The same of the two channels as they are; as `mono_lufs` where the source has one."""
    peak_db: float
    floor_db: float
    """What is left when nobody speaks: the quietest tenth, above 80 Hz, without hum."""
    alike: bool
    """Both channels carry the same sound, or nearly."""
    lift_db: float = 0.0
    """Gain that makes up for what the limiter takes, once the sound is at its target."""
    hum_hz: int = 0
    """50 or 60 where the mains are heard, 0 where not."""
    hum_db: float = -120.0
    """Level of the hum, all its harmonics together."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """The first audio track of a source."""

    codec: str
    channels: int
    layout: str
    sample_rate: int
    start_s: float
    """Of the first sample, in the file's own time."""
    duration_s: float
    lone_channel: int | None = None
    """0 or 1 where only that channel of a stereo track carries sound."""
    stream: int = 0
    heard: Heard | None = None
    """None where nothing of it could be decoded at the probe."""


@dataclass(frozen=True, slots=True)
class Source:
    """What the probe found. At least one of `video` and `audio` is there."""

    bytes: int
    demuxer: str
    """The one demuxer that ffmpeg may use on this file (`mov`, `matroska`, `avi`, `mpegts` …)."""
    duration_s: float
    video: VideoTrack | None
    audio: AudioTrack | None
    start_s: float = 0.0
    """The moment of the file's own time that is the lesson's zero: its first picture or sound."""
