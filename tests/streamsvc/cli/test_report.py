"""`sabaq report`: one page of what was made, measured on what was made."""

import re
from pathlib import Path

import pytest

from streamsvc.cli import main
from tests.functional.media_samples import Samples
from transcoder.reporting.material import read_tree

pytestmark = pytest.mark.ffmpeg

X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac"
QUICK = {"SABAQ_LADDER": str(Path(__file__).parents[2] / "data" / "ladders" / "quick.toml"), "LANG": "en_GB.UTF-8"}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = Samples(tmp_path_factory.mktemp("samples"))
    # As large as the smallest rung of others.
    return samples.encoded("lesson.mp4", X264, size="256x144", seconds=5)


@pytest.fixture(scope="module")
def tree(lesson: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("made") / "fractions"
    assert main(["transcode", str(lesson), str(outdir), "--jobs", "1"], QUICK) == 0
    return outdir


def table_of(page: str) -> dict[str, list[str]]:
    """Rung → its cells."""
    rows = re.findall(r'<tr><th scope="row"[^>]*>([^<]+)</th>(.*?)</tr>', page)
    return {name: re.findall(r"<td>([^<]*)</td>", cells) for name, cells in rows}


def test_quality_is_measured_on_what_was_made(lesson: Path, tree: Path, tmp_path: Path, capsys) -> None:
    output = tmp_path / "page.html"

    assert main(["report", str(tree), "--source", str(lesson), "--output", str(output)], QUICK) == 0

    assert capsys.readouterr().out.strip() == str(output)
    page = output.read_text("utf-8")
    rungs = table_of(page)
    assert set(rungs) == {rung.name for rung in read_tree(tree).plan.video}
    for cells in rungs.values():
        mean, low = float(cells[0]), float(cells[1])
        assert 40 < mean <= 100
        assert low <= mean
    sound = re.search(r"aac-40: loudness (−[\d.]+) LUFS, true peak (−[\d.]+) dBTP", page)
    assert sound, "the sound was not listened to"
    assert page.count("<figcaption>Source</figcaption>") == page.count(f"<figcaption>{min(rungs)}</figcaption>") > 0


def test_peers_are_measured_on_the_same_parts(lesson: Path, tree: Path, tmp_path: Path) -> None:
    output = tmp_path / "page.html"

    assert main(["report", str(tree), "--source", str(lesson), "--peers", "--output", str(output)], QUICK) == 0

    page = output.read_text("utf-8")
    assert "measured on the same parts" in page
    assert re.findall(r"<title>(PeerTube|MediaCMS) 144p: \d+ → [\d.]+</title>", page) == ["PeerTube", "MediaCMS"]


def test_without_the_source_the_page_is_written_beside_us(tree: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["report", str(tree), "--language", "kk"], QUICK) == 0

    assert capsys.readouterr().out.strip() == "fractions-report.html"
    page = (tmp_path / "fractions-report.html").read_text("utf-8")
    assert '<html lang="kk">' in page
    assert "data:image/jpeg" in page


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["{empty}"], "tree_unreadable"),
        (["no-folder-and-no-id"], "tree_unreadable"),
        (["{tree}", "--source", "{empty}/absent.mp4"], "source_missing"),
        (["{tree}", "--peers"], "bad_request"),
    ],
)
def test_bad_usage_is_exit_2(arguments, code, tree: Path, tmp_path: Path, capsys) -> None:
    given = [word.format(empty=tmp_path, tree=tree) for word in arguments]

    assert main(["report", *given], QUICK) == 2
    assert f"[{code}]" in capsys.readouterr().err


def test_a_tree_that_lost_a_file_is_told(tree: Path, tmp_path: Path, capsys) -> None:
    plan = (tree / "plan.json").read_text("utf-8")
    (tmp_path / "plan.json").write_text(plan, "utf-8")

    assert main(["report", str(tmp_path)], QUICK) == 2
    assert "media.m3u8" in capsys.readouterr().err
