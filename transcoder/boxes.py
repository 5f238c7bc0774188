"""
What an init segment and a media segment say about themselves (ISO/IEC 14496-12, CMAF). Pure, over bytes.

Every length is checked against what is there: a box that promises more than it holds raises OutputInvalid.
"""

from dataclasses import dataclass
from fractions import Fraction

from transcoder.media import TrackType


@dataclass(frozen=True, slots=True)
class InitSegment:
    """ftyp and moov of one track."""

    type: TrackType
    codec: str
    """RFC 6381, read from the sample entry: `avc1.64001f`, `mp4a.40.2`, `av01.0.04M.08`, `Opus`."""
    timescale: int
    brands: tuple[str, ...]
    track_id: int
    edit_list: bool
    width: int
    """0 for sound."""
    height: int
    channels: int
    """0 for pictures."""
    sample_rate: int
    nal_length_bytes: int
    """Of H.264 samples; 0 for other codecs."""
    default_duration: int
    """trex defaults, for fragments that do not say."""
    default_size: int
    default_flags: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One media segment, seen as a whole even if it holds several moof/mdat pairs."""

    sequence: int
    """mfhd's number of the first moof."""
    start_s: Fraction
    """tfdt: decode time of the first sample."""
    duration_s: Fraction
    presentation_s: Fraction
    """Presentation time of the earliest picture or sound."""
    sample_count: int
    first_sample_end: int
    """Bytes from the segment's start to the end of its first sample: the I-frame range (H35)."""
    sync: bool
    """The first sample's flags say that decoding can start there."""
    idr: bool
    """The first H.264 sample holds an IDR picture; for other codecs as `sync`."""
    moof_count: int


def init_segment(data: bytes) -> InitSegment:
    """Parse an init segment with exactly one track; OutputInvalid if it is none."""
    raise NotImplementedError


def codec_string(init: bytes) -> str:
    """The RFC 6381 string for CODECS, from the bytes (H22)."""
    return init_segment(init).codec


def fragment(segment: bytes, init: InitSegment) -> Fragment:
    """Parse a media segment of the track that `init` describes; OutputInvalid if it is none."""
    raise NotImplementedError
