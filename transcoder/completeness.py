"""Whether a file holds all the bytes that its own outermost boxes promise. Pure over a reading function."""

from collections.abc import Callable

from transcoder.errors import SourceTruncated

Read = Callable[[int, int], bytes]
"""(offset, length) → bytes, fewer at the end of the file."""

MAX_BOXES = 1_000_000
EBML_SEGMENT = b"\x18\x53\x80\x67"


def require_whole(demuxer: str, size: int, read: Read) -> None:
    """
    Raise SourceTruncated for a file that was cut: half an upload, a recorder that crashed.

    Containers without an outermost length (ts, flv, mp3, a live webm) play up to where they end.
    """
    checks = {"mov": _mov, "matroska": _matroska, "avi": _riff, "wav": _riff}
    if demuxer in checks:
        checks[demuxer](size, read)


def _mov(size: int, read: Read) -> None:
    """ISO/IEC 14496-12 section 4.2: boxes follow each other to the end of the file; there is an index, and media."""
    offset, seen = 0, set()
    for _ in range(MAX_BOXES):
        header = read(offset, 16)
        length = _box_length(header, size - offset)
        if length is None:
            break
        seen.add(header[4:8])
        if offset + length > size:
            raise SourceTruncated(f"box at {offset} ends behind the file", missing_bytes=offset + length - size)
        offset += length
    if b"moov" not in seen:
        raise SourceTruncated("the index of the file (moov) is missing")
    if not seen & {b"mdat", b"moof"}:
        raise SourceTruncated("the media of the file (mdat) are missing")


def _box_length(header: bytes, left: int) -> int | None:
    """None where no box begins: at the end, or in padding that some cameras leave."""
    if not header[:8].strip(b"\0"):
        return None
    length = int.from_bytes(header[:4], "big")
    if length == 1:
        length = int.from_bytes(header[8:16], "big")
    if length == 0:
        return left
    return length if length >= 8 else None


def _matroska(size: int, read: Read) -> None:
    """RFC 8794: an EBML header, then one Segment; a length of all ones is unknown, as live recorders write it."""
    head = read(0, 4096)
    _, at = _vint(head, 4)
    header_length, _ = _vint(head, 4)
    at += header_length or 0
    if head[at : at + 4] != EBML_SEGMENT:
        return
    length, begin = _vint(head, at + 4)
    if length is not None and begin + length > size:
        raise SourceTruncated("the segment ends behind the file", missing_bytes=begin + length - size)


def _vint(data: bytes, at: int) -> tuple[int | None, int]:
    """A variable-length size and the offset behind it; None when unknown."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    if width > 8:
        return None, at + 1
    value = int.from_bytes(data[at : at + width], "big") & ((1 << (7 * width)) - 1)
    return (None if value == (1 << (7 * width)) - 1 else value), at + width


def _riff(size: int, read: Read) -> None:
    """RIFF chunks follow each other (OpenDML writes several); a length of 0 or all ones was never filled in."""
    offset = 0
    while True:
        header = read(offset, 8)
        if len(header) < 8 or header[:4] != b"RIFF":
            return
        length = int.from_bytes(header[4:8], "little")
        if length in (0, 0xFFFFFFFF):
            return
        if offset + 8 + length > size:
            raise SourceTruncated("the RIFF chunk ends behind the file", missing_bytes=offset + 8 + length - size)
        offset += 8 + length + length % 2
