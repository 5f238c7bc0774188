"""`sabaq transcode`: what it writes, says and leaves, with good and with bad input."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamsvc.cli import main
from tests.functional.media_samples import Samples, ffmpeg
from tests.hls_rules import check
from tests.transcoder import hostile
from transcoder.errors import EncodeFailed
from transcoder.presets import preset_for

pytestmark = pytest.mark.ffmpeg

X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"
LADDERS = Path(__file__).parents[2] / "data" / "ladders"
QUICK = {"SABAQ_LADDER": str(LADDERS / "quick.toml")}
"""For tests that do not care which rungs there are."""
PLAN_KEYS = {"name", "type", "codec", "width", "height", "fps", "average_bps", "peak_bps", "bytes", "state"}
PLAN_KEYS |= {"family", "line_kbps", "frame_step", "sound", "expected_vmaf", "integrated_lufs", "true_peak_db"}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return Samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def lesson(samples: Samples) -> Path:
    return samples.encoded("lesson.mp4", X264, seconds=5)


def test_the_tree_is_laid_out_as_agreed(lesson: Path, tmp_path: Path, capsys) -> None:
    outdir = tmp_path / "out"

    assert main(["transcode", str(lesson), str(outdir)], QUICK) == 0

    files = {str(path.relative_to(outdir)) for path in outdir.rglob("*") if path.is_file()}
    rungs = [path.parent.name for path in outdir.glob("*/iframes.m3u8")]
    assert rungs
    assert files == {
        *(f"aac-40/{name}" for name in ("0.m4s", "init.mp4", "media.m3u8")),
        "multivariant.m3u8",
        "plan.json",
        "poster.jpg",
        "storyboard-0.jpg",
        "storyboard.vtt",
        *(f"{rung}/{name}" for rung in rungs for name in ("0.m4s", "iframes.m3u8", "init.mp4", "media.m3u8")),
    }
    assert list(tmp_path.iterdir()) == [outdir]
    shown = capsys.readouterr()
    for words in ("avc-96", "128x72", "avc1.64000a", "10", "aac-40", "mono", "mp4a.40.2", "line kbit/s", "MB"):
        assert words in shown.out
    assert "a look at it" in shown.err
    assert "avc-96" in shown.err


def test_json_is_exactly_one_object(lesson: Path, tmp_path: Path, capsys) -> None:
    assert main(["transcode", str(lesson), str(tmp_path / "out"), "--json", "--jobs", "1"], QUICK) == 0

    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"source", "plan_digest", "multivariant", "renditions", "cpu_s", "wall_s"}
    assert set(said["source"]) == {"sha256", "bytes", "duration_s"}
    assert said["source"]["bytes"] == lesson.stat().st_size
    assert said["source"]["duration_s"] == pytest.approx(5.0)
    assert (tmp_path / "out" / said["multivariant"]).is_file()
    assert said["cpu_s"] > 0
    for rendition in said["renditions"]:
        folder = tmp_path / "out" / rendition["name"]
        assert set(rendition) == PLAN_KEYS
        assert rendition["bytes"] == sum(path.stat().st_size for path in folder.iterdir() if path.suffix != ".m3u8")
        assert rendition["average_bps"] <= rendition["peak_bps"]
        assert (rendition["state"], rendition["family"]) == ("ready", "avc")
    first, last = said["renditions"][0], said["renditions"][-1]
    assert [first[key] for key in ("name", "type", "width", "line_kbps", "sound")] == [
        *("avc-96", "video", 128, 96, "aac-40")
    ]
    assert [last[key] for key in ("type", "width", "fps", "line_kbps")] == ["audio", None, None, None]


def test_a_lesson_in_two_families_keeps_the_rules(lesson: Path, tmp_path: Path, capsys) -> None:
    """With AV1 and Opus beside H.264 and AAC, in one tree, made as fast as may be."""
    ladder = tmp_path / "ladder.toml"
    ladder.write_text("lines_kbps = [50, 96, 300]\n")
    command = ["transcode", str(lesson), str(tmp_path / "out"), "--json", "--cpu", "fast", "--ladder", str(ladder)]

    assert main(command, {}) == 0

    said = json.loads(capsys.readouterr().out)
    assert {rendition["family"] for rendition in said["renditions"]} == {"avc", "av1"}
    assert {rendition["codec"].split(".")[0] for rendition in said["renditions"]} == {"avc1", "mp4a", "av01", "Opus"}
    assert all(r["peak_bps"] <= r["line_kbps"] * 1100 for r in said["renditions"] if r["type"] == "video")
    presets = {rung["family"]: rung["preset"] for rung in json.loads((tmp_path / "out/plan.json").read_text())["video"]}
    assert presets == {family: preset_for(family, "fast") for family in ("avc", "av1")}
    assert check(tmp_path / "out") == []


@pytest.mark.parametrize("text", [None, "lines_kbps = 5"])
def test_a_ladder_that_cannot_be_used_is_bad_input(text: str | None, lesson: Path, tmp_path: Path, capsys) -> None:
    ladder = tmp_path / "ladder.toml"
    if text:
        ladder.write_text(text)
    command = ["transcode", str(lesson), str(tmp_path / "out"), "--json", "--ladder", str(ladder)]

    assert main(command, {}) == 2

    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "bad_setting"
    assert str(ladder) in error["message"]
    assert not (tmp_path / "out").exists()


def test_the_same_file_gives_the_same_bytes(lesson: Path, tmp_path: Path) -> None:
    """
    Whatever the number of jobs: an object may be made twice.
    """
    for name, jobs in (("one", "1"), ("two", "4")):
        assert main(["transcode", str(lesson), str(tmp_path / name), "--jobs", jobs], QUICK) == 0

    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert [
        path for path in files if (tmp_path / "one" / path).read_bytes() != (tmp_path / "two" / path).read_bytes()
    ] == []


def test_an_empty_folder_is_filled(lesson: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    assert main(["transcode", str(lesson), str(tmp_path / "out")], QUICK) == 0
    assert (tmp_path / "out" / "multivariant.m3u8").is_file()


def truncated(path: Path, lesson: Path) -> None:
    path.write_bytes(lesson.read_bytes()[: lesson.stat().st_size // 2])


def truncated_after_its_index(path: Path, lesson: Path) -> None:
    ffmpeg("-i", str(lesson), "-c", "copy", "-movflags", "+faststart", str(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_samples(path: Path, _lesson: Path) -> None:
    silence = ("-f", "lavfi", "-i", "anullsrc", "-f", "lavfi", "-i", "color=s=64x48")
    ffmpeg(*silence, "-t", "0.02", "-frames:v", "1", "-frames:a", "1", "-c:v", "libx264", "-c:a", "aac", str(path))


def picture(path: Path, _lesson: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48", "-frames:v", "1", "-f", "image2", "-c:v", "png", str(path))


def unsupported(path: Path, _lesson: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48:d=1", "-c:v", "huffyuv", "-f", "matroska", str(path))


def broken_inside(path: Path, lesson: Path) -> None:
    data = bytearray(lesson.read_bytes())
    at = data.index(b"moov")
    data[at + 8 : at + 400] = bytes(392)
    path.write_bytes(data)


BAD = {
    "source_empty": lambda path, lesson: path.write_bytes(b""),
    "source_not_media": lambda path, lesson: path.write_text("Homework for Monday:\n" * 50),
    "source_truncated": truncated,
    "source_truncated ": truncated_after_its_index,
    "source_too_short": without_samples,
    "source_too_long": lambda path, lesson: hostile.gap_bomb(path.with_suffix(".mkv"), hours=13),
    "source_is_picture": picture,
    "source_is_playlist": lambda path, lesson: path.write_bytes(hostile.playlist_of_a_secret("", path)),
    "source_unsupported": unsupported,
    "source_missing": lambda path, lesson: None,
    "source_missing ": lambda path, lesson: path.mkdir(),
}


@pytest.mark.parametrize("before", ["absent", "empty"])
@pytest.mark.parametrize("code", BAD)
def test_bad_input_says_what_is_wrong_and_leaves_nothing(
    code: str, before: str, lesson: Path, tmp_path: Path, capsys
) -> None:
    source, outdir = tmp_path / "source.mp4", tmp_path / "out"
    BAD[code](source, lesson)
    source = source.with_suffix(".mkv") if source.with_suffix(".mkv").exists() else source
    if before == "empty":
        outdir.mkdir()

    assert main(["transcode", str(source), str(outdir), "--json"], {}) == 2

    said = json.loads(capsys.readouterr().out)
    assert said["error"]["code"] == code.strip()
    assert len(said["error"]["message"]) > 20
    assert "{" not in said["error"]["message"]
    assert "…" not in said["error"]["message"]
    assert outdir.exists() == (before == "empty")
    assert [path for path in tmp_path.iterdir() if path not in (source, outdir)] == []
    assert before == "absent" or list(outdir.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "words"),
    [({}, "The file is empty"), ({"LANG": "ru_RU.UTF-8"}, "Файл пуст"), ({"LC_ALL": "kk_KZ.UTF-8"}, "Файл бос")],
)
def test_a_person_reads_it_in_their_language(environ: dict[str, str], words: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "empty.mp4").touch()

    assert main(["transcode", str(tmp_path / "empty.mp4"), str(tmp_path / "out")], environ) == 2

    shown = capsys.readouterr()
    assert words in shown.err
    assert "source_empty" in shown.err
    assert shown.out == ""


def test_a_folder_with_something_in_it_is_left_alone(lesson: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "homework.txt").write_text("mine")

    assert main(["transcode", str(lesson), str(tmp_path), "--json"], {}) == 2

    assert json.loads(capsys.readouterr().out)["error"]["code"] == "output_not_empty"
    assert (tmp_path / "homework.txt").read_text() == "mine"


def test_a_file_in_the_folder_s_place_is_left_alone(lesson: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")

    assert main(["transcode", str(lesson), str(tmp_path / "out")], {}) == 2
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("folder", ["source.mp4/out", "source.mp4/new/out"])
def test_a_folder_that_cannot_be_made_is_told_as_json_too(
    folder: str, lesson: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "source.mp4"
    source.write_bytes(lesson.read_bytes())

    assert main(["transcode", str(source), str(tmp_path / folder), "--json"], {}) == 2

    said = json.loads(capsys.readouterr().out)
    assert said["error"]["code"] == "output_unwritable"
    assert str(tmp_path / folder) in said["error"]["message"]
    assert list(tmp_path.iterdir()) == [source]


def test_the_folder_that_one_is_in_stays_that_folder(
    lesson: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A mounted one likewise: another cannot take its place.
    """
    monkeypatch.chdir(tmp_path)

    assert main(["transcode", str(lesson), "."], QUICK) == 0

    assert Path.cwd().samefile(tmp_path)
    assert {path.name for path in Path().iterdir()} >= {"aac-40", "avc-96", "multivariant.m3u8", "storyboard.vtt"}


