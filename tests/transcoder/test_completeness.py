import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.completeness import require_whole
from transcoder.errors import SourceTruncated


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def require(demuxer: str, data: bytes) -> None:
    require_whole(demuxer, len(data), lambda offset, length: data[offset : offset + length])


WHOLE = box(b"ftyp", b"isom") + box(b"moov", b"x" * 40) + box(b"mdat", b"y" * 100)


def test_a_whole_file_passes() -> None:
    require("mov", WHOLE)


@pytest.mark.parametrize("missing", [1, 60, 107])
def test_a_file_that_ends_within_its_media_is_truncated(missing: int) -> None:
    with pytest.raises(SourceTruncated):
        require("mov", WHOLE[:-missing])


def test_a_file_without_its_index_is_truncated() -> None:
    """
    The recorder writes it last, and broke off.
    """
    with pytest.raises(SourceTruncated):
        require("mov", box(b"ftyp", b"isom") + box(b"mdat", b"y" * 100))


def test_a_long_box_tells_its_length_in_64_bits() -> None:
    long_box = struct.pack(">I4sQ", 1, b"mdat", 16 + 5_000_000_000)

    with pytest.raises(SourceTruncated):
        require("mov", box(b"moov") + long_box + b"y" * 10)


def test_the_last_box_may_reach_to_the_end() -> None:
    require("mov", box(b"moov") + struct.pack(">I4s", 0, b"mdat") + b"y" * 10)


def test_zeros_behind_the_last_box_are_padding() -> None:
    require("mov", WHOLE + b"\0" * 500)


EBML = b"\x1a\x45\xdf\xa3\x84abcd"


def test_a_matroska_segment_tells_its_length() -> None:
    require("matroska", EBML + b"\x18\x53\x80\x67\x88" + b"x" * 8)

    with pytest.raises(SourceTruncated):
        require("matroska", EBML + b"\x18\x53\x80\x67\x88" + b"x" * 7)


def test_a_live_recording_has_no_length() -> None:
    require("matroska", EBML + b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + b"x" * 8)


def test_riff_files_tell_their_length() -> None:
    whole = b"RIFF" + struct.pack("<I", 12) + b"AVI " + b"x" * 8

    require("avi", whole)
    with pytest.raises(SourceTruncated):
        require("avi", whole[:-1])


def test_a_second_riff_is_measured_too() -> None:
    """
    An avi of more than a GiB continues in another RIFF (OpenDML).
    """
    first = b"RIFF" + struct.pack("<I", 4) + b"AVI "

    with pytest.raises(SourceTruncated):
        require("avi", first + b"RIFF" + struct.pack("<I", 40) + b"AVIX")


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_length_that_was_never_filled_in_says_nothing(length: int) -> None:
    require("wav", b"RIFF" + struct.pack("<I", length) + b"WAVE" + b"x" * 8)


@pytest.mark.parametrize("demuxer", ["mpegts", "flv", "mp3"])
def test_containers_without_a_length_play_to_where_they_end(demuxer: str) -> None:
    require(demuxer, b"anything")


@given(data=st.binary(max_size=200), demuxer=st.sampled_from(["mov", "matroska", "avi", "wav"]))
def test_noise_ends_in_a_verdict(data: bytes, demuxer: str) -> None:
    """
    Whatever the bytes say, the walk ends, in a verdict of ours or in none.
    """
    with suppress(SourceTruncated):
        require(demuxer, data)


def test_media_that_are_missing_whole_are_missed() -> None:
    with pytest.raises(SourceTruncated):
        require("mov", box(b"ftyp", b"isom") + box(b"moov", b"x" * 40))
