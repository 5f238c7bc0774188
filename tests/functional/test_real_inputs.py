"""
Every kind of file that phones and recorders write becomes a lesson that the rules accept: all frames, in step.
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from streamsvc.cli import main
from tests.functional.media_samples import (
    Samples,
    beep_starts_s,
    flash_starts_s,
    picture_numbers,
    sound_samples,
)
from tests.hls_rules import check

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

IN_STEP_S = 0.040
"""Picture and sound may be this far apart."""


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return Samples(tmp_path_factory.mktemp("samples"))


@dataclass(frozen=True)
class Lesson:
    """What the command wrote and said."""

    folder: Path
    said: dict

    @property
    def video(self) -> list[dict]:
        return [rendition for rendition in self.said["renditions"] if rendition["type"] == "video"]

    @property
    def audio(self) -> list[dict]:
        return [rendition for rendition in self.said["renditions"] if rendition["type"] == "audio"]

    def playlist(self, rendition: dict) -> Path:
        return self.folder / rendition["name"] / "media.m3u8"

    @property
    def numbers(self) -> list[int]:
        return picture_numbers(self.playlist(self.video[-1]))


@pytest.fixture
def transcode(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run `sabaq transcode`; the tree must please the judge."""

    def run(source: Path) -> Lesson:
        outdir = tmp_path / "lesson"
        code = main(["transcode", str(source), str(outdir), "--json", "--jobs", "2"], {})
        said = json.loads(capsys.readouterr().out)
        assert code == 0, said
        assert check(outdir) == []
        assert (outdir / "poster.jpg").read_bytes()[:2] == b"\xff\xd8"
        return Lesson(outdir, said)

    return run


def assert_in_step(lesson: Lesson, fps: Fraction = Fraction(10)) -> None:
    """Every flash has its beep."""
    flashes = flash_starts_s(lesson.playlist(lesson.video[0]), fps)
    beeps = beep_starts_s(sound_samples(lesson.playlist(lesson.audio[0]))[0])
    assert len(flashes) == len(beeps) > 0
    assert max(abs(flash - beep) for flash, beep in zip(flashes, beeps, strict=True)) <= IN_STEP_S


X264 = "-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p"
LONG_GOP = f"{X264} -g 90 -bf 3"

CONTAINERS = {
    "h264.mp4": f"{LONG_GOP} -c:a aac",
    "moov-first.mp4": f"{LONG_GOP} -c:a aac -movflags +faststart",
    "fragmented.mp4": f"{LONG_GOP} -c:a aac -movflags +frag_keyframe+empty_moov",
    "h264.mov": f"{LONG_GOP} -c:a pcm_s16le",
    "hevc.mov": "-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=error:keyint=60 -c:a aac",
    "open-gop.mkv": "-c:v libx265 -preset ultrafast -x265-params log-level=error:open-gop=1:keyint=50 -c:a libopus",
    "mpeg4.mp4": "-c:v mpeg4 -q:v 3 -g 100 -c:a libmp3lame",
    "vp8.webm": "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k -g 100 -c:a libvorbis",
    "vp9.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 400k -g 100 -c:a libopus",
    "live.webm": "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k -g 100 -c:a libopus -f webm -live 1",
    "av1.mkv": "-c:v libsvtav1 -preset 12 -crf 30 -svtav1-params keyint=60 -c:a libopus",
    "mjpeg.avi": "-c:v mjpeg -q:v 4 -c:a pcm_s16le",
    "mpeg4.avi": "-c:v mpeg4 -q:v 3 -g 100 -bf 2 -c:a libmp3lame",
    "h264.avi": f"{LONG_GOP} -c:a libmp3lame",
    "h264.ts": f"{LONG_GOP} -c:a aac",
    "open-gop.ts": f"{X264} -g 60 -x264-params open-gop=1 -c:a ac3",
    "h264.3gp": f"{LONG_GOP} -c:a aac",
    "flash.flv": f"{LONG_GOP} -c:a aac",
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_picture_is_kept_and_in_step(name: str, samples: Samples, transcode) -> None:
    """
    Forty seconds in two chunks: each picture once, in its order, whatever the container's index is like.
    """
    lesson = transcode(samples.encoded(name, CONTAINERS[name]))

    assert [index % 256 for index in range(400)] == lesson.numbers
    assert_in_step(lesson)
