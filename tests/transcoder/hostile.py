"""Files that attack whoever opens them: each a few lines, made anew for every test."""

import struct
from collections.abc import Callable
from pathlib import Path

from tests.functional.media_samples import ffmpeg

TINY = ("-f", "lavfi", "-i", "color=s=64x48:r=10:d=1", "-c:v", "libx264", "-preset", "ultrafast")

HLS_HEAD = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n"


def playlist_of_addresses(canary_url: str, _canary: Path) -> bytes:
    """T1, T2: makes whoever plays it call our loopback."""
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="{canary_url}/key"\n'
    return f"{HLS_HEAD}{key}#EXTINF:4,\n{canary_url}/segment.ts\n#EXT-X-ENDLIST\n".encode()


def playlist_of_a_neighbour(_canary_url: str, canary: Path) -> bytes:
    """T3: plays another person's upload."""
    return f"{HLS_HEAD}#EXTINF:4,\nfile://{canary}\n#EXT-X-ENDLIST\n".encode()


def concat_of_a_neighbour(_canary_url: str, canary: Path) -> bytes:
    """T3, T4: by a relative and an absolute name."""
    return f"ffconcat version 1.0\nfile {canary.name}\nfile {canary}\n".encode()


def playlist_of_a_secret(_canary_url: str, canary: Path) -> bytes:
    """T5: a text file as a segment."""
    return f"{HLS_HEAD}#EXTINF:4,\nfile://{canary}\n".encode()


def playlist_of_playlists(_canary_url: str, canary: Path) -> bytes:
    """T6: any local file as a child playlist."""
    return f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nfile://{canary}\n".encode()


def playlist_of_itself(_canary_url: str, _canary: Path) -> bytes:
    """T7: opens itself for ever; the test stores it under this name."""
    return b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nsource.mp4\n"


def session_description(canary_url: str, _canary: Path) -> bytes:
    """T8: waits for a stream from the network."""
    port = canary_url.rsplit(":", 1)[1]
    return f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n".encode()


def byte_order_mark_before_a_playlist(canary_url: str, canary: Path) -> bytes:
    """T1 behind three bytes that an editor may add."""
    return b"\xef\xbb\xbf" + playlist_of_addresses(canary_url, canary)


PLAYLISTS: dict[str, Callable[[str, Path], bytes]] = {
    "T1 addresses": playlist_of_addresses,
    "T3 neighbour": playlist_of_a_neighbour,
    "T4 concat": concat_of_a_neighbour,
    "T5 secret": playlist_of_a_secret,
    "T6 child playlist": playlist_of_playlists,
    "T7 itself": playlist_of_itself,
    "T8 session": session_description,
    "T1 behind a byte order mark": byte_order_mark_before_a_playlist,
}


def riff(kind: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + kind + body


def avi_with_text_that_is_a_playlist(canary_url: str, canary: Path) -> bytes:
    """T9: a subtitle chunk (GAB2) that holds a playlist, and a codec that reads text as pictures (XBIN)."""
    inner = playlist_of_a_neighbour(canary_url, canary)
    text = b"GAB2\0\2\0" + struct.pack("<I", 2) + b"x\0" + b"\4\0" + struct.pack("<I", len(inner)) + inner
    video = b"vids" + b"XBIN" + struct.pack("<IHHIIIIIIII4h", 0, 0, 0, 0, 1, 10, 0, 10, 65536, 0, 0, 0, 0, 64, 48)
    looks = struct.pack("<IiiHH4sIiiII", 40, 64, 48, 1, 24, b"XBIN", 64 * 48 * 3, 0, 0, 0, 0)
    words = b"txts" + b"\0\0\0\0" + struct.pack("<IHHIIIIIIII4h", 0, 0, 0, 0, 1, 10, 0, 1, 65536, 0, 0, 0, 0, 0, 0)
    main = struct.pack("<14I", 100_000, 0, 0, 0x10, 10, 0, 2, 65536, 64, 48, 0, 0, 0, 0)
    heads = b"hdrl" + _chunk(b"avih", main)
    heads += _chunk(b"LIST", b"strl" + _chunk(b"strh", video) + _chunk(b"strf", looks))
    heads += _chunk(b"LIST", b"strl" + _chunk(b"strh", words) + _chunk(b"strf", b""))
    movie = b"movi" + _chunk(b"00dc", inner.ljust(64 * 48)) + _chunk(b"01tx", text)
    return riff(b"AVI ", (b"LIST", heads), (b"LIST", movie))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def gap_bomb(path: Path, hours: float) -> None:
    """T10: two pictures that many hours apart; at a constant rate that is millions."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"color=s=64x48:r=1:d=2,setpts=N*{hours * 3600}/TB", "-fps_mode", "passthrough"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", str(path)),
    )


def duration_lie(path: Path) -> None:
    """T11: the movie header claims 68 years; the media last a second."""
    ffmpeg(*TINY, str(path))
    data = bytearray(path.read_bytes())
    at = data.index(b"mvhd") + 4 + 4 + 8
    data[at : at + 8] = struct.pack(">II", 1, 2**31 - 1)
    path.write_bytes(data)


def huge_picture(path: Path) -> None:
    """T12: pictures of 8192 x 8192 in a small file."""
    ffmpeg("-f", "lavfi", "-i", "color=s=8192x8192:r=1:d=2", "-c:v", "mjpeg", "-q:v", "31", "-strict", "-1", str(path))


def two_hundred_tracks(path: Path) -> None:
    """T13."""
    ffmpeg(*("-f", "lavfi", "-i", "sine=d=1"), *(("-map", "0:a") * 200), "-c:a", "aac", str(path))


TITLE = '<img src=x onerror=alert(1)>\r\n#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1/"'


def poisoned_title(path: Path) -> None:
    """T14: words that would be a tag in a page, and a line in a playlist."""
    ffmpeg(*TINY, "-metadata", f"title={TITLE}", "-metadata", f"comment={TITLE}", str(path))


STRANGE_NAMES = (
    "-version.mp4",
    "concat:ok.mp4",
    "img%03d.mp4",
    "subfile,,start,0,end,0,,:ok.mp4",
    "урок 1 «сабақ».mp4",
    "a'b;c$(id).mp4",
    "[x]{y}*?.mp4",
)
"""T15: names that are options, protocols, patterns or commands."""
