"""Commands are compared whole with `tests/data/commands`: a changed flag changes bytes, and so the recipe's number."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.transcoder.rungs import rung
from tests.transcoder.sources import AUDIO, audio, planned, video
from transcoder.encode_sound import audio_arguments
from transcoder.encode_video import beginnings, video_arguments
from transcoder.media import Chunk, Plan, VideoRendition
from transcoder.plan import RECIPE
from transcoder.stills import drawn_poster_arguments, poster_arguments, storyboard_arguments

COMMANDS = Path(__file__).parent.parent / "data" / "commands"
SOURCE = Path("/in/source.bin")


SMALL = rung("avc-96", 854, 480, crf=31, max_kbps=52, buffer_kbit=400, level="3.1")
MIDDLE = rung("avc-300", 1280, 720, crf=34, max_kbps=256, buffer_kbit=2048, level="3.1")
LARGE = rung("avc-900", 1920, 1080, crf=33, max_kbps=856, buffer_kbit=6848, level="4")
LARGER = rung("avc-1800", 1920, 1080, crf=27, max_kbps=1756, buffer_kbit=14_048, level="4")
STILL = rung("avc-128", 1920, 1080, frame_step=30, crf=28, max_kbps=84, buffer_kbit=672, level="4")
AV1 = rung("av1-300", 1280, 720, family="av1", preset="7", crf=45, max_kbps=270, buffer_kbit=2160, level="3.1")
AV1_SMALL = rung("av1-64", 854, 480, family="av1", preset="7", crf=52, max_kbps=40, buffer_kbit=320, level="3.0")
AV1_STILL = rung(
    "av1-96", 1920, 1080, family="av1", frame_step=30, preset="7", crf=38, max_kbps=72, buffer_kbit=576, level="4.0"
)
SECOND = Chunk(1, 240, 960)


def chunk_command(
    *rungs: VideoRendition,
    plan: Plan | None = None,
    chunk: Chunk = SECOND,
    begin_s: float | None = None,
    coarseness: int = 1,
) -> list[str]:
    return video_arguments(plan or planned(), chunk, rungs, SOURCE, begin_s=begin_s, coarseness=coarseness)


COMMANDS_OF = {
    "chunk": lambda: chunk_command(SMALL, MIDDLE, LARGE, LARGER, begin_s=6.0),
    "first-chunk-starter": lambda: chunk_command(SMALL, chunk=Chunk(0, 0, 240)),
    "av1-chunk": lambda: chunk_command(AV1_SMALL, AV1, begin_s=6.0),
    "still-among-moving": lambda: chunk_command(SMALL, STILL, chunk=Chunk(2, 960, 1790)),
    "av1-still-odd-rate": lambda: chunk_command(
        AV1_STILL, plan=planned(video(fps=Fraction(30_000, 1001))), chunk=Chunk(2, 960, 1790)
    ),
    "av1-coarse": lambda: chunk_command(AV1_SMALL, chunk=Chunk(1, 480, 720), begin_s=14.0, coarseness=2),
    "strict": lambda: chunk_command(SMALL, chunk=Chunk(1, 480, 720), begin_s=14.0, coarseness=16),
    "av1-strict": lambda: chunk_command(AV1_SMALL, chunk=Chunk(1, 480, 720), begin_s=14.0, coarseness=16),
    "hdr-interlaced": lambda: chunk_command(
        SMALL, plan=planned(video(transfer="smpte2084", interlaced=True, width=854, height=480)), chunk=Chunk(0, 0, 240)
    ),
    "half-rate-avi": lambda: chunk_command(
        SMALL,
        plan=planned(video(fps=Fraction(60), shift_s=0.2, width=854, height=480, matrix=""), demuxer="avi", start_s=1),
        chunk=Chunk(0, 0, 240),
    ),
    "late-picture": lambda: chunk_command(SMALL, plan=planned(video(start_s=20.0)), begin_s=8.0),
    "sound": lambda: audio_arguments(planned(), SOURCE),
    "sound-alone-one-ear": lambda: audio_arguments(planned(None, replace(AUDIO, lone_channel=1)), SOURCE),
    "poster": lambda: poster_arguments(planned(), SOURCE, at_s=6.0),
    "drawn-poster": lambda: drawn_poster_arguments(planned(None), SOURCE),
    "storyboard": lambda: storyboard_arguments(planned(), SOURCE),
}


def written(arguments: list[str]) -> str:
    """One option a line, so that a change can be read."""
    return "".join(("\n" if word.startswith("-") else " ") + word for word in arguments).strip() + "\n"


@pytest.mark.parametrize("name", COMMANDS_OF)
def test_the_command_is_as_written(name: str) -> None:
    assert written(COMMANDS_OF[name]()) == (COMMANDS / f"{name}.txt").read_text("utf-8")


def test_the_recipe_is_numbered() -> None:
    """
    Whoever changes `chunk.txt` or `sound.txt` raises this number, for segments of one digest must be the same.
    """
    assert RECIPE == 5


@pytest.mark.parametrize("name", COMMANDS_OF)
def test_every_command_keeps_to_the_rules_for_hostile_files(name: str) -> None:
    command = COMMANDS_OF[name]()
    where = command.index("file:/in/source.bin")
    of_input = command[:where]

    for option in (
        *("-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-f"),
        *("-max_streams", "-max_pixels", "-max_alloc", "-probesize", "-analyzeduration"),
    ):
        assert option in of_input
    assert of_input[of_input.index("-protocol_whitelist") + 1] == "file"
    assert "-nostdin" in command
    assert "-map_metadata" in command
    assert [word for word in command if "://" in word or word.startswith(("http", "concat:"))] == []


def test_the_first_chunk_begins_with_the_file() -> None:
    assert beginnings(planned(), planned().chunks[0]) == [None]


def test_a_later_chunk_begins_a_little_earlier_and_tries_again_from_farther_off() -> None:
    first, second = beginnings(planned(), SECOND)

    assert first == pytest.approx(8 - 0.5 - 16 / 30)
    assert second is None
    assert beginnings(planned(), Chunk(9, 3000, 3600))[1] == pytest.approx(100 - 60.5 - 16 / 30)


def test_a_container_without_an_index_is_read_from_farther_off() -> None:
    plan = planned(demuxer="mpegts", start_s=1.4)

    assert beginnings(plan, Chunk(9, 3000, 3600))[0] == pytest.approx(1.4 + 100 - 12.5 - 16 / 30)


def test_sound_of_another_stream_is_the_one_taken() -> None:
    assert "[0:5]" in " ".join(audio_arguments(planned(audio=audio(stream=5)), SOURCE))
