from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.ladders.clips import KINDS, kind_of
from benchmarks.ladders.running import ffprobe
from benchmarks.lessons import LESSONS, make_long

pytestmark = pytest.mark.ffmpeg


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_generated_lesson_has_its_pictures_and_a_voice(lesson, tmp_path: Path):
    path = tmp_path / "lesson.mp4"

    replace(lesson, seconds=1).make(path)

    video, sound = ffprobe(["-show_streams", "-count_packets", str(path)])["streams"]
    assert (video["width"], video["height"]) == lesson.size
    assert int(video["nb_read_packets"]) == lesson.fps
    assert video["color_space"] == "bt709"
    assert sound["codec_type"] == "audio"
    assert 0.9 < float(sound["duration"]) < 1.1


def test_there_is_a_lesson_of_every_kind():
    assert {kind_of(lesson.name) for lesson in LESSONS} == set(KINDS)


def test_the_same_lesson_is_the_same_file(tmp_path: Path):
    board = next(lesson for lesson in LESSONS if lesson.name == "board")
    for name in ("one.mp4", "two.mp4"):
        replace(board, seconds=1).make(tmp_path / name)

    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_a_long_lesson_lasts_as_long_as_asked(tmp_path: Path):
    path = tmp_path / "long.mp4"

    make_long(path, seconds=45, fps=5)

    video, sound = ffprobe(["-show_streams", "-count_packets", str(path)])["streams"]
    assert int(video["nb_read_packets"]) == 45 * 5
    assert abs(float(sound["duration"]) - 45) < 0.1
