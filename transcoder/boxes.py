"""
What an init segment and a media segment say about themselves (ISO/IEC 14496-12, CMAF). Pure, over bytes.

Every length is checked against what is there: a box that promises more than it holds raises OutputInvalid.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from transcoder.box_tree import Box, boxes, child, malformed, only, optional_child, sint, uint
from transcoder.codecs import SampleEntry, sample_entry
from transcoder.fragments import MovieFragment, SampleDefaults, movie_fragment
from transcoder.key_frames import starts_with_idr, starts_with_key_frame
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
    edit_media_time: int | None
    """Where the first edit starts, in units of the timescale; -1 is an empty edit, None no edit list at all."""
    width: int
    """0 for sound."""
    height: int
    channels: int
    """0 for pictures."""
    sample_rate: int
    nal_length_bytes: int
    """Of H.264 samples; 0 for other codecs."""
    defaults: SampleDefaults
    """trex, for fragments that do not say."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One media segment, seen as a whole even if it holds several moof/mdat pairs."""

    sequence: int
    """mfhd's number of the first moof."""
    start_s: Fraction
    """tfdt: decode time of the first sample."""
    duration_s: Fraction
    presentation_s: Fraction
    """Presentation time of the earliest picture or sound, after the init segment's edit list."""
    sample_count: int
    first_sample_end: int
    """Bytes from the segment's start to the end of its first sample: the I-frame range (H35)."""
    sync: bool
    """The first sample's flags say that decoding can start there."""
    idr: bool
    """The first sample holds an IDR picture (H.264), or a key frame behind its headers (AV1); for sound as `sync`."""
    moof_count: int


def init_segment(data: bytes) -> InitSegment:
    """Parse an init segment with exactly one track; OutputInvalid if it is none."""
    moov = only(data, 0, len(data), "moov")
    track = child(data, moov, "trak")
    entry = _entry(data, track)
    trex = child(data, moov, "mvex", "trex")
    header = child(data, track, "tkhd")
    return InitSegment(
        type=entry.type,
        codec=entry.codec,
        timescale=_timescale(data, child(data, track, "mdia", "mdhd")),
        brands=_brands(data, only(data, 0, len(data), "ftyp")),
        track_id=uint(data, header.payload + (20 if _version(data, header) else 12), 4, header.end),
        edit_media_time=_edit_media_time(data, track),
        width=entry.width,
        height=entry.height,
        channels=entry.channels,
        sample_rate=entry.sample_rate,
        nal_length_bytes=entry.nal_length_bytes,
        defaults=SampleDefaults(*(uint(data, trex.payload + offset, 4, trex.end) for offset in (12, 16, 20))),
    )


def codec_string(init: bytes) -> str:
    """The RFC 6381 string for CODECS, from the bytes (H22)."""
    return init_segment(init).codec


def fragment(segment: bytes, init: InitSegment) -> Fragment:
    """Parse a media segment of the track that `init` describes; OutputInvalid if it is none."""
    top = list(boxes(segment, 0, len(segment)))
    if any(box.kind == "emsg" for box in top):
        raise malformed("an event message, which nothing of ours writes")
    parts = [movie_fragment(segment, box, init.defaults) for box in top if box.kind == "moof"]
    _check_parts(parts, init)
    first = parts[0]
    shown = min(part.earliest for part in parts) - max(init.edit_media_time or 0, 0)
    return Fragment(
        sequence=first.sequence,
        start_s=Fraction(first.decode_time, init.timescale),
        duration_s=Fraction(sum(part.duration for part in parts), init.timescale),
        presentation_s=Fraction(shown, init.timescale),
        sample_count=sum(len(part.samples) for part in parts),
        first_sample_end=first.first_sample_end,
        sync=first.sync,
        idr=first.sync and _starts_with_key_picture(segment, first, init),
        moof_count=len(parts),
    )


def _check_parts(parts: list[MovieFragment], init: InitSegment) -> None:
    if not parts:
        raise malformed("a media segment without moof")
    if any(part.track_id != init.track_id for part in parts):
        raise malformed(f"a fragment of another track than {init.track_id}")
    if any(left.decode_time + left.duration != right.decode_time for left, right in pairwise(parts)):
        raise malformed("fragments that do not follow each other in time")


def _starts_with_key_picture(data: bytes, part: MovieFragment, init: InitSegment) -> bool:
    if init.nal_length_bytes:
        return starts_with_idr(data, part.data_start, part.first_sample_end, init.nal_length_bytes)
    if init.codec.startswith("av01"):
        return starts_with_key_frame(data, part.data_start, part.first_sample_end)
    return True


def _version(data: bytes, box: Box) -> int:
    return uint(data, box.payload, 1, box.end)


def _timescale(data: bytes, header: Box) -> int:
    timescale = uint(data, header.payload + (20 if _version(data, header) else 12), 4, header.end)
    if timescale == 0:
        raise malformed("a timescale of 0")
    return timescale


def _entry(data: bytes, track: Box) -> SampleEntry:
    table = child(data, track, "mdia", "minf", "stbl", "stsd")
    entries = list(boxes(data, table.payload + 8, table.end))
    if len(entries) != 1:
        raise malformed(f"{len(entries)} sample entries where one belongs")
    return sample_entry(data, entries[0])


def _brands(data: bytes, ftyp: Box) -> tuple[str, ...]:
    """Major brand, then the compatible ones; the minor version between them is no brand."""
    offsets = [ftyp.payload, *range(ftyp.payload + 8, ftyp.end, 4)]
    return tuple(uint(data, offset, 4, ftyp.end).to_bytes(4, "big").decode("latin-1") for offset in offsets)


def _edit_media_time(data: bytes, track: Box) -> int | None:
    edits = optional_child(data, track, "edts")
    if edits is None:
        return None
    table = child(data, edits, "elst")
    if uint(data, table.payload + 4, 4, table.end) == 0:
        return None
    if _version(data, table):
        return sint(data, table.payload + 16, 8, table.end)
    return sint(data, table.payload + 12, 4, table.end)
