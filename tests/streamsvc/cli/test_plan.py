"""`sabaq plan`: what a file would become, and why, without encoding it."""

import json
from pathlib import Path

import pytest

from streamsvc.cli import main
from tests.functional.media_samples import Samples

pytestmark = pytest.mark.ffmpeg

LADDERS = Path(__file__).parents[2] / "data" / "ladders"
QUICK = {"SABAQ_LADDER": str(LADDERS / "quick.toml"), "LANG": "en_GB.UTF-8"}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = Samples(tmp_path_factory.mktemp("samples"))
    return samples.encoded("lesson.mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac", seconds=3)


def test_a_plan_is_explained_and_nothing_is_left_behind(lesson: Path, capsys) -> None:
    before = sorted(lesson.parent.iterdir())

    assert main(["plan", str(lesson), "--explain"], QUICK) == 0

    shown = capsys.readouterr().out
    for words in (
        "avc-96",
        "128x72",
        "What was found in the lesson",
        "Why the rungs are what they are",
        "x264 veryfast",
    ):
        assert words in shown, words
    assert sorted(lesson.parent.iterdir()) == before


def test_json_is_one_object_with_plan_and_words(lesson: Path, capsys) -> None:
    assert main(["plan", str(lesson), "--json"], {**QUICK, "LANG": "kk_KZ.UTF-8"}) == 0

    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"plan", "explained"}
    assert said["plan"]["settled"] is True
    assert said["plan"]["policy"]["cpu"] == "fast"
    assert said["explained"][0]["about"] == "lesson"
    assert said["explained"][0]["heading"] == "Сабақта не табылды"


def test_an_exception_of_the_ladder_holds_for_its_lessons_only(lesson: Path, tmp_path: Path, capsys) -> None:
    ladder = tmp_path / "ladder.toml"
    text = (LADDERS / "quick.toml").read_text("utf-8")
    ladder.write_text(f'{text}\n[[targets]]\nsubject = "art"\nceiling_vmaf = 80\n', "utf-8")
    environ = {"SABAQ_LADDER": str(ladder)}

    ceilings = []
    for more in (["--subject", "art"], ["--subject", "history"]):
        assert main(["plan", str(lesson), "--json", *more], environ) == 0
        ceilings.append(json.loads(capsys.readouterr().out)["plan"]["policy"]["ceiling_vmaf"])
    assert ceilings == [80.0, 95.5]


def test_bad_input_is_exit_2(tmp_path: Path, capsys) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no video")

    assert main(["plan", str(text)], QUICK) == 2
    assert "[source_not_media]" in capsys.readouterr().err
    assert main(["plan", str(tmp_path / "absent.mp4")], QUICK) == 2
    assert "[source_missing]" in capsys.readouterr().err
