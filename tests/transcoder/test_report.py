"""What ffprobe says, turned into tracks."""

from fractions import Fraction

import pytest

from tests.transcoder.sources import AUDIO, VIDEO, audio, video
from transcoder.errors import BadSource, SourceIsPicture, SourceTooLarge, SourceUnsupported
from transcoder.report import (
    Claim,
    Packet,
    head_and_tail,
    parse_first_picture,
    parse_packet,
    parse_streams,
    pick_streams,
)
from transcoder.tracks import assemble, audio_track, video_track

STREAM = {
    "index": 0,
    "codec_type": "video",
    "codec_name": "h264",
    "width": 1280,
    "height": 720,
    "pix_fmt": "yuv420p",
    "r_frame_rate": "25/1",
    "avg_frame_rate": "25/1",
    "time_base": "1/12800",
    "field_order": "progressive",
}
SOUND = {"index": 1, "codec_type": "audio", "codec_name": "aac", "channels": 2, "sample_rate": "48000"}


def at(*times_s: float, duration_s: float = 0.04) -> list[Packet]:
    return [Packet(0, time_s, duration_s) for time_s in times_s]


EVEN = at(*(index / 25 for index in range(50)))


def test_a_plain_track() -> None:
    track = video_track(STREAM, EVEN)

    assert (track.codec, track.width, track.height, track.fps) == ("h264", 1280, 720, 25)
    assert (track.variable_frame_rate, track.interlaced, track.bit_depth, track.transfer) == (False, False, 8, "")
    assert (track.start_s, track.duration_s) == (0.0, pytest.approx(2.0))


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"side_data_list": [{"rotation": -90}]}, (720, 1280)),
        ({"side_data_list": [{"rotation": 270}]}, (720, 1280)),
        ({"side_data_list": [{"rotation": 180}]}, (1280, 720)),
        ({"side_data_list": [{"side_data_type": "CPB properties"}]}, (1280, 720)),
        ({"sample_aspect_ratio": "4:3"}, (1707, 720)),
        ({"sample_aspect_ratio": "0:1"}, (1280, 720)),
        ({"sample_aspect_ratio": "1:100"}, (1280, 720)),
        ({"sample_aspect_ratio": "4:3", "side_data_list": [{"rotation": 90}]}, (720, 1707)),
    ],
)
def test_the_size_is_what_a_person_sees(changes: dict, size: tuple[int, int]) -> None:
    track = video_track({**STREAM, **changes}, EVEN)

    assert (track.width, track.height) == size


@pytest.mark.parametrize(
    ("pix_fmt", "depth"),
    [("yuv420p", 8), ("yuv420p10le", 10), ("yuv422p12be", 12), ("p010le", 10), ("nv12", 8), ("gbrp", 8)],
)
def test_the_depth_is_read_from_the_pixel_format(pix_fmt: str, depth: int) -> None:
    assert video_track({**STREAM, "pix_fmt": pix_fmt}, EVEN).bit_depth == depth


@pytest.mark.parametrize("order", ["tt", "bb", "tb", "bt"])
def test_fields_are_seen(order: str) -> None:
    assert video_track({**STREAM, "field_order": order}, EVEN).interlaced


def test_colours_that_nobody_knows_are_empty() -> None:
    track = video_track({**STREAM, "color_transfer": "unknown", "color_space": "reserved"}, EVEN)

    assert (track.transfer, track.matrix) == ("", "")


@pytest.mark.parametrize("fps", ["24000/1001", "25", "30000/1001", "30", "60", "120"])
def test_times_rounded_to_milliseconds_are_no_varying_rate(fps: str) -> None:
    """
    Matroska rounds to milliseconds: 33, 34, 33 ms are 30 pictures a second.
    """
    rate = Fraction(fps)
    packets = at(*(round(float(index / rate), 3) for index in range(200)))
    track = video_track({**STREAM, "r_frame_rate": fps, "avg_frame_rate": fps, "time_base": "1/1000"}, packets)

    assert (track.fps, track.variable_frame_rate) == (rate, False)


def test_a_rate_that_no_header_tells_is_measured() -> None:
    packets = at(*(round(index / 30, 3) for index in range(200)))
    track = video_track({**STREAM, "r_frame_rate": "1000/1", "avg_frame_rate": "0/0", "time_base": "1/1000"}, packets)

    assert (track.fps, track.variable_frame_rate) == (30, False)


def test_gaps_between_pictures_are_a_varying_rate() -> None:
    track = video_track({**STREAM, "r_frame_rate": "30/1", "avg_frame_rate": "3/1"}, at(0, 1 / 30, 2 / 30, 1, 2, 2.5))

    assert (track.fps, track.variable_frame_rate) == (30, True)


def test_a_nonsense_rate_of_a_varying_track_becomes_thirty() -> None:
    changes = {"r_frame_rate": "90000/1", "avg_frame_rate": "1499/50"}
    track = video_track({**STREAM, **changes}, at(0, 0.03, 0.07, 0.1, 0.2, 0.21))

    assert (track.fps, track.variable_frame_rate) == (30, True)


def test_an_even_beginning_and_another_average_vary() -> None:
    track = video_track({**STREAM, "avg_frame_rate": "17/1"}, EVEN)

    assert track.variable_frame_rate


def test_an_interlaced_stream_whose_rate_is_told_in_fields_does_not_vary() -> None:
    changes = {"r_frame_rate": "50/1", "avg_frame_rate": "25/1", "field_order": "tt"}

    assert video_track({**STREAM, **changes}, EVEN).fps == 25