def test_a_failure_leaves_the_folder_that_one_is_in_empty(
    lesson: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_values: object) -> None:
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        raise EncodeFailed("x264 gave up")

    monkeypatch.setattr("transcoder.local.make_stills", fail)
    monkeypatch.chdir(tmp_path)

    assert main(["transcode", str(lesson), "."], QUICK) == 1
    assert list(tmp_path.iterdir()) == []


def test_our_own_fault_is_exit_1(lesson: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_values: object) -> None:
        raise EncodeFailed("x264 gave up")

    monkeypatch.setattr("transcoder.local.make_stills", fail)

    assert main(["transcode", str(lesson), str(tmp_path / "new" / "out"), "--json"], QUICK) == 1

    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["code"] == "encode_failed"
    assert "x264 gave up" in shown.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_leaves_nothing(number: int, samples: Samples, tmp_path: Path) -> None:
    long = samples.encoded("long.mp4", X264, size="1280x720", seconds=30)
    command = [sys.executable, "-m", "streamsvc.cli", "transcode", str(long), str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        wait_for(lambda: any(tmp_path.glob(".out.*.part/*/*")) and children(process.pid))
        working = children(process.pid)
        process.send_signal(number)
        assert process.wait(60) == 130

    assert working
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in working))


def wait_for(true) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_jobs_must_be_a_number_above_nought(jobs: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["transcode", "a.mp4", str(tmp_path / "out"), "--jobs", jobs], {})

    assert ended.value.code == 2
