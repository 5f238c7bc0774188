"""What is done to sound, as ffmpeg is told it; `data/commands` has it whole for sound that nobody listened to."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.transcoder.sources import audio, planned, planned_for, video
from transcoder.encode_sound import audio_arguments, even_sound_arguments, with_even_sound
from transcoder.source import AudioTrack, Heard

SOURCE = Path("/in/source.bin")
VOICE = Heard(kind="speech", mono_lufs=-26.0, stereo_lufs=-23.0, peak_db=-6.0, floor_db=-80.0, alike=True, lift_db=0.5)


def graph_of(track: AudioTrack) -> str:
    arguments = audio_arguments(planned(audio=track), SOURCE)
    return arguments[arguments.index("-filter_complex") + 1]


def test_a_voice_is_cleaned_once_and_brought_to_its_loudness_in_each_rendition() -> None:
    graph = graph_of(audio(heard=VOICE))

    assert graph.count("pan=mono|c0<c0+c1") == 1
    assert graph.count("highpass=f=80") == 1
    assert graph.count("volume=volume=10.50dB") == 2
    assert graph.count("volume=volume=11.50dB") == 2
    assert graph.count("alimiter=latency=1:level=0:limit=") == 4
    assert "afftdn" not in graph
    assert "bandreject" not in graph


def test_hum_is_cut_out_with_its_harmonics_and_near_noise_is_reduced() -> None:
    graph = graph_of(audio(heard=replace(VOICE, hum_hz=60, hum_db=-50.0, floor_db=-55.0)))

    assert [f"bandreject=f={hz}:t=h:w=2" in graph for hz in (60, 120, 180, 50)] == [True, True, True, False]
    assert graph.count("afftdn=nf=-55:nr=12") == 1


def test_music_keeps_two_channels_where_they_differ_and_is_not_filtered() -> None:
    graph = graph_of(audio(heard=replace(VOICE, kind="music", alike=False)))

    assert "highpass" not in graph
    assert graph.count("aformat=channel_layouts=stereo[") == 1
    assert graph.count("volume=volume=7.50dB") == 2
    assert graph.count("volume=volume=10.50dB") == 2


def test_what_nobody_hears_is_not_made_louder() -> None:
    graph = graph_of(audio(heard=replace(VOICE, kind="silence", mono_lufs=-62.0)))

    assert graph.count("volume=volume=0.00dB") == 4


@pytest.mark.parametrize(("changes", "filters"), [({"channels": 1}, 0), ({"lone_channel": 1}, 1)])
def test_one_channel_is_taken_as_it_is(changes: dict, filters: int) -> None:
    graph = graph_of(audio(heard=VOICE, **changes))

    assert graph.count("pan=") == graph.count("pan=mono|c0<c1") == filters


def test_opus_begins_as_far_into_the_lesson_as_its_encoder_looks_ahead() -> None:
    """
    What its decoder gives first lies before the lesson; without this every sound would come 6.5 ms late.
    """
    assert "atrim=end_sample=2880000:start_sample=312" in graph_of(audio(heard=VOICE))


def test_a_long_lesson_opens_with_three_short_segments() -> None:
    arguments = audio_arguments(planned_for(90, Fraction(25)), SOURCE)

    for option, value in (("-hls_init_time", "4.000000"), ("-hls_list_size", "1"), ("-hls_time", "8.000000")):
        assert arguments[arguments.index(option) + 1] == value


def test_a_short_lesson_has_segments_of_one_length() -> None:
    assert "-hls_init_time" not in audio_arguments(planned(video(duration_s=60.0)), SOURCE)


def test_sound_that_changes_its_channels_is_made_even_first() -> None:
    plan = planned(audio=audio(channels=1, heard=VOICE))

    assert "channel_layouts=stereo" in " ".join(even_sound_arguments(plan, SOURCE))
    assert "pan=mono|c0<c0+c1" in " ".join(audio_arguments(with_even_sound(plan), SOURCE))
