from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import m3u8
import pytest

from tests.transcoder import plans
from tests.transcoder.good_tree import PLAN
from tests.transcoder.rungs import sound as make_sound
from transcoder.errors import MediaNotReady, OutputInvalid
from transcoder.media import Made, Why
from transcoder.media_playlists import iframe_playlist, is_whole, listable, media_playlist, target_duration
from transcoder.playlists import families_of, multivariant, rendition_rate, sound_of, variant_rate
from transcoder.rates import Rate

DATA = Path(__file__).parents[1] / "data" / "playlists"
MADE = plans.whole_lesson()
SILENT = replace(PLAN, audio=())
SOUND_ONLY = replace(PLAN, video=(), fps=Fraction(1), segment_frames=4, frame_count=0)
AVC_ONLY = replace(PLAN, video=PLAN.video[:2], audio=PLAN.audio[:1])


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


def test_multivariant_with_two_families():
    assert multivariant(PLAN, MADE, uri=folder, iframes_uri=iframes, language="kk") == expected("multivariant.m3u8")


def test_multivariant_of_each_family_alone():
    """With nothing of the other, and without SCORE: there the rates tell."""
    for family, name in (("avc", "avc.m3u8"), ("av1", "av1.m3u8")):
        text = multivariant(PLAN, MADE, uri=folder, iframes_uri=iframes, families=(family,), language="kk")

        assert text == expected(name)


def test_multivariant_of_a_growing_lesson_names_the_caps_and_what_is_there():
    made = {"v144": MADE["v144"][:2], "v288": [], "w144": MADE["w144"][:2], "a48": MADE["a48"][:2]}

    text = multivariant(PLAN, made, uri=lambda name: f"{name}.m3u8", families=("avc",), measured=False)

    assert text == expected("growing-multivariant.m3u8")


def test_multivariant_of_pictures_without_sound():
    assert multivariant(SILENT, MADE, uri=folder, iframes_uri=iframes) == expected("silent-multivariant.m3u8")


def test_multivariant_of_sound_alone():
    assert multivariant(SOUND_ONLY, MADE, uri=folder, iframes_uri=iframes) == expected("sound-multivariant.m3u8")


@pytest.mark.parametrize(
    "name",
    ["media.m3u8", "service-audio.m3u8", "iframes.m3u8", "avc.m3u8", "av1.m3u8", "growing-multivariant.m3u8"],
)
def test_what_we_write_reads_back_the_same(name):
    assert m3u8.loads(expected(name)).dumps(infspec="microseconds") == expected(name)


@pytest.mark.parametrize("made", [[], MADE["v144"][:1], MADE["v144"][1:], MADE["v144"][:1] + MADE["v144"][2:]])
def test_nothing_is_listed_before_the_init_segment_and_segment_0_are_there(made):
    with pytest.raises(MediaNotReady):
        media_playlist(made, target_s=4, uri=beside, kind="EVENT", ended=False)


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"v144": MADE["v144"]},
        {"a48": MADE["a48"]},
        {"v144": MADE["v144"][:1], "a48": MADE["a48"]},
        {"v144": MADE["v144"], "o16": MADE["o16"]},
    ],
)
def test_a_lesson_is_not_playable_before_it_has_picture_and_sound(made):
    with pytest.raises(MediaNotReady):
        multivariant(PLAN, made, uri=folder)


def scores(plan, made=MADE):
    """By rendition, as the text says."""
    lines = multivariant(plan, made, uri=str).splitlines()
    return {uri: int(line.rpartition("=")[2]) for line, uri in pairwise(lines) if line.startswith("#EXT-X-STREAM-INF")}


def with_quality(**vmaf):
    rungs = [replace(rung, why=Why(50.0, vmaf[rung.name]) if rung.name in vmaf else None) for rung in PLAN.video]
    return replace(PLAN, video=tuple(rungs))


