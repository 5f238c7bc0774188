"""The values that travel through the transcoder: what is made of a source. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from transcoder.analysis.values import Analysis
from transcoder.policy import DEFAULT_POLICY, Family, Policy
from transcoder.source import Source

TrackType = Literal["video", "audio"]
SoundCodec = Literal["aac", "opus"]
FAMILY_OF_SOUND: dict[SoundCodec, Family] = {"aac": "avc", "opus": "av1"}


@dataclass(frozen=True, slots=True)
class Rival:
    """Another way to spend the bits of a rung's line, and the quality that the analysis expects of it."""

    height: int
    """Of the shorter side."""
    frame_step: int
    vmaf: float


@dataclass(frozen=True, slots=True)
class Why:
    """What the analysis expects of a rung, and what it was weighed against."""

    average_kbps: float
    """Expected of the pictures alone."""
    vmaf: float
    """Expected mean over the lesson, against the source at its own size."""
    rivals: tuple[Rival, ...] = ()
    """The best of every other size and frame step at the same rate, the best first."""


@dataclass(frozen=True, slots=True)
class VideoRendition:
    """One rung, encoded."""

    name: str
    """Folder and playlist name, the family and the line it serves: `avc-96`, `av1-50`."""
    family: Family
    width: int
    height: int
    frame_step: int
    """Every n-th frame of the lesson's grid is encoded: 1, or a second's worth where the picture stands still."""
    preset: str
    """Of the family's encoder: `veryfast` (x264), `8` (SVT-AV1)."""
    crf: int
    max_kbps: int
    """What the pictures of a segment may take on the mean: the line less its sound."""
    buffer_kbit: int
    """VBV buffer: pictures of a segment hold at most `max_kbps * segment_s + buffer_kbit`."""
    level: str
    """Of the family for this size and rate, as `3.1`."""
    line_kbps: int
    """Total peak of the line that this rung is for, sound included."""
    sound: str = ""
    """Name of the audio rendition that is played with it; empty where the lesson has none."""
    why: Why | None = None
    """None for the starter rung, which follows from the probe alone."""

    @property
    def shorter_side(self) -> int:
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True)
class AudioRendition:
    """One encoded sound track for the whole lesson."""

    name: str
    """`aac-40`, `opus-16`."""
    codec: SoundCodec
    kbps: int
    """Nominal: see `transcoder.sound.sound_peak_kbps` for what a line must carry."""
    sample_rate: int
    channels: int
    frame_samples: int = 1024
    """Of one packet: no segment can be cut closer to the grid."""
    correction_db: float = 0.0
    """Gain on top of what the probe's listening asks for; not nought only where the sound is made again."""
    headroom_db: float = 0.0
    """The limiter is this much lower than usual; not nought only where the sound is made again."""

    @property
    def family(self) -> Family:
        return FAMILY_OF_SOUND[self.codec]

    @property
    def remade(self) -> bool:
        """Whether this is a second making, after the first one was measured."""
        return bool(self.correction_db or self.headroom_db)

    @property
    def frame_s(self) -> Fraction:
        """Of one packet."""
        return Fraction(self.frame_samples, self.sample_rate)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one task encodes: frames `[start_frame, end_frame)` of the output grid, whole segments."""

    index: int
    start_frame: int
    end_frame: int


@dataclass(frozen=True, slots=True)
class Plan:
    """
    All decisions about one asset. The same source under the same settings gives the same plan and digest.

    It is made in two steps. The starter plan follows from the probe alone and has the grid, the sound and the starter
    rung; the analysis settles the other rungs, and changes nothing of what the starter plan said.
    """

    source: Source
    fps: Fraction
    """Of the lesson's grid; 1/1 when there is no video. A rung shows every `frame_step`-th frame of it."""
    frame_count: int
    """Of the lesson's grid; 0 when there is no video."""
    segment_frames: int
    """Frames of every segment but those of the opening and the last; audio is cut at the same times."""
    opening: int
    """How many short segments the lesson begins with, so that it starts soon: all of chunk 0, or none."""
    opening_frames: int
    """Frames of each of these."""
    duration_s: float
    chunks: tuple[Chunk, ...]
    video: tuple[VideoRendition, ...]
    """By family, H.264 first, each from low to high: `video[0]` is the starter rung."""
    audio: tuple[AudioRendition, ...]
    """By family, AAC first, each from low to high."""
    threads: int
    """Of one encoder: another number gives other bytes, so it belongs to the digest."""
    encoder: str
    """ffmpeg's build, for the same reason."""
    digest: str
    """32 hex digits over all that the starter plan was made from; part of every object key. The rungs that the
    analysis adds follow from the same, so that it names them too."""
    settled: bool = False
    """Whether the analysis has added its rungs."""
    policy: Policy = DEFAULT_POLICY
    """Under which the rungs were chosen: it tells why a line has none."""
    analysis: Analysis | None = None
    """What was found, and why every rung is what it is. None before the plan is settled, and for sound alone."""

    @property
    def renditions(self) -> tuple[VideoRendition | AudioRendition, ...]:
        """Everything that is encoded: pictures, then sound."""
        return (*self.video, *self.audio)

    @property
    def segment_s(self) -> Fraction:
        """Of a segment behind the opening: the longest there are."""
        return Fraction(self.segment_frames) / self.fps

    @property
    def segment_count(self) -> int:
        """Of every video rendition."""
        behind = self.frame_count - self.opening * self.opening_frames
        return self.opening + -(-behind // self.segment_frames)

    def start_frame(self, segment: int) -> int:
        """The first frame of a segment; of one behind the last, where it would begin."""
        short = min(segment, self.opening)
        return short * self.opening_frames + (segment - short) * self.segment_frames

    def start_s(self, segment: int) -> Fraction:
        """When a segment begins, and the one before it ends."""
        return self.start_frame(segment) / self.fps

    def segments_of(self, chunk: Chunk) -> range:
        """Numbers of a chunk's segments."""
        first = self._number_at(chunk.start_frame)
        return range(first, first + -(-(chunk.end_frame - chunk.start_frame) // self.chunk_segment_frames(chunk)))

    def chunk_segment_frames(self, chunk: Chunk) -> int:
        """Frames of each segment of a chunk: the opening is a chunk of its own."""
        return self.opening_frames if self.opening and chunk.start_frame == 0 else self.segment_frames

    def _number_at(self, frame: int) -> int:
        opening_end = self.opening * self.opening_frames
        if frame < opening_end:
            return frame // self.opening_frames
        return self.opening + (frame - opening_end) // self.segment_frames


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
