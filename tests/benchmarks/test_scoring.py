import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.ladders.running import Cache, ffmpeg
from benchmarks.ladders.scoring import SCALER_NAMES, NotAligned, percentile, reference, score, summary

CODES = {"smpte170m": 6, "bt470bg": 5}


def log_of(*values: float) -> str:
    return json.dumps({"frames": [{"metrics": {"vmaf": value}} for value in values]})


def test_a_log_becomes_its_mean_and_fifth_percentile():
    found = summary(log_of(*range(101)), frames=101, kbps=64.12345)

    assert (found.vmaf, found.low, found.kbps) == (50, 5, 64.123)


def test_a_log_of_other_frames_says_nothing():
    with pytest.raises(NotAligned):
        summary(log_of(90, 91), frames=3, kbps=64)


@pytest.mark.parametrize(("part", "value"), [(0, 1), (0.5, 3), (0.625, 3.5), (1, 5)])
def test_a_percentile_lies_between_the_nearest(part, value):
    assert percentile([1, 2, 3, 4, 5], part) == value


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.mp4"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p"]
    ffmpeg(["-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2", *coding, str(path)])
    return path


@pytest.mark.ffmpeg
def test_a_better_copy_scores_higher(source: Path, tmp_path: Path):
    cache = Cache(tmp_path / "cache")
    against = reference(source, cache)
    scores = []
    for crf in (20, 45):
        coded = tmp_path / f"{crf}.mp4"
        ffmpeg(["-i", str(source), "-vf", "scale=80:60", "-c:v", "libx264", "-crf", str(crf), str(coded)])
        scores.append(score(coded, against, cache))

    assert (against.width, against.height, against.frames) == (160, 120, 20)
    assert scores[0].vmaf > scores[1].vmaf + 5
    assert scores[0].kbps > scores[1].kbps > 0


@pytest.mark.ffmpeg
def test_a_copy_that_ends_early_is_an_error_and_no_low_score(source: Path, tmp_path: Path):
    cache, coded = Cache(tmp_path / "cache"), tmp_path / "short.mp4"
    ffmpeg(["-i", str(source), "-t", "1.5", "-c:v", "libx264", str(coded)])

    with pytest.raises(NotAligned):
        score(coded, reference(source, cache), cache)


@pytest.mark.ffmpeg
def test_a_score_is_found_once(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    cache = Cache(tmp_path / "cache")
    against = reference(source, cache)
    first = score(source, against, cache)
    monkeypatch.setattr(subprocess, "run", None)

    assert score(source, against, cache) == first
    assert first.vmaf > 90


@pytest.mark.ffmpeg
@pytest.mark.parametrize("matrix", ["smpte170m", "bt470bg"])
def test_a_copy_in_other_colours_is_compared_in_the_source_s(matrix, source: Path, tmp_path: Path):
    cache, coded = Cache(tmp_path / "cache"), tmp_path / "coded.mp4"
    tagged = tmp_path / "tagged.mp4"
    ffmpeg(
        ["-i", str(source), "-c", "copy", "-bsf:v", f"h264_metadata=matrix_coefficients={CODES[matrix]}", str(tagged)]
    )
    other = f"scale=in_color_matrix={SCALER_NAMES.get(matrix, matrix)}:out_color_matrix=bt709"
    coding = ["-c:v", "libx264", "-crf", "5", "-colorspace", "bt709"]
    ffmpeg(["-i", str(tagged), "-vf", other, *coding, str(coded)])

    against = reference(tagged, cache)

    assert against.matrix == matrix
    assert score(coded, against, cache).vmaf > 95