@pytest.mark.parametrize(
    ("plan", "order"),
    [
        # By line, where nothing is known of quality: 96, 128, 192, 600.
        (PLAN, ["w288", "w144", "v144", "v288"]),
        (replace(PLAN, video=tuple(replace(rung, line_kbps=96) for rung in PLAN.video)), ["v144", "v288", "w288"]),
        # AV1 at a slow line looks better than H.264 at a fast one.
        (with_quality(v144=60.0, v288=80.0, w288=70.0, w144=90.0), ["v144", "w288", "v288", "w144"]),
        # The starter rung was decided before anybody had looked.
        (with_quality(v288=80.0, w288=70.0, w144=90.0), ["v144", "w288", "v288", "w144"]),
        # What nobody can see is not worth twice the bytes.
        (with_quality(v144=60.0, v288=95.6, w288=70.0, w144=94.0), ["v144", "w288", "v288", "w144"]),
    ],
)
def test_score_tells_which_rung_should_win(plan, order):
    found = scores(plan)

    assert sorted(found.values()) == [1, 2, 3, 4]
    assert sorted(order, key=found.__getitem__) == order


def test_of_sound_alone_a_voice_in_opus_wins_over_the_same_rate_in_aac():
    audio = (replace(PLAN.audio[0], kbps=40), replace(PLAN.audio[1], kbps=24))

    assert scores(replace(SOUND_ONLY, audio=audio)) == {"a48": 1, "o16": 2}


def test_a_rung_is_played_with_the_sound_that_it_names():
    other = replace(PLAN.audio[1], name="o24", kbps=24)
    plan = replace(PLAN, audio=(*PLAN.audio, other))
    video = tuple(replace(rung, sound="o24") if rung.name == "w144" else rung for rung in PLAN.video)
    plan, made = replace(plan, video=video), {**MADE, "o24": plans.opus("o24", (12_000, 12_100, 4_500))}

    lines = multivariant(plan, made, uri=str).splitlines()

    groups = [line.split('AUDIO="')[1].split('"')[0] for line in lines if 'AUDIO="' in line]
    assert groups == ["a48", "a48", "o16", "o24"]
    assert [line.split('GROUP-ID="')[1].split('"')[0] for line in lines if "GROUP-ID" in line] == ["a48", "o16", "o24"]
    assert sound_of(plan, plan.video[3]) == other
    assert variant_rate(plan, plan.video[3], made) == Rate(72_000 + 24_136, 67_511 + 24_136)


def test_a_rung_without_its_own_sound_is_not_listed():
    made = {name: files for name, files in MADE.items() if name != "o16"}

    assert "w144" not in multivariant(PLAN, made, uri=str)


def test_only_families_with_something_to_play_are_there():
    assert families_of(PLAN) == families_of(SOUND_ONLY) == ("avc", "av1")
    assert families_of(AVC_ONLY) == ("avc",)


@pytest.mark.parametrize("family", ["avc", "av1"])
def test_a_rung_of_few_pictures_is_as_long_as_all_others(family):
    """The target duration and EXTINF tell of segments, not of pictures."""
    name = {"avc": "v144", "av1": "w288"}[family]

    assert media_playlist(MADE[name], target_s=4, uri=beside) == expected("media.m3u8")


def test_sound_is_whole_when_it_reaches_the_end_of_the_lesson():
    sound = PLAN.audio[0]

    assert [is_whole(PLAN, sound, MADE["a48"][:count]) for count in (1, 2, 3, 4)] == [False, False, False, True]
    assert [is_whole(PLAN, PLAN.video[0], MADE["v144"][:count]) for count in (1, 2, 3, 4)] == [
        False,
        False,
        False,
        True,
    ]
    assert is_whole(replace(SOUND_ONLY, duration_s=9.4934), sound, MADE["a48"])
    assert not is_whole(replace(SOUND_ONLY, duration_s=9.5), sound, MADE["a48"])


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
        (Fraction(30000, 1001), 240, 48000, 8),
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
