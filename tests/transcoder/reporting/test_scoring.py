"""Scores compare the right pictures: those of the same moment, also where a rung shows few."""

import json
from pathlib import Path

import pytest

from tests.functional.media_samples import clock_picture, ffmpeg
from transcoder.encoder import encode
from transcoder.reporting.commands import REFERENCE, SCORED_EVERY, Candidate, scoring_arguments

pytestmark = pytest.mark.ffmpeg

SIZE, FPS, FRAMES = (128, 72), 10, 40
LOSSLESS = ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference whose every picture is another."""
    made = tmp_path_factory.mktemp("scoring")
    picture = ("-f", "lavfi", "-i", clock_picture(size="128x72", fps=str(FPS)))
    ffmpeg(*picture, "-frames:v", str(FRAMES), *LOSSLESS, "-f", "nut", str(made / REFERENCE))
    return made


def scores(folder: Path, *filters: str, frame_step: int = 1) -> list[float]:
    candidate = Candidate(f"candidate-{frame_step}.mp4", frame_step)
    given = ("-i", str(folder / REFERENCE), *filters, *LOSSLESS, "-fps_mode", "passthrough")
    ffmpeg(*given, "-f", "mp4", str(folder / candidate.file))
    encode(scoring_arguments([candidate], size=SIZE), folder, None, lambda: False)
    said = json.loads((folder / candidate.log).read_text("utf-8"))
    return [frame["metrics"]["vmaf"] for frame in said["frames"]]


def test_the_same_pictures_are_as_good_as_can_be(folder: Path) -> None:
    found = scores(folder)

    assert len(found) == FRAMES / SCORED_EVERY
    assert min(found) > 95


def test_a_rung_of_few_frames_is_held_until_its_next(folder: Path) -> None:
    """
    One picture of ten: those that it has are perfect, those in between are not, and none is moved.
    """
    found = scores(folder, "-vf", f"framestep={FPS}", frame_step=FPS)

    assert len(found) == FRAMES / SCORED_EVERY
    assert min(found[0::2]) > 95
    assert max(found[1::2]) < 80


def test_pictures_one_frame_late_are_seen(folder: Path) -> None:
    assert min(scores(folder, "-vf", "trim=start_frame=1,setpts=PTS-STARTPTS")) < 20
