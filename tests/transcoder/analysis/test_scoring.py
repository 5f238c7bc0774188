"""Frames that are scored without most of the others, by real ffmpeg."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from tests.functional.media_samples import ffmpeg
from transcoder.analysis.commands import Candidate, reference_name, scoring_arguments, trial_arguments
from transcoder.encoder import encode
from transcoder.runner import nobody_cancels
from transcoder.vmaf import LOSSLESS

pytestmark = pytest.mark.ffmpeg

SIZE = (320, 240)
MOVES = "testsrc2=s=320x240:r=25:d=1.6"
TRIED = Candidate("avc", 144, 1, 34)


def scores(folder: Path, every: int) -> list[float]:
    encode(scoring_arguments(reference_name(0), [TRIED], [], size=SIZE, every=every), folder, None, nobody_cancels)
    frames = json.loads((folder / f"{TRIED.file}.json").read_bytes())["frames"]
    return [frame["metrics"]["vmaf"] for frame in frames if "vmaf" in frame["metrics"]]


def test_a_frame_among_its_neighbours_is_scored_as_among_all(tmp_path: Path) -> None:
    """
    Much moves, and the sense of motion counts: a frame without its own neighbours would be scored otherwise.
    """
    lossless = [part for name, value in LOSSLESS.items() for part in (f"-{name}", str(value))]
    ffmpeg("-f", "lavfi", "-i", MOVES, "-pix_fmt", "yuv420p", *lossless, str(tmp_path / reference_name(0)))
    encode(
        trial_arguments(reference_name(0), [TRIED], fps=Fraction(25), size=SIZE, presets={"avc": "veryfast"}),
        tmp_path, None, nobody_cancels,
    )  # fmt: skip

    whole, few = scores(tmp_path, 1), scores(tmp_path, 9)

    assert len(whole) == 40
    assert few == pytest.approx(whole[::9], abs=0.01)
    assert max(whole) - min(whole) > 1
