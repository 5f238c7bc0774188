from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.hls_lesson import read_moofs
from tests.transcoder import box_builder as build
from tests.transcoder.good_tree import make_media
from transcoder.boxes import codec_string, fragment, init_segment
from transcoder.errors import OutputInvalid

VIDEO_INIT = build.init(build.AVC1)
VIDEO = init_segment(VIDEO_INIT)
SOUND = init_segment(build.init(build.MP4A, timescale=48000))
IDR = build.nal(6) + build.nal(5)
SLICE = build.nal(1)
SEGMENT = build.segment([IDR, SLICE, SLICE], tfdt=90000)


@pytest.mark.parametrize(
    ("entry", "codec"),
    [
        (build.AVC1, "avc1.64001f"),
        (build.visual_entry("avc1", build.box("avcC", bytes([1, 66, 0xC0, 30, 0xFF, 0xE0, 0]))), "avc1.42c01e"),
        (build.AV01, "av01.0.04M.08"),
        (build.visual_entry("av01", build.box("av1C", bytes([0x81, 0x28, 0xC0, 0]))), "av01.1.08H.10"),
        (build.MP4A, "mp4a.40.2"),
        (build.sound_entry("mp4a", build.esds(specific=b"\x2b\x92")), "mp4a.40.5"),
        (build.sound_entry("mp4a", build.esds(specific=b"\xf9\x48")), "mp4a.40.42"),
        (build.OPUS, "Opus"),
    ],
)
def test_codec_string_is_read_from_the_bytes(entry, codec):
    assert codec_string(build.init(entry)) == codec


def test_init_segment_of_pictures():
    assert (VIDEO.type, VIDEO.width, VIDEO.height, VIDEO.timescale) == ("video", 640, 360, 90000)
    assert (VIDEO.track_id, VIDEO.nal_length_bytes, VIDEO.edit_media_time) == (1, 4, None)
    assert VIDEO.brands == ("cmfc", "iso6", "mp41")


def test_init_segment_of_sound():
    assert (SOUND.type, SOUND.channels, SOUND.sample_rate, SOUND.width) == ("audio", 2, 48000, 0)


@pytest.mark.parametrize(("version", "media_time"), [(0, 1024), (1, 1024), (0, -1), (1, -1)])
def test_edit_list_is_noticed(version, media_time):
    data = build.init(build.MP4A, edit=build.edit_list(media_time, version=version))

    assert init_segment(data).edit_media_time == media_time


@pytest.mark.parametrize(
    "data",
    [
        b"",
        build.box("ftyp", b"iso6", build.u(0)),
        VIDEO_INIT[:-1],
        VIDEO_INIT + VIDEO_INIT,
        build.init(build.visual_entry("hvc1", build.box("hvcC", bytes(23)))),
        build.init(build.visual_entry("avc1", b"")),
        build.init(build.sound_entry("Opus", b"")),
        build.init(build.AVC1, timescale=0),
    ],
    ids=["empty", "no moov", "cut", "two moov", "hevc", "no avcC", "no dOps", "timescale 0"],
)
def test_what_is_no_init_segment_of_ours_is_refused(data):
    with pytest.raises(OutputInvalid):
        init_segment(data)


def test_fragment_tells_times_and_the_first_picture():
    found = fragment(SEGMENT, VIDEO)

    assert (found.sequence, found.sample_count, found.moof_count) == (7, 3, 1)
    assert (found.start_s, found.duration_s, found.presentation_s) == (1, Fraction(3 * 3600, 90000), 1)
    assert SEGMENT[: found.first_sample_end].endswith(IDR)
    assert (found.sync, found.idr) == (True, True)


def test_styp_and_sidx_belong_to_the_range_of_the_first_picture():
    before = build.box("styp", b"msdh", build.u(0)) + build.box("sidx", bytes(44))
    data = build.segment([IDR, SLICE], before=before)

    assert data[: fragment(data, VIDEO).first_sample_end].endswith(IDR)


