from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import m3u8
import pytest

from tests.transcoder import plans
from tests.transcoder.good_tree import PLAN
from tests.transcoder.rungs import sound as make_sound
from transcoder.errors import MediaNotReady, OutputInvalid
from transcoder.media import Made
from transcoder.playlists import (
    iframe_playlist,
    listable,
    media_playlist,
    multivariant,
    rendition_rate,
    target_duration,
)
from transcoder.rates import Rate

DATA = Path(__file__).parents[1] / "data" / "playlists"
MADE = {"v144": plans.video("v144"), "v288": plans.video("v288", codec="avc1.640015"), "a48": plans.audio("a48")}
SILENT = replace(PLAN, audio=())
SOUND_ONLY = replace(PLAN, video=(), fps=Fraction(1), segment_frames=4, frame_count=0)


def expected(name: str) -> str:
    return (DATA / name).read_text("utf-8")


def beside(item: Made) -> str:
    return item.name


def in_plan_folder(item: Made) -> str:
    return f"../{PLAN.digest}/{item.rendition}/{item.name}"


def folder(name: str) -> str:
    return f"{name}/media.m3u8"


def iframes(name: str) -> str:
    return f"{name}/iframes.m3u8"


def test_media_playlist_of_the_command_line():
    assert media_playlist(MADE["v144"], target_s=4, uri=beside) == expected("media.m3u8")


def test_media_playlist_of_the_service_names_objects_of_the_plan():
    assert media_playlist(MADE["a48"], target_s=4, uri=in_plan_folder) == expected("service-audio.m3u8")


def test_growing_playlist_ends_before_the_first_gap():
    """
    Segment 1 is still being encoded while segment 2 is there: only segment 0 can be played.
    """
    made = [item for item in reversed(MADE["v144"]) if item.number != 1]

    assert media_playlist(made, target_s=4, uri=beside, kind="EVENT", ended=False) == expected("growing.m3u8")


def test_growing_playlist_gets_its_end_when_the_job_is_done():
    text = media_playlist(MADE["v144"], target_s=4, uri=beside, kind="EVENT", ended=True)

    assert text == expected("media.m3u8").replace("VOD", "EVENT")


def test_iframe_playlist_names_moof_and_first_picture():
    assert iframe_playlist(MADE["v144"], target_s=4, uri=beside) == expected("iframes.m3u8")


def test_multivariant_with_two_rungs_and_sound():
    assert multivariant(PLAN, MADE, uri=folder, iframes_uri=iframes, language="kk") == expected("multivariant.m3u8")


def test_multivariant_of_a_growing_lesson_names_the_caps_and_what_is_there():
    made = {"v144": MADE["v144"][:2], "v288": [], "a48": MADE["a48"][:2]}

    text = multivariant(PLAN, made, uri=lambda name: f"{name}.m3u8", measured=False)

    assert text == expected("growing-multivariant.m3u8")


def test_multivariant_of_pictures_without_sound():
    assert multivariant(SILENT, MADE, uri=folder, iframes_uri=iframes) == expected("silent-multivariant.m3u8")


def test_multivariant_of_sound_alone():
    made = {"a48": MADE["a48"]}

    assert multivariant(SOUND_ONLY, made, uri=folder, iframes_uri=iframes) == expected("sound-multivariant.m3u8")


@pytest.mark.parametrize(
    "name", ["media.m3u8", "service-audio.m3u8", "iframes.m3u8", "multivariant.m3u8", "growing-multivariant.m3u8"]
)
def test_what_we_write_reads_back_the_same(name):
    assert m3u8.loads(expected(name)).dumps(infspec="microseconds") == expected(name)


@pytest.mark.parametrize("made", [[], MADE["v144"][:1], MADE["v144"][1:], MADE["v144"][:1] + MADE["v144"][2:]])
def test_nothing_is_listed_before_the_init_segment_and_segment_0_are_there(made):
    with pytest.raises(MediaNotReady):
        media_playlist(made, target_s=4, uri=beside, kind="EVENT", ended=False)


@pytest.mark.parametrize(
    "made", [{}, {"v144": MADE["v144"]}, {"a48": MADE["a48"]}, {"v144": MADE["v144"][:1], "a48": MADE["a48"]}]
)
def test_a_lesson_is_not_playable_before_it_has_picture_and_sound(made):
    with pytest.raises(MediaNotReady):
        multivariant(PLAN, made, uri=folder)


def test_a_finished_playlist_has_an_end():
    with pytest.raises(OutputInvalid):
        media_playlist(MADE["v144"], target_s=4, uri=beside, kind="VOD", ended=False)


@pytest.mark.parametrize("uri", ["", "a\n#EXT-X-KEY:METHOD=NONE", 'a"b', "a b", "#a", "a\x00", "a\u2028b"])
def test_a_uri_cannot_inject_a_line(uri):
    with pytest.raises(OutputInvalid):
        media_playlist(MADE["v144"], target_s=4, uri=lambda _item: uri)
    with pytest.raises(OutputInvalid):
        multivariant(PLAN, MADE, uri=lambda _name: uri)


@pytest.mark.parametrize("language", ["", 'kk",NAME="x', "kk\n#EXT-X-KEY:METHOD=NONE", "kk\n", "қазақша", "k"])
def test_a_language_cannot_inject_an_attribute(language):
    with pytest.raises(OutputInvalid):
        multivariant(PLAN, MADE, uri=folder, language=language)


@pytest.mark.parametrize("codec", ["", 'avc1",X="1', "avc1\r\n"])
def test_a_codec_cannot_inject_an_attribute(codec):
    made = {**MADE, "v144": [replace(MADE["v144"][0], codec=codec), *MADE["v144"][1:]]}

    with pytest.raises(OutputInvalid):
        multivariant(PLAN, made, uri=folder)


@pytest.mark.parametrize(
    ("fps", "segment_frames", "sample_rate", "target_s"),
    [
        (Fraction(25), 100, 48000, 4),
        (Fraction(30000, 1001), 120, 48000, 4),
        (Fraction(25), 112, 48000, 5),
        (Fraction(1), 1, 48000, 1),
    ],
)
def test_target_duration_holds_for_sound_that_is_a_frame_longer(fps, segment_frames, sample_rate, target_s):
    sound = make_sound("a", 48, sample_rate=sample_rate)

    assert target_duration(replace(PLAN, fps=fps, segment_frames=segment_frames, audio=(sound,))) == target_s


def test_extinf_never_drifts_from_the_real_time():
    """
    A third of a second cannot be written exactly: rounding each one alone would lose a millisecond in an hour.
    """
    made = [replace(MADE["v144"][0])]
    third = Fraction(1, 3)
    made += [replace(MADE["v144"][1], number=n, start_s=n * third, duration_s=third) for n in range(3000)]

    lengths = [line[8:-1] for line in media_playlist(made, target_s=4, uri=beside).splitlines() if "EXTINF" in line]

    assert sum(int(length.replace(".", "")) for length in lengths) == 1_000_000_000


def test_rate_of_a_rendition_counts_segments_and_not_its_init_segment():
    assert rendition_rate(MADE["v144"], target_s=4) == Rate(100_000, 89_452)


def test_listable_sorts_and_stops_at_the_gap():
    made = plans.video("v144")

    assert [item.number for item in listable([made[3], made[1], made[0]])] == [0]
