from dataclasses import replace

import pytest

from tests.transcoder.sources import VIDEO, audio, source
from transcoder.policy import DEFAULT_POLICY
from transcoder.sound import cleaning, gain_db, gain_is_bounded, sound_for, sound_peak_kbps, sound_renditions
from transcoder.source import Heard

HEARD = Heard("speech", mono_lufs=-26.0, stereo_lufs=-23.0, peak_db=-6.0, floor_db=-80.0, alike=False)
MUSIC = replace(HEARD, kind="music")


def names(heard: Heard | None, **changes: object) -> list[str]:
    given = source(VIDEO, audio(heard=heard, **changes))
    return [rendition.name for rendition in sound_renditions(given, DEFAULT_POLICY)]


def test_a_voice_has_one_channel_and_music_keeps_two_that_differ() -> None:
    assert names(HEARD) == ["aac-40", "aac-64", "opus-16", "opus-24"]
    assert names(None) == names(replace(HEARD, kind="silence")) == names(HEARD)
    assert names(MUSIC) == ["aac-40", "aac-96", "opus-32", "opus-64"]
    one_channel = ["aac-40", "aac-64", "opus-32", "opus-48"]
    assert names(replace(MUSIC, alike=True)) == names(MUSIC, channels=1) == names(MUSIC, lone_channel=0) == one_channel


def test_no_sound_has_no_renditions_and_a_policy_may_leave_a_family_out() -> None:
    avc_only = replace(DEFAULT_POLICY, families=("avc",))

    assert sound_renditions(source(VIDEO, None), DEFAULT_POLICY) == ()
    assert {each.family for each in sound_renditions(source(VIDEO, audio()), avc_only)} == {"avc"}


@pytest.mark.parametrize(
    ("heard", "family", "line_kbps", "name"),
    [
        (HEARD, "avc", 96, "aac-40"),
        (HEARD, "avc", 300, "aac-40"),
        (HEARD, "avc", 500, "aac-64"),
        (HEARD, "av1", 50, "opus-16"),
        (HEARD, "av1", 900, "opus-24"),
        (MUSIC, "avc", 192, "aac-40"),
        (MUSIC, "avc", 300, "aac-96"),
        (MUSIC, "av1", 300, "opus-64"),
    ],
)
def test_slow_lines_leave_the_bits_to_the_pictures(heard: Heard, family, line_kbps: int, name: str) -> None:
    found = sound_for(line_kbps, family, sound_renditions(source(VIDEO, audio(heard=heard)), DEFAULT_POLICY))

    assert found is not None
    assert found.name == name


def test_where_there_is_no_sound_no_rung_is_played_with_one() -> None:
    assert sound_for(96, "avc", ()) is None


def test_what_a_line_must_carry_counts_the_boxes_and_is_the_same_for_a_second_making() -> None:
    aac, _, opus, _ = sound_renditions(source(VIDEO, audio()), DEFAULT_POLICY)

    assert sound_peak_kbps(aac) == pytest.approx(40.95)
    assert sound_peak_kbps(opus) == pytest.approx(19.23, abs=0.01)
    assert sound_peak_kbps(replace(aac, name="aac-40-b")) == sound_peak_kbps(aac)


@pytest.mark.parametrize(
    ("changes", "gain", "bounded"),
    [
        ({}, 10.0, False),
        ({"lift_db": 1.5}, 11.5, False),
        ({"mono_lufs": -10.0}, -6.0, False),
        ({"mono_lufs": -50.0}, 30.0, True),
        ({"mono_lufs": -40.0, "floor_db": -55.0}, 19.0, True),
        ({"kind": "silence", "mono_lufs": -60.0}, 0.0, True),
        ({"kind": "music", "mono_lufs": -30.0, "floor_db": -31.0}, 14.0, False),
    ],
)
def test_the_gain_reaches_the_target_but_lifts_no_noise(changes: dict, gain: float, bounded: bool) -> None:
    aac = sound_renditions(source(VIDEO, audio()), DEFAULT_POLICY)[0]
    heard = replace(HEARD, **changes)

    assert gain_db(heard, aac) == pytest.approx(gain)
    assert gain_is_bounded(heard, aac) is bounded


@pytest.mark.parametrize(("floor_db", "reduced"), [(-80.0, False), (-60.0, True), (-45.0, True), (-35.0, False)])
def test_noise_is_reduced_where_that_helps(floor_db: float, reduced: bool) -> None:
    filters = [each.name for each in cleaning(replace(HEARD, floor_db=floor_db))]

    assert ("afftdn" in filters) is reduced
    assert filters[0] == "highpass"
