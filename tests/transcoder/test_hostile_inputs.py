"""Every attack that was proved on ffmpeg's defaults ends in an error of ours, and touches nothing else."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.media_samples import ffmpeg
from tests.transcoder import hostile
from tests.transcoder.canaries import Canaries, canaries
from transcoder.errors import BadSource, SourceIsPlaylist, SourceTooLarge, SourceTooLong, SourceUnsupported
from transcoder.guards import guarded_input, local_file
from transcoder.local import transcode
from transcoder.probe import PROBE_LIMITS, probe
from transcoder.report import streams_command
from transcoder.runner import run
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

pytestmark = pytest.mark.ffmpeg


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canaries]:
    with canaries(tmp_path) as watched:
        yield watched


@pytest.fixture
def settings(tmp_path: Path) -> TranscoderSettings:
    return TranscoderSettings(workspace=tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source.mp4"


def test_the_canaries_sing(canary: Canaries) -> None:
    """
    A test of the test: whoever touches them is told on.
    """
    assert canary.touched() == []

    canary.file.read_bytes()

    assert canary.touched() == ["somebody opened the file"]


@pytest.mark.parametrize("attack", hostile.PLAYLISTS)
def test_a_playlist_in_disguise_is_refused(
    attack: str, source: Path, canary: Canaries, settings: TranscoderSettings
) -> None:
    source.write_bytes(hostile.PLAYLISTS[attack](canary.url, canary.file))

    with pytest.raises(SourceIsPlaylist):
        probe(source, settings=settings)

    assert canary.touched() == []


@pytest.mark.parametrize("demuxer", ["mov", "hls", "concat", "sdp", "matroska"])
@pytest.mark.parametrize("attack", hostile.PLAYLISTS)
def test_the_tools_themselves_refuse_it(attack: str, demuxer: str, source: Path, canary: Canaries) -> None:
    """
    Even if our own look at the first bytes were wrong: the whitelists hold for both tools.
    """
    source.write_bytes(hostile.PLAYLISTS[attack](canary.url, canary.file))
    guards = [word for name, value in guarded_input("mov").items() for word in (f"-{name}", value)]
    reading = [
        str(find_tools().ffmpeg),
        "-nostdin",
        *guards,
        "-f",
        demuxer,
        "-i",
        local_file(source),
        "-f",
        "null",
        "-",
    ]

    for command in (streams_command(find_tools().ffprobe, source, "mov"), reading):
        assert run(command, limits=PROBE_LIMITS).returncode != 0

    assert canary.touched() == []


def test_t9_text_inside_an_avi_opens_nothing(source: Path, canary: Canaries, settings: TranscoderSettings) -> None:
    source.write_bytes(hostile.avi_with_text_that_is_a_playlist(canary.url, canary.file))

    with pytest.raises(BadSource):
        probe(source, settings=settings)

    assert canary.touched() == []


def test_t10_two_pictures_a_day_apart_are_too_long(tmp_path: Path, settings: TranscoderSettings) -> None:
    hostile.gap_bomb(tmp_path / "gap.mkv", hours=24)

    with pytest.raises(SourceTooLong) as raised:
        probe(tmp_path / "gap.mkv", settings=settings)

    assert raised.value.params["limit_h"] == "12"


def test_t11_a_header_that_lies_is_not_believed(source: Path, settings: TranscoderSettings) -> None:
    hostile.duration_lie(source)

    assert probe(source, settings=settings).duration_s == pytest.approx(1.0, abs=0.05)


def test_t12_a_huge_picture_is_refused(tmp_path: Path, settings: TranscoderSettings) -> None:
    hostile.huge_picture(tmp_path / "huge.avi")

    with pytest.raises(SourceTooLarge):
        probe(tmp_path / "huge.avi", settings=settings)


def test_t13_two_hundred_tracks_are_refused(source: Path, settings: TranscoderSettings) -> None:
    hostile.two_hundred_tracks(source)

    with pytest.raises(SourceTooLarge):
        probe(source, settings=settings)


def test_t14_words_in_the_file_reach_nothing_that_we_write(
    source: Path, tmp_path: Path, settings: TranscoderSettings
) -> None:
    hostile.poisoned_title(source)

    transcode(source, tmp_path / "tree", settings=settings, jobs=1)

    written = [path for path in (tmp_path / "tree").rglob("*") if path.is_file()]
    assert len(written) > 5
    assert [path for path in written if b"onerror" in path.read_bytes() or b"EXT-X-KEY" in path.read_bytes()] == []


@pytest.mark.parametrize("name", hostile.STRANGE_NAMES)
def test_t15_a_strange_name_is_only_a_name(name: str, tmp_path: Path, settings: TranscoderSettings) -> None:
    plain = tmp_path / "plain.mp4"
    ffmpeg(*hostile.TINY, str(plain))
    plain.rename(tmp_path / name)

    tree = transcode(tmp_path / name, tmp_path / f"{name}.d%d %v", settings=settings, jobs=1)

    assert tree.plan.duration_s == pytest.approx(1.0)
    assert (tmp_path / f"{name}.d%d %v" / "multivariant.m3u8").is_file()


def test_a_decoder_that_lessons_do_not_need_is_not_run(tmp_path: Path, settings: TranscoderSettings) -> None:
    """
    The rarely used decoders are where most holes were found.
    """
    path = tmp_path / "rare.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48:r=10:d=1", "-c:v", "huffyuv", str(path))

    with pytest.raises(SourceUnsupported) as raised:
        probe(path, settings=settings)

    assert raised.value.params["codec"] == "huffyuv"


def test_a_long_gap_within_the_limit_stops_at_the_wall(tmp_path: Path) -> None:
    """
    What a hostile file may cost is bounded by the clock, whatever it makes the tool do.
    """
    endless = [str(find_tools().ffmpeg), "-nostdin", "-f", "lavfi", "-i", "color=s=16x16", "-f", "null", "-"]
    limits = PROBE_LIMITS.__class__(wall_s=1.0)
    started = time.monotonic()

    finished = run(endless, limits=limits)

    assert finished.timed_out
    assert not finished.ok
    assert time.monotonic() - started < 30
