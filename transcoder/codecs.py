"""What a sample entry says: codec string (RFC 6381), picture size, channels (standards H22, C2). Pure, over bytes."""

from collections.abc import Callable
from dataclasses import dataclass

from transcoder.box_tree import Box, boxes, malformed, only, uint
from transcoder.media import TrackType

VISUAL_FIELDS_BYTES = 78
"""Fields of a VisualSampleEntry before its boxes (14496-12 section 12.1.3)."""
AUDIO_FIELDS_BYTES = 28
"""The same of an AudioSampleEntry of version 0 (section 12.2.3)."""
ES_DESCRIPTOR, DECODER_CONFIG, DECODER_SPECIFIC = 0x03, 0x04, 0x05
ESCAPED_OBJECT_TYPE = 31


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """One entry of stsd."""

    type: TrackType
    codec: str
    width: int = 0
    height: int = 0
    channels: int = 0
    sample_rate: int = 0
    nal_length_bytes: int = 0


def sample_entry(data: bytes, entry: Box) -> SampleEntry:
    """Read one of the four sample entries that we publish (C2); OutputInvalid for any other."""
    reader = _READERS.get(entry.kind)
    if reader is None:
        raise malformed(f"sample entry {entry.kind!r} is none that we publish")
    return reader(data, entry)


def _avc1(data: bytes, entry: Box) -> SampleEntry:
    config = only(data, entry.payload + VISUAL_FIELDS_BYTES, entry.end, "avcC")
    profile_compatibility_level = uint(data, config.payload + 1, 3, config.end)
    return SampleEntry(
        type="video",
        codec=f"avc1.{profile_compatibility_level:06x}",
        width=uint(data, entry.payload + 24, 2, entry.end),
        height=uint(data, entry.payload + 26, 2, entry.end),
        nal_length_bytes=(uint(data, config.payload + 4, 1, config.end) & 3) + 1,
    )


def _av01(data: bytes, entry: Box) -> SampleEntry:
    config = only(data, entry.payload + VISUAL_FIELDS_BYTES, entry.end, "av1C")
    profile_level = uint(data, config.payload + 1, 1, config.end)
    flags = uint(data, config.payload + 2, 1, config.end)
    tier = "H" if flags & 0x80 else "M"
    depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    return SampleEntry(
        type="video",
        codec=f"av01.{profile_level >> 5}.{profile_level & 31:02d}{tier}.{depth:02d}",
        width=uint(data, entry.payload + 24, 2, entry.end),
        height=uint(data, entry.payload + 26, 2, entry.end),
    )


def _mp4a(data: bytes, entry: Box) -> SampleEntry:
    esds = only(data, entry.payload + AUDIO_FIELDS_BYTES, entry.end, "esds")
    return SampleEntry(
        type="audio",
        codec=_mpeg4_codec(data, esds),
        channels=uint(data, entry.payload + 16, 2, entry.end),
        sample_rate=uint(data, entry.payload + 24, 2, entry.end),
    )


def _opus(data: bytes, entry: Box) -> SampleEntry:
    config = next((b for b in boxes(data, entry.payload + AUDIO_FIELDS_BYTES, entry.end) if b.kind == "dOps"), None)
    if config is None:
        raise malformed("an Opus entry without dOps")
    return SampleEntry(
        type="audio",
        codec="Opus",
        channels=uint(data, config.payload + 1, 1, config.end),
        sample_rate=48000,  # Opus always decodes at 48 kHz; the entry's own field may say the input's rate
    )


def _mpeg4_codec(data: bytes, esds: Box) -> str:
    """`mp4a.` with the object type indication and, for MPEG-4 sound, the audio object type (14496-1 section 7.2.6)."""
    start, end = _descriptor(data, ES_DESCRIPTOR, esds.payload + 4, esds.end)
    flags = uint(data, start + 2, 1, end)
    optional_bytes = 2 * bool(flags & 0x80) + 2 * bool(flags & 0x20)
    if flags & 0x40:
        raise malformed("an elementary stream descriptor with a URL")
    start, end = _descriptor(data, DECODER_CONFIG, start + 3 + optional_bytes, end)
    object_type_indication = uint(data, start, 1, end)
    start, end = _descriptor(data, DECODER_SPECIFIC, start + 13, end)
    return f"mp4a.{object_type_indication:02x}.{_audio_object_type(data, start, end)}"


def _audio_object_type(data: bytes, start: int, end: int) -> int:
    first = uint(data, start, 1, end) >> 3
    if first != ESCAPED_OBJECT_TYPE:
        return first
    return 32 + (uint(data, start, 2, end) >> 5 & 0x3F)


def _descriptor(data: bytes, tag: int, start: int, end: int) -> tuple[int, int]:
    """Payload of the descriptor that must stand at `start`; its length has up to four bytes of seven bits."""
    if uint(data, start, 1, end) != tag:
        raise malformed(f"descriptor {tag} is not at {start}")
    size, offset = 0, start + 1
    for _ in range(4):
        byte = uint(data, offset, 1, end)
        size, offset = size << 7 | byte & 0x7F, offset + 1
        if not byte & 0x80:
            break
    if offset + size > end:
        raise malformed(f"descriptor {tag} at {start} claims {size} of {end - offset} bytes")
    return offset, offset + size


_READERS: dict[str, Callable[[bytes, Box], SampleEntry]] = {
    "avc1": _avc1,
    "av01": _av01,
    "mp4a": _mp4a,
    "Opus": _opus,
}
