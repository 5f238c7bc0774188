"""Commands are compared whole with `tests/data/commands`: a changed flag changes bytes, and so the recipe's number."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.transcoder.sources import AUDIO, audio, planned, video
from transcoder.encode_sound import audio_arguments
from transcoder.encode_video import beginnings, video_arguments
from transcoder.media import Chunk, Plan
from transcoder.plan import RECIPE
from transcoder.stills import drawn_poster_arguments, poster_arguments, storyboard_arguments

COMMANDS = Path(__file__).parent.parent / "data" / "commands"
SOURCE = Path("/in/source.bin")


def chunk_command(plan: Plan, chunk: Chunk, *, begin_s: float | None) -> list[str]:
    return video_arguments(plan, chunk, plan.video, SOURCE, begin_s=begin_s)


COMMANDS_OF = {
    "chunk": lambda: chunk_command(planned(), planned().chunks[1], begin_s=10.0),
    "first-chunk-starter": lambda: video_arguments(
        planned(), planned().chunks[0], planned().video[:1], SOURCE, begin_s=None
    ),
    "hdr-interlaced": lambda: chunk_command(
        planned(video(transfer="smpte2084", interlaced=True, width=640, height=480)), Chunk(0, 0, 120), begin_s=None
    ),
    "half-rate-avi": lambda: chunk_command(
        planned(video(fps=Fraction(60), shift_s=0.2, width=320, height=240, matrix=""), demuxer="avi", start_s=1.0),
        Chunk(0, 0, 120),
        begin_s=None,
    ),
    "late-picture": lambda: chunk_command(
        planned(video(start_s=20.0, width=320, height=240)), Chunk(1, 360, 480), begin_s=8.0
    ),
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
    assert RECIPE == 1


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
    first, second = beginnings(planned(), planned().chunks[1])

    assert first == pytest.approx(12 - 0.5 - 16 / 30)
    assert second is None
    assert beginnings(planned(), Chunk(9, 3000, 3600))[1] == pytest.approx(100 - 60.5 - 16 / 30)


def test_a_container_without_an_index_is_read_from_farther_off() -> None:
    plan = planned(demuxer="mpegts", start_s=1.4)

    assert beginnings(plan, Chunk(9, 3000, 3600))[0] == pytest.approx(1.4 + 100 - 12.5 - 16 / 30)


def test_sound_of_another_stream_is_the_one_taken() -> None:
    assert "[0:5]" in " ".join(audio_arguments(planned(audio=audio(stream=5)), SOURCE))
