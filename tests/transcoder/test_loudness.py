from dataclasses import replace

import pytest

from tests.transcoder.sources import VIDEO, audio, planned
from transcoder.loudness import SoundReport, corrected, measured, parse_report, silence_db, sound_findings
from transcoder.media import Plan
from transcoder.source import Heard

HEARD = Heard("speech", mono_lufs=-26.0, stereo_lufs=-26.0, peak_db=-6.0, floor_db=-80.0, alike=True)
SAID = """[silencedetect @ 0x1] silence_start: 10.5
[silencedetect @ 0x1] silence_end: 45 | silence_duration: 34.5
[silencedetect @ 0x1] silence_start: 50
[ebur128@whole @ 0x1] Summary:

  Integrated loudness:
    I:         -17.3 LUFS

  True peak:
    Peak:       -2.1 dBFS
"""


def plan_of(heard: Heard | None = HEARD) -> Plan:
    return planned(VIDEO, audio(heard=heard))


def reports(aac_lufs: float, opus_lufs: float = -16.0, *, peak_db: float = -2.0, again: bool = False):
    return (
        SoundReport("aac-40", aac_lufs, peak_db, remade=again),
        SoundReport("opus-16", opus_lufs, -2.0, remade=again),
    )


def test_the_lowest_of_each_family_is_measured() -> None:
    assert [each.name for each in measured(plan_of())] == ["aac-40", "opus-16"]


def test_a_report_is_read_and_a_silence_at_the_end_ends_with_the_lesson() -> None:
    rendition = plan_of().audio[0]

    assert parse_report(rendition, SAID, duration_s=80.0) == SoundReport(
        "aac-40", -17.3, -2.1, ((10.5, 45.0), (50.0, 80.0))
    )
    assert parse_report(rendition, "[in#0] Invalid data", duration_s=80.0) is None
    nothing = SAID.replace("-17.3", "-inf").replace("-2.1", "-inf")
    assert parse_report(rendition, nothing, duration_s=60.0) == SoundReport("aac-40", -70.0, -120.0, ((10.5, 45.0),))


def test_sound_within_a_unit_of_its_target_stays() -> None:
    assert corrected(plan_of(), reports(-16.9, -15.1)) is None


def test_sound_that_missed_it_is_made_again_under_other_names() -> None:
    better = corrected(plan_of(), reports(-13.0))

    assert better is not None
    assert [(each.name, each.correction_db) for each in better.audio] == [
        ("aac-40-b", -3.0),
        ("aac-64-b", -3.0),
        ("opus-16-b", 0.0),
        ("opus-24-b", 0.0),
    ]
    assert {rung.sound for rung in better.video} <= {each.name for each in better.audio} | {""}
    assert better.digest == plan_of().digest
    kept = corrected(plan_of(), reports(-13.0), renamed=False)
    assert kept is not None
    assert [each.name for each in kept.audio] == [each.name for each in plan_of().audio]


def test_what_the_limiter_takes_is_added_and_a_peak_over_full_scale_gets_headroom() -> None:
    quiet, peaky = corrected(plan_of(), reports(-18.0)), corrected(plan_of(), reports(-16.0, peak_db=0.5))

    assert quiet is not None
    assert peaky is not None
    assert quiet.audio[0].correction_db == pytest.approx(2.8)
    assert (peaky.audio[0].headroom_db, peaky.audio[0].correction_db) == (1.5, 1.5)


@pytest.mark.parametrize(
    ("heard", "lufs", "again"),
    [
        (HEARD, -20.0, True),
        (HEARD, -70.0, False),
        (replace(HEARD, mono_lufs=-55.0), -20.0, False),
        (replace(HEARD, kind="silence"), -60.0, False),
        (None, -30.0, False),
    ],
)
def test_nothing_is_made_a_third_time_nor_made_louder_than_is_good(heard: Heard, lufs: float, again: bool) -> None:
    assert corrected(plan_of(heard), reports(lufs, lufs, again=again)) is None


def test_silence_is_what_lies_below_the_room_after_the_gain() -> None:
    rendition = plan_of().audio[0]

    assert silence_db(None, rendition) == -55.0
    assert silence_db(HEARD, rendition) == -55.0
    assert silence_db(replace(HEARD, floor_db=-62.0), rendition) == pytest.approx(-37.0)
    assert silence_db(replace(HEARD, floor_db=-50.0), rendition) == -30.0


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"heard": None}, []),
        ({"heard": replace(HEARD, kind="silence", mono_lufs=-66.0)}, ["sound_nothing"]),
        ({"heard": replace(HEARD, mono_lufs=-45.0)}, ["sound_very_quiet"]),
        ({"lone_channel": 1}, ["sound_one_channel"]),
        ({"heard": replace(HEARD, hum_hz=50, hum_db=-50.0)}, ["sound_hum"]),
        ({"heard": replace(HEARD, hum_hz=50, hum_db=-70.0)}, []),
        ({"heard": replace(HEARD, floor_db=-45.0)}, ["sound_noise"]),
    ],
)
def test_findings(changes: dict, codes: list[str]) -> None:
    found = sound_findings(audio(**{"heard": HEARD, **changes}), None)

    assert [each.code for each in found] == codes


def test_the_longest_silence_is_told_with_its_place() -> None:
    report = replace(reports(-16.0)[0], silences=((10.0, 35.0), (100.0, 190.5)))

    (found,) = sound_findings(audio(heard=HEARD), report)

    assert (found.code, dict(found.figures)) == (
        "sound_silence",
        {"count": 2, "longest_s": 90.5, "start_s": 100.0, "end_s": 190.5},
    )