def test_signed_offsets_move_what_is_shown_first():
    data = build.segment([IDR, SLICE, SLICE], offsets=[0, 3600, -7200])

    assert fragment(data, VIDEO).presentation_s == 0
    assert fragment(build.segment([IDR, SLICE], offsets=[7200, 3600]), VIDEO).presentation_s == Fraction(7200, 90000)


def test_an_edit_list_pulls_the_presentation_forward():
    late = init_segment(build.init(build.AVC1, edit=build.edit_list(7200)))

    assert fragment(build.segment([IDR, SLICE], offsets=[7200, 7200]), late).presentation_s == 0


def test_several_fragments_make_one_segment():
    data = build.segment([IDR, SLICE]) + build.segment([SLICE], tfdt=7200, first_flags=build.NOT_KEY)

    found = fragment(data, VIDEO)

    assert (found.sample_count, found.duration_s, found.moof_count) == (3, Fraction(10800, 90000), 2)


@pytest.mark.parametrize(
    ("picture", "flags", "expected"),
    [
        (IDR, build.KEY, (True, True)),
        (IDR, build.NOT_KEY, (False, False)),
        (SLICE, build.KEY, (True, False)),
        (build.nal(6) + build.nal(7), build.KEY, (True, False)),
    ],
)
def test_an_idr_is_a_slice_of_type_five_in_a_sync_sample(picture, flags, expected):
    found = fragment(build.segment([picture], first_flags=flags), VIDEO)

    assert (found.sync, found.idr) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SEGMENT[:-1],
        build.box("mdat", IDR),
        build.box("emsg", bytes(20)) + SEGMENT,
        build.segment([IDR], track=2),
        build.segment([IDR]) + build.segment([SLICE], tfdt=99),
        SEGMENT.replace(b"mdat", b"free"),
        SEGMENT.replace(b"tfhd\x00\x02\x00\x28", b"tfhd\x00\x02\x00\x29"),
        SEGMENT.replace(b"trun", b"free"),
        SEGMENT.replace(b"tfdt", b"free"),
        SEGMENT.replace(build.u(3) + build.u(0)[:2], build.u(0xFFFFFFFF) + build.u(0)[:2], 1),
    ],
    ids=["empty", "cut", "no moof", "emsg", "other", "hole", "no mdat", "base", "no trun", "no tfdt", "count"],
)
def test_what_is_no_segment_of_ours_is_refused(data):
    with pytest.raises(OutputInvalid):
        fragment(data, VIDEO)


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _damaged(data: bytes) -> st.SearchStrategy[bytes]:
    places = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255))
    patched = st.lists(places, min_size=1, max_size=6).map(lambda changes: _patch(data, changes))
    return st.one_of(patched, st.integers(0, len(data)).map(lambda end: data[:end]), st.binary(max_size=200))


def _patch(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    body = bytearray(data)
    for place, value in changes:
        body[place] = value
    return bytes(body)


@PATIENT
@given(_damaged(VIDEO_INIT) | _damaged(build.init(build.MP4A)) | _damaged(build.init(build.OPUS)))
@example(b"\x00\x00\x00\x01moov" + b"\xff" * 8)
def test_a_damaged_init_segment_is_read_or_refused(data):
    with suppress(OutputInvalid):
        assert init_segment(data).timescale > 0


@PATIENT
@given(_damaged(SEGMENT))
@example(b"\x00\x00\x00\x00moof")
def test_a_damaged_segment_is_read_or_refused(data):
    with suppress(OutputInvalid):
        assert fragment(data, VIDEO).first_sample_end <= len(data)


@pytest.mark.ffmpeg
def test_what_ffmpeg_writes_is_read_as_the_judge_reads_it(tmp_path):
    for name, made in make_media(tmp_path).items():
        init = init_segment((tmp_path / name / "init.mp4").read_bytes())
        for item in (item for item in made if item.kind == "segment"):
            data = (tmp_path / name / item.name).read_bytes()
            found, (moof,) = fragment(data, init), read_moofs(data)
            assert found.start_s == Fraction(moof.decode_time, init.timescale)
            assert found.duration_s == Fraction(sum(moof.durations), init.timescale)
            assert found.first_sample_end == moof.data_start + moof.sizes[0]
            assert found.presentation_s == found.start_s
            assert found.idr