def test_a_header_may_end_the_last_picture_early_but_not_more() -> None:
    slow = at(0, 5, duration_s=5)

    assert video_track({**STREAM, "duration": "7.5"}, slow).duration_s == 7.5
    assert video_track({**STREAM, "duration": "2147483647"}, slow).duration_s == 10
    assert video_track({**STREAM, "duration": "1.0"}, slow).duration_s == 10


def test_a_program_stream_dates_few_pictures() -> None:
    """
    In decoding order I P B, shown I B P: the last one decoded is not the last one shown.
    """
    packets = [
        Packet(0, 0.6, 0.1, 0.1),
        Packet(0, 0.6, 0.1, None),
        Packet(0, 0.7, 0.1, 0.0),
        Packet(0, 0.8, 0.1, None),
        Packet(0, 0.9, 0.1, 0.0),
    ]

    assert video_track(
        {**STREAM, "r_frame_rate": "10/1", "avg_frame_rate": "10/1"}, packets
    ).duration_s == pytest.approx(0.5)


def test_an_avi_s_first_picture_comes_late() -> None:
    assert video_track(STREAM, EVEN, first_picture_s=0.08).shift_s == pytest.approx(0.08)


def test_sound() -> None:
    packets = [Packet(1, -0.02, 0.02), Packet(1, 9.98, 0.02)]
    track = audio_track(SOUND, packets)

    assert (track.codec, track.channels, track.sample_rate) == ("aac", 2, 48_000)
    assert (track.start_s, track.duration_s) == (-0.02, pytest.approx(10.02))


@pytest.mark.parametrize(
    ("line", "packet"),
    [
        ("0,1.5,1.4,0.04,K__", Packet(0, 1.5, 0.04, pytest.approx(0.1))),
        ("0,1.5,N/A,0.04,K__", Packet(0, 1.5, 0.04, 0.0)),
        ("1,N/A,1.4,N/A,___,", Packet(1, 1.4, 0.0, None)),
        ("0,-0.5,-0.5,0.04,KD_", None),
        ("0,N/A,N/A,0.04,K__", None),
        ("side_data", None),
        ("", None),
    ],
)
def test_a_line_is_a_packet_or_nothing(line: str, packet: Packet | None) -> None:
    assert parse_packet(line) == packet


def test_the_first_picture_is_the_earliest() -> None:
    assert parse_first_picture("0.2,\nN/A\n0.3\n") == 0.2
    assert parse_first_picture("N/A\n") is None


def test_both_ends_of_a_file_are_read() -> None:
    assert head_and_tail(Claim(0.0, 100.0)) == "%+12,94.000%"
    assert head_and_tail(Claim(5000.0, 100.0)) == "%+12,5094.000%"
    assert head_and_tail(Claim(0.0, 2.0)) == "%+12,0.000%"
    assert head_and_tail(None) == ""


def test_a_claim_is_what_the_container_says_of_its_length() -> None:
    assert parse_streams('{"streams": [], "format": {"duration": "5.5", "start_time": "1.4"}}') == ([], Claim(1.4, 5.5))
    assert parse_streams('{"streams": [{"index": 0}], "format": {}}') == ([{"index": 0}], None)
    assert parse_streams("") == ([], None)


COVER = {**STREAM, "codec_name": "png", "disposition": {"attached_pic": 1}}


def test_a_cover_is_passed_over() -> None:
    assert pick_streams([COVER, {**STREAM, "index": 1}, SOUND]) == ({**STREAM, "index": 1}, SOUND)
    assert pick_streams([COVER, SOUND]) == (None, SOUND)


def test_a_cover_alone_is_a_picture() -> None:
    with pytest.raises(SourceIsPicture):
        pick_streams([COVER])


@pytest.mark.parametrize("codec", ["magicyuv", "flic", "prores_raw", None])
def test_an_unlisted_codec_is_named(codec: str | None) -> None:
    with pytest.raises(SourceUnsupported) as raised:
        pick_streams([{**STREAM, "codec_name": codec, "codec_tag_string": "M8RG"}])

    assert raised.value.params["codec"] == (codec or "M8RG")


def test_sizes_have_limits() -> None:
    with pytest.raises(SourceTooLarge):
        pick_streams([{**STREAM, "width": 9000, "height": 9000}])
    with pytest.raises(BadSource):
        pick_streams([{**STREAM, "width": 0}])


def test_neither_picture_nor_sound() -> None:
    assert pick_streams([{"index": 0, "codec_type": "data"}]) == (None, None)


def test_the_lesson_begins_and_ends_with_its_pictures() -> None:
    """
    What an encoder of sound adds at both ends is no reason for more pictures.
    """
    padded = audio(start_s=-0.021, duration_s=60.2)

    assembled = assemble(1, "mov", VIDEO, padded)

    assert (assembled.start_s, assembled.duration_s) == (0.0, 60.0)


def test_sound_that_begins_earlier_and_ends_later_is_kept() -> None:
    assembled = assemble(1, "mov", video(start_s=2.0), audio(start_s=0.0, duration_s=70.0))

    assert (assembled.start_s, assembled.duration_s) == (0.0, 70.0)


def test_one_track_alone() -> None:
    assert assemble(1, "mov", None, AUDIO).duration_s == 60.0
    assert assemble(1, "mov", VIDEO, None).duration_s == 60.0
