"""
What a file is, by its first bytes: we decide which demuxer ffmpeg may use, ffmpeg does not guess. Pure.

A playlist named .mp4 would make ffmpeg open other files and addresses; here it is recognised and refused.
"""

from collections.abc import Callable

from transcoder.errors import SourceEmpty, SourceIsPicture, SourceIsPlaylist, SourceNotMedia

HEAD_BYTES = 64 * 1024
"""How much of a file's beginning `demuxer_for` wants to see."""

PLAYLIST_STARTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"v=0", b"<?xml", b"<MPD", b"<smil", b"[Reference]")
PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ", b"P6\n", b"P5\n")
PICTURE_BRANDS = (b"heic", b"heix", b"heif", b"mif1", b"msf1", b"avif", b"avis", b"jpeg")
MOV_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
TS_PACKET_BYTES = 188
M2TS_PACKET_BYTES = 192
PACKETS_SEEN = 5


def demuxer_for(head: bytes) -> str:
    """
    The name of the one demuxer that fits the first `HEAD_BYTES` of a file.

    Raises SourceEmpty, SourceIsPlaylist, SourceIsPicture, SourceNotMedia.
    """
    if not head:
        raise SourceEmpty("the file has no bytes")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if any(text[:16].lower().startswith(start.lower()) for start in PLAYLIST_STARTS):
        raise SourceIsPlaylist("the file is a list of other files")
    if _is_picture(head):
        raise SourceIsPicture("the file is a picture")
    for demuxer, fits in DEMUXERS.items():
        if fits(head):
            return demuxer
    raise SourceNotMedia("the first bytes belong to no container we know")


def _is_picture(head: bytes) -> bool:
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return webp or head.startswith(PICTURE_STARTS) or (head[4:8] == b"ftyp" and head[8:12] in PICTURE_BRANDS)


def _is_mov(head: bytes) -> bool:
    return head[4:8] in MOV_BOXES


def _is_ts(head: bytes) -> bool:
    return _synced(head, 0, TS_PACKET_BYTES) or _synced(head, 4, M2TS_PACKET_BYTES)


def _synced(head: bytes, first: int, step: int) -> bool:
    seen = head[first : first + step * PACKETS_SEEN : step]
    return len(seen) == PACKETS_SEEN and set(seen) == {0x47}


def _is_adts(head: bytes) -> bool:
    return len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


def _is_mp3(head: bytes) -> bool:
    """An ID3 tag, or a frame header of layer 3 or 2 with a valid rate (ISO/IEC 11172-3, 2.4.1.3)."""
    if head[:3] == b"ID3":
        return True
    synced = len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return synced and (head[1] >> 1) & 3 in (1, 2) and head[2] >> 4 not in (0, 15) and (head[2] >> 2) & 3 != 3


DEMUXERS: dict[str, Callable[[bytes], bool]] = {
    "mov": _is_mov,
    "matroska": lambda head: head[:4] == b"\x1a\x45\xdf\xa3",
    "avi": lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI ",
    "mpegts": _is_ts,
    "mpeg": lambda head: head[:4] == b"\0\0\x01\xba",
    "flv": lambda head: head[:4] == b"FLV\x01",
    "ogg": lambda head: head[:4] == b"OggS",
    "wav": lambda head: head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE",
    "flac": lambda head: head[:4] == b"fLaC",
    "amr": lambda head: head[:5] == b"#!AMR",
    "aac": _is_adts,
    "mp3": _is_mp3,
}
"""In the order of asking: the ones without a clear mark come last."""

SOUND_DEMUXERS = frozenset({"wav", "flac", "amr", "aac", "mp3"})
"""These hold no moving pictures, whatever they say."""
