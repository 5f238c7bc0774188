import pytest

from transcoder.errors import SourceEmpty, SourceIsPicture, SourceIsPlaylist, SourceNotMedia
from transcoder.sniff import demuxer_for

HEADS = {
    "mov": b"\0\0\0\x20ftypisom\0\0\2\0",
    "matroska": b"\x1a\x45\xdf\xa3\x9f\x42\x86",
    "avi": b"RIFF\0\0\1\0AVI LIST",
    "mpegts": (b"\x47" + b"\0" * 187) * 6,
    "mpeg": b"\0\0\x01\xba\x44",
    "flv": b"FLV\x01\5\0\0\0\x09",
    "ogg": b"OggS\0\2",
    "wav": b"RIFF\0\0\1\0WAVEfmt ",
    "flac": b"fLaC\0\0\0\x22",
    "amr": b"#!AMR\n",
    "aac": b"\xff\xf1\x50\x80",
    "mp3": b"\xff\xfb\x90\x64",
}


@pytest.mark.parametrize("demuxer", HEADS)
def test_a_container_is_known_by_its_first_bytes(demuxer: str) -> None:
    assert demuxer_for(HEADS[demuxer]) == demuxer


def test_a_camera_s_transport_stream_has_four_bytes_before_each_packet() -> None:
    assert demuxer_for((b"\0\0\0\0\x47" + b"\1" * 187) * 6) == "mpegts"


def test_a_quicktime_file_may_begin_with_its_index() -> None:
    assert demuxer_for(b"\0\0\1\0moov\0\0\0\x6cmvhd") == "mov"


def test_a_sound_with_a_tag_is_mp3() -> None:
    assert demuxer_for(b"ID3\3\0\0\0\0\0\0") == "mp3"


def test_no_bytes_are_an_error_of_their_own() -> None:
    with pytest.raises(SourceEmpty):
        demuxer_for(b"")


@pytest.mark.parametrize(
    "head",
    [
        b"#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1/",
        b"\xef\xbb\xbf#EXTM3U\n",
        b"\r\n  #extm3u\n",
        b"ffconcat version 1.0\nfile x",
        b"[playlist]\nFile1=x",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1",
        b"<?xml version='1.0'?><MPD>",
    ],
)
def test_a_list_of_other_files_is_refused(head: bytes) -> None:
    with pytest.raises(SourceIsPlaylist):
        demuxer_for(head)


@pytest.mark.parametrize(
    "head",
    [
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF\0\0\1\0WEBPVP8 ",
        b"\0\0\0\x18ftypheic",
        b"\0\0\0\x1cftypavif",
        b"BM\0\0\0\0",
    ],
)
def test_a_picture_is_no_lesson(head: bytes) -> None:
    with pytest.raises(SourceIsPicture):
        demuxer_for(head)


@pytest.mark.parametrize("head", [b"Dear colleagues,\n", b"PK\3\4", b"%PDF-1.7", b"\x7fELF\2", b"\0" * 64, b"\xff"])
def test_anything_else_is_no_media(head: bytes) -> None:
    with pytest.raises(SourceNotMedia):
        demuxer_for(head)
