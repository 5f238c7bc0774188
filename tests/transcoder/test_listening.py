from math import inf

import pytest

from tests.transcoder.sources import audio
from transcoder.listening import (
    LEAST_DB,
    Listener,
    Summary,
    Window,
    heard,
    lift_db,
    lone_channel,
    one_channel,
    parse_summary,
    windows,
)

SAID = """  Metadata:
    title           : [ebur128@both @ 0x1] Summary: I: 5 LUFS Peak: 9 dBFS
[ebur128@one @ 0x7f] Summary:

  Integrated loudness:
    I:         -23.3 LUFS
    Threshold: -33.6 LUFS

[astats@levels @ 0x7f] Channel: 1
[astats@levels @ 0x7f] RMS level dB: -23.8
[astats@levels @ 0x7f] Channel: 2
[astats@levels @ 0x7f] RMS level dB: -inf
[astats@levels @ 0x7f] Channel: 3
[astats@levels @ 0x7f] RMS level dB: -29.8
[astats@levels @ 0x7f] Channel: 4
[astats@levels @ 0x7f] RMS level dB: -29.8
[ebur128@both @ 0x7f] Summary:

  Integrated loudness:
    I:         -20.3 LUFS

  Sample peak:
    Peak:       -4.9 dBFS
"""
SUMMARY = Summary(stereo_lufs=-20.0, mono_lufs=-23.0, peak_db=-5.0, channels_db=(-24.0, -24.0, -24.0, -inf))


def test_the_last_of_each_measure_counts() -> None:
    assert parse_summary(SAID, channels=2) == Summary(-20.3, -23.3, -4.9, (-23.8, LEAST_DB, -29.8, -29.8))


def test_where_nothing_was_decoded_nothing_was_heard() -> None:
    assert parse_summary("[in#0 @ 0x1] Error", channels=2) is None


@pytest.mark.parametrize(
    ("levels", "channel"),
    [
        ((-20.0, -120.0, -26.0, -26.0), 0),
        ((-120.0, -20.0, -26.0, -26.0), 1),
        ((-20.0, -55.0, -26.0, -26.1), 0),
        ((-20.0, -21.0, -20.5, -35.0), None),
        ((-20.0, -45.0, -26.0, -26.4), None),
        ((-90.0, -120.0, -96.0, -96.0), None),
        ((-20.0, -20.0, -75.0, -20.0), 0),
        ((-20.0,), None),
    ],
)
def test_a_channel_is_taken_alone_if_the_other_is_silent_or_against_it(
    levels: tuple[float, ...], channel: int | None
) -> None:
    assert lone_channel(levels) == channel


def test_a_short_track_is_heard_as_a_whole_and_a_long_one_in_places() -> None:
    assert windows(audio(start_s=1.0, duration_s=10.0)) == [Window(1.0, 61.0)]

    places = windows(audio(start_s=0.0, duration_s=1200.0))
    assert places[:2] == [Window(47.5, 5.0), Window(147.5, 5.0)]
    assert (len(places), places[-1]) == (12, Window(1147.5, 5.0))


@pytest.mark.parametrize(
    ("changes", "mixed"),
    [
        ({"channels": 1}, ""),
        ({"channels": 2}, "mono|c0<c0+c1"),
        ({"channels": 6}, "mono|c0<c0+c1"),
        ({"channels": 2, "lone_channel": 1}, "mono|c0<c1"),
    ],
)
def test_one_channel_is_the_mean_or_the_one_that_carries_sound(changes: dict, mixed: str) -> None:
    assert one_channel(audio(**changes)) == mixed


def test_measures_are_taken_down_and_nonsense_among_them_is_not_believed() -> None:
    listener = Listener()
    for line in (
        "frame:0    pts:0       pts_time:0",
        "lavfi.astats.1.Zero_crossings_rate=0.05",
        "lavfi.astats.Overall.Peak_level=-inf",
        "lavfi.astats.Overall.RMS_level=nan",
        "lavfi.astats.6.RMS_level=-40.5",
        "lavfi.astats.7.RMS_level=-40.5",
        "lavfi.astats.1.RMS_level=loud",
    ):
        listener.on_line(line)

    assert (listener.levels_db, listener.peaks_db, listener.crossings) == ([LEAST_DB], [LEAST_DB], [0.05])
    assert listener.bands_db == [[LEAST_DB], [], [], [], [], [-40.5]]


VOICE_S = [(-20.0, 0.05), (-18.0, 0.2), (-60.0, 0.1), (-22.0, 0.02), (-65.0, 0.1)] * 8
CHORD_S = [(-20.0, 0.05), (-22.0, 0.05), (-24.0, 0.06), (-25.0, 0.05)] * 10
ROOM_S = [(-62.0, 0.2), (-61.0, 0.25)] * 20


def listened(frames: list[tuple[float, float]], bands_db: list[float] | None = None, *, peak_above_db: float = 10.0):
    levels, crossings = ([frame[index] for frame in frames] for index in (0, 1))
    peaks = [level + peak_above_db for level in levels]
    return Listener(levels, peaks, crossings, [[level] * 20 for level in bands_db or [-90.0] * 6])


@pytest.mark.parametrize(
    ("frames", "lufs", "kind"),
    [
        (VOICE_S, -21.0, "speech"),
        (CHORD_S, -21.0, "music"),
        (ROOM_S, -62.0, "silence"),
        ([(level + 13, rate) for level, rate in ROOM_S], -49.0, "silence"),
        ([(level + 30, rate) for level, rate in ROOM_S], -32.0, "music"),
        ([], -70.0, "silence"),
    ],
)
def test_a_voice_pauses_and_hisses_and_a_chord_does_neither(frames: list, lufs: float, kind: str) -> None:
    summary = Summary(lufs + 3, lufs, -5.0, SUMMARY.channels_db)

    assert heard(listened(frames * 4), summary).kind == kind


@pytest.mark.parametrize(
    ("bands_db", "hum_hz", "hum_db"),
    [
        ([-40.0, -80.0, -47.0, -80.0, -70.0, -72.0], 50, pytest.approx(-39.2, abs=0.1)),
        ([-80.0, -45.0, -80.0, -80.0, -70.0, -72.0], 60, -45.0),
        ([-60.0, -60.0, -61.0, -60.0, -60.0, -60.0], 0, LEAST_DB),
        ([-80.0, -99.0, -99.0, -99.0, -99.0, -99.0], 0, LEAST_DB),
    ],
)
def test_a_hum_stands_out_of_what_lies_between_both_mains(bands_db: list[float], hum_hz: int, hum_db: float) -> None:
    found = heard(listened(VOICE_S, bands_db), SUMMARY)

    assert (found.hum_hz, found.hum_db) == (hum_hz, hum_db)


def test_what_the_limiter_takes_is_added_before() -> None:
    assert lift_db(listened(VOICE_S, peak_above_db=6.0), -20.0) == pytest.approx(0.0, abs=0.3)
    assert lift_db(listened(VOICE_S, peak_above_db=14.0), -20.0) > 1.0
