"""What becomes of recordings as teachers make them: a voice from espeak-ng, spoilt in the usual ways, and music."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from streamsvc.sample.speech import say
from tests.functional.media_samples import beep_starts_s, clock_picture, clock_sound, ffmpeg, loudest, sound_samples
from transcoder.loudness import SoundReport, sound_findings
from transcoder.media import Made, Plan
from transcoder.plan import starter_plan
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.sound import sound_peak_kbps
from transcoder.soundtrack import make_audio, make_level_audio, measure_sound
from transcoder.source import Heard
from transcoder.tools import find_tools

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

SENTENCES = (
    "Бүгін біз тіктөртбұрыштың ауданын қарастырамыз.",
    "Ұзындығы жеті сантиметр, ені үш сантиметр болса, ауданы неге тең?",
    "Жеті үштен жиырма бір болады. Шешейік, есептейік.",
)
CHORDS = "+".join(f"sin(2*PI*t*{hz}*pow(2,floor(mod(t,4))/6))" for hz in (220, 277, 330))
LOUDNESS = pytest.approx(-16.0, abs=1.0)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voice")
    speech = say(SENTENCES, language="kk", workspace=folder)
    assert speech.spoken
    pause = bytes(speech.sample_rate)
    (folder / "voice.pcm").write_bytes(b"".join(sentence + pause for sentence in speech.sentences))
    path = folder / "voice.flac"
    ffmpeg("-f", "s16le", "-ar", str(speech.sample_rate), "-ac", "1", "-i", str(folder / "voice.pcm"), str(path))
    return path


@pytest.fixture
def spoilt(voice: Path, tmp_path: Path) -> Callable[[str], Path]:
    """The voice, filtered as a recorder would."""

    def make(graph: str) -> Path:
        path = tmp_path / "spoilt.flac"
        ffmpeg("-i", str(voice), "-filter_complex", graph, "-ar", "48000", str(path))
        return path

    return make


def planned(source: Path) -> Plan:
    settings = TranscoderSettings(workspace=source.parent)
    return starter_plan(probe(source, settings=settings), threads=1, encoder=find_tools().build)


def heard(plan: Plan) -> Heard:
    assert plan.source.audio is not None
    assert plan.source.audio.heard is not None
    return plan.source.audio.heard


def levelled(source: Path) -> tuple[Plan, tuple[SoundReport, ...]]:
    plan = planned(source)
    _, reports = make_level_audio(plan, source, source.parent)
    return plan, reports


def codes(plan: Plan, reports: tuple[SoundReport, ...]) -> dict[str, dict[str, float]]:
    return {each.code: dict(each.figures) for each in sound_findings(plan.source.audio, reports[0])}


def joined(folder: Path, made: list[Made]) -> Path:
    whole = folder / f"{folder.name}.mp4"
    whole.write_bytes(b"".join((folder / item.name).read_bytes() for item in made if item.rendition == folder.name))
    return whole


def left_and_right(plan: Plan, source: Path, out: Path, name: str):
    made = make_audio(replace(plan, audio=tuple(each for each in plan.audio if each.name == name)), source, out)
    return sound_samples(joined(out / name, made))


SPOILT = {
    "as it is": "[0:a]anull",
    "quiet": "[0:a]volume=-25dB",
    "loud": "[0:a]volume=6dB",
    "voice, then silence": "[0:a]apad=pad_dur=40",
    "in both ears": "[0:a]aformat=channel_layouts=stereo",
    "one ear": "[0:a]pan=stereo|c0=c0|c1=0*c0",
    "against itself": "[0:a]pan=stereo|c0=c0|c1=-1*c0",
    "hum": "aevalsrc=0.02*sin(100*PI*t)+0.01*sin(200*PI*t):s=48000[h];[0:a]aresample=48000[v];"
    "[v][h]amix=duration=first:normalize=0",
    "noise": "anoisesrc=a=0.012:c=pink:seed=1:r=48000[n];[0:a]aresample=48000[v];[v][n]amix=duration=first:normalize=0",
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_voice_comes_out_at_one_loudness_in_one_channel(how: str, spoilt: Callable[[str], Path]) -> None:
    plan, reports = levelled(spoilt(SPOILT[how]))

    assert heard(plan).kind == "speech"
    assert {rendition.channels for rendition in plan.audio} == {1}
    assert {report.rendition: report.integrated_lufs for report in reports} == {"aac-40": LOUDNESS, "opus-16": LOUDNESS}
    assert max(report.true_peak_db for report in reports) <= 0.5


def test_what_is_wrong_with_a_recording_is_found(spoilt: Callable[[str], Path]) -> None:
    def found(how: str) -> dict[str, dict[str, float]]:
        source = spoilt(SPOILT[how])
        plan = planned(source)
        make_audio(replace(plan, audio=plan.audio[:1]), source, source.parent)
        return codes(plan, measure_sound(replace(plan, audio=plan.audio[:1]), source.parent))

    assert found("as it is") == {}
    assert found("quiet").keys() == {"sound_very_quiet"}
    assert found("one ear") == {"sound_one_channel": {"channel": 1}}
    assert found("hum")["sound_hum"]["hz"] == 50
    silence = found("voice, then silence")["sound_silence"]
    assert (silence["count"], silence["longest_s"]) == (1, pytest.approx(40, abs=1.5))


def test_hum_is_gone_and_the_voice_is_not(spoilt: Callable[[str], Path], tmp_path: Path) -> None:
    source = spoilt(SPOILT["hum"])
    plan = planned(source)

    def level_at(path: Path, hz: int) -> float:
        band = f"bandpass=f={hz}:t=h:w=2,bandpass=f={hz}:t=h:w=2,volumedetect"
        options = ("-map", "0:a", "-af", f"aresample=1000,{band},aformat=s16", "-f", "s16le", "-")
        samples = memoryview(ffmpeg("-i", str(path), *options)).cast("h")
        return sum(value * value for value in samples) / len(samples)

    made = make_audio(replace(plan, audio=plan.audio[:1]), source, tmp_path)
    whole = joined(tmp_path / "aac-40", made)

    assert level_at(whole, 50) < level_at(source, 50) / 100
    assert loudest(sound_samples(whole)[0]) > 0.3


def test_silence_stays_silent(tmp_path: Path) -> None:
    source = tmp_path / "room.flac"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=a=0.002:c=pink:seed=1:r=48000:d=30", str(source))

    plan, reports = levelled(source)

    assert heard(plan).kind == "silence"
    assert reports[0].integrated_lufs == pytest.approx(heard(plan).mono_lufs, abs=2)
    assert codes(plan, reports) == {"sound_nothing": {}}


def test_music_keeps_its_two_channels_on_lines_that_carry_them(tmp_path: Path) -> None:
    source = tmp_path / "chords.flac"
    wide = f"aevalsrc='0.1*exp(-mod(t,1))*({CHORDS})|0.1*exp(-mod(t+0.4,1))*({CHORDS})':s=44100:d=20"
    ffmpeg("-f", "lavfi", "-i", wide, str(source))

    plan, reports = levelled(source)

    assert heard(plan).kind == "music"
    assert [(each.name, each.channels) for each in plan.audio] == [
        ("aac-40", 1),
        ("aac-96", 2),
        ("opus-32", 1),
        ("opus-64", 2),
    ]
    assert [report.integrated_lufs for report in reports] == [LOUDNESS, LOUDNESS]
    for name in ("aac-96", "opus-64"):
        left, right = left_and_right(plan, source, tmp_path / name, name)
        assert max(abs(one - other) for one, other in zip(left, right, strict=True)) > 3000


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_every_rendition_lasts_as_long_as_the_picture_and_is_cut_where_it_is(rate: int, tmp_path: Path) -> None:
    """
    A lesson of 65 s, which opens with three short segments; what is heard in it is heard in its second.
    """
    source = tmp_path / "lesson.mkv"
    inputs = ("-f", "lavfi", "-i", clock_picture(size="32x16", fps="30000/1001"), "-f", "lavfi", "-i", clock_sound())
    ffmpeg(
        *inputs, "-t", "65", "-c:v", "libx264", "-preset", "ultrafast", "-ar", str(rate), "-c:a", "flac", str(source)
    )
    plan = planned(source)

    made = make_audio(plan, source, tmp_path)

    assert plan.opening == 3
    for rendition in plan.audio:
        mine = [item for item in made if item.rendition == rendition.name and item.kind == "segment"]
        assert [item.number for item in mine] == list(range(plan.segment_count))
        assert all(0 <= item.start_s - plan.start_s(item.number) < rendition.frame_s for item in mine)
        assert abs(sum(item.duration_s for item in mine) - plan.frame_count / plan.fps) <= 1 / rendition.sample_rate
        beeps = beep_starts_s(sound_samples(joined(tmp_path / rendition.name, made))[0])
        late_s = [beep - second - 0.6 for second, beep in enumerate(beeps)]
        assert len(beeps) == 65
        # A player that obeys Opus' pre-skip begins 6.5 ms into the lesson, with what belongs there.
        skipped_s = 312 / 48_000 if rendition.codec == "opus" else 0
        assert max(abs(late + skipped_s) for late in late_s) < 0.006


def test_no_sound_takes_more_of_a_line_than_was_reckoned_with(tmp_path: Path) -> None:
    source = tmp_path / "storm.flac"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=a=0.5:c=pink:seed=1:r=48000:d=30", "-ac", "2", str(source))
    plan = planned(source)

    for item in make_audio(plan, source, tmp_path):
        rendition = next(each for each in plan.audio if each.name == item.rendition)
        if item.kind == "segment" and item.duration_s > 4:
            assert item.bytes * 8 / item.duration_s <= sound_peak_kbps(rendition) * 1000
