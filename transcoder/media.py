"""The values that travel through the transcoder: what a source is, what is made of it. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

TrackType = Literal["video", "audio"]


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


@dataclass(frozen=True, slots=True)
class VideoRendition:
    """One rung, encoded."""

    name: str
    """Folder and playlist name: `[a-z0-9]+`, such as `v360`."""
    width: int
    height: int
    crf: int
    max_kbps: int
    """VBV rate."""
    buffer_kbit: int
    """VBV buffer: pictures of a segment hold at most `max_kbps * segment_s + buffer_kbit`."""
    level: str
    """H.264 level for this size and rate, as `3.1`."""


@dataclass(frozen=True, slots=True)
class AudioRendition:
    """One encoded sound track, stereo, for the whole lesson."""

    name: str
    kbps: int
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one task encodes: frames `[start_frame, end_frame)` of the output grid, whole segments."""

    index: int
    start_frame: int
    end_frame: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All decisions about one asset. The same source under the same settings gives the same plan and digest."""

    source: Source
    fps: Fraction
    """Of every video rendition; 1/1 when there is no video."""
    frame_count: int
    """Of every video rendition; 0 when there is no video."""
    segment_frames: int
    """Frames of every segment but the last; audio is cut at the same times."""
    duration_s: float
    chunks: tuple[Chunk, ...]
    video: tuple[VideoRendition, ...]
    """From low to high: `video[0]` is the starter rung."""
    audio: tuple[AudioRendition, ...]
    threads: int
    """Of x264: another number gives other bytes, so it belongs to the digest."""
    encoder: str
    """ffmpeg's build, for the same reason."""
    digest: str
    """32 hex digits over everything above; part of every object key."""

    @property
    def renditions(self) -> tuple[VideoRendition | AudioRendition, ...]:
        """Everything that is encoded: pictures from low to high, then sound."""
        return (*self.video, *self.audio)

    @property
    def segment_s(self) -> Fraction:
        return Fraction(self.segment_frames) / self.fps


MadeKind = Literal["init", "segment", "still"]


@dataclass(frozen=True, slots=True)
class Made:
    """
    One file that a task has made, whether it lies in a directory or a store.

    `rendition` is the rendition's name, or `stills`. For a segment, `number` counts from 0 over the whole lesson,
    times are in seconds of the lesson as exact fractions, and `iframe_bytes` is the length of the prefix that
    holds the first picture (moof and the first sample: H35), 0 for sound.
    """

    kind: MadeKind
    rendition: str
    name: str
    """File name: `init.mp4`, `12.m4s`, `poster.jpg`."""
    bytes: int
    sha256: str
    number: int = 0
    start_s: Fraction = Fraction(0)
    duration_s: Fraction = Fraction(0)
    iframe_bytes: int = 0
    codec: str = ""
    """RFC 6381 string read from the bytes of an init segment (H22), such as `avc1.64001f`."""
