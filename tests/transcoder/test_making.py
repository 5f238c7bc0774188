"""The doing, with real ffmpeg on generated clips: what the service's workers rely on."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from tests.functional.media_samples import Samples, ffmpeg
from transcoder.errors import EncodeCancelled, EncodeFailed, WorkspaceFull
from transcoder.making import make_audio, make_chunk, make_stills
from transcoder.media import Made, Plan
from transcoder.plan import plan
from transcoder.playlists import rendition_rate, target_duration
from transcoder.probe import probe
from transcoder.runner import Limits
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

pytestmark = pytest.mark.ffmpeg


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return Samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def lesson(samples: Samples) -> Path:
    """Forty seconds: chunks [0, 12) and [12, 40)."""
    return samples.encoded("lesson.mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 70 -bf 3 -c:a aac")


def planned(source: Path) -> Plan:
    settings = TranscoderSettings(workspace=source.parent)
    return plan(probe(source, settings=settings), threads=1, encoder=find_tools().build)


def segments(made: list[Made]) -> list[Made]:
    return [item for item in made if item.kind == "segment"]


def test_chunks_join_without_a_join(lesson: Path, tmp_path: Path) -> None:
    """
    The same init segment from every chunk, and times that continue to the frame (H11, H14).
    """
    made_plan = planned(lesson)

    chunks = [
        make_chunk(made_plan, chunk, made_plan.video, lesson, tmp_path / str(chunk.index)) for chunk in made_plan.chunks
    ]

    assert len(chunks) == 2
    for rung in made_plan.video:
        mine = [item for made in chunks for item in made if item.rendition == rung.name]
        assert len({item.sha256 for item in mine if item.kind == "init"}) == 1
        assert [item.number for item in segments(mine)] == list(range(10))
        assert all(before.start_s + before.duration_s == after.start_s for before, after in pairwise(segments(mine)))
        assert segments(mine)[0].start_s == 0
        assert sum(item.duration_s for item in segments(mine)) == 40
        assert all(0 < item.iframe_bytes <= item.bytes for item in segments(mine))
        assert {item.codec for item in mine if item.kind == "init"} == {"avc1.64000a"}


def test_a_rung_apart_is_the_rung_among_others(lesson: Path, tmp_path: Path) -> None:
    """
    The starter rung of the first chunk is encoded apart, and its init segment fits those that follow.
    """
    made_plan = planned(lesson)

    apart = make_chunk(made_plan, made_plan.chunks[0], made_plan.video[:1], lesson, tmp_path / "apart")
    among = make_chunk(made_plan, made_plan.chunks[1], made_plan.video, lesson, tmp_path / "among")

    inits = {
        item.sha256 for item in (*apart, *among) if item.kind == "init" and item.rendition == made_plan.video[0].name
    }
    assert len(inits) == 1
    assert {item.rendition for item in apart} == {made_plan.video[0].name}


def test_running_twice_leaves_one_result(lesson: Path, tmp_path: Path) -> None:
    made_plan = planned(lesson)
    (tmp_path / made_plan.video[0].name).mkdir()
    (tmp_path / made_plan.video[0].name / "9.m4s.tmp").write_bytes(b"left by a run that was killed")

    first = make_chunk(made_plan, made_plan.chunks[0], made_plan.video, lesson, tmp_path)
    again = make_chunk(made_plan, made_plan.chunks[0], made_plan.video, lesson, tmp_path)

    assert first == again
    files = {path.name for path in (tmp_path / made_plan.video[0].name).iterdir()}
    assert files == {"init.mp4", "0.m4s", "1.m4s", "2.m4s"}


def test_frames_are_counted_while_they_are_made(lesson: Path, tmp_path: Path) -> None:
    made_plan, heard = planned(lesson), []

    make_chunk(made_plan, made_plan.chunks[0], made_plan.video, lesson, tmp_path, on_frames=heard.append)

    assert heard == sorted(heard)
    assert heard[-1] == 120


def test_sound_is_told_of_as_it_appears(lesson: Path, tmp_path: Path) -> None:
    made_plan, heard, seconds = planned(lesson), [], []

    made = make_audio(made_plan, lesson, tmp_path, on_made=heard.extend, on_seconds=seconds.append)

    assert heard == made
    assert [item.kind for item in made] == ["init"] + ["segment"] * 10
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(40)
    assert made[0].codec == "mp4a.40.2"
    assert segments(made)[0].start_s == 0
    assert sum(item.duration_s for item in segments(made)) == 40
    assert all(before.start_s + before.duration_s == after.start_s for before, after in pairwise(segments(made)))
    assert all(abs(item.start_s - item.number * 4) < Fraction(1024, 48_000) for item in segments(made))


def test_stills(lesson: Path, tmp_path: Path) -> None:
    made = make_stills(planned(lesson), lesson, tmp_path)

    assert [item.name for item in made] == ["poster.jpg", "storyboard.vtt", "storyboard-0.jpg"]
    assert {item.rendition for item in made} == {"stills"}
    assert (tmp_path / "stills" / "storyboard.vtt").read_text().startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n")
    assert jpeg_size(tmp_path / "stills" / "storyboard-0.jpg") == (640, 360)
    assert jpeg_size(tmp_path / "stills" / "poster.jpg") == (128, 72)


def test_a_lesson_of_sound_alone_gets_a_drawn_poster(samples: Samples, tmp_path: Path) -> None:
    voice = samples.encoded("voice.m4a", "-vn -c:a aac")

    made = make_stills(planned(voice), voice, tmp_path)

    assert [item.name for item in made] == ["poster.jpg"]
    assert jpeg_size(tmp_path / "stills" / "poster.jpg") == (1280, 720)


def jpeg_size(path: Path) -> tuple[int, int]:
    """From the frame header, SOF0 (ITU-T T.81 section B.2.2)."""
    data = path.read_bytes()
    at = data.index(b"\xff\xc0") + 5
    return int.from_bytes(data[at + 2 : at + 4], "big"), int.from_bytes(data[at : at + 2], "big")


def test_a_cancelled_chunk_stops(lesson: Path, tmp_path: Path) -> None:
    made_plan = planned(lesson)

    with pytest.raises(EncodeCancelled):
        make_chunk(made_plan, made_plan.chunks[0], made_plan.video, lesson, tmp_path, cancelled=lambda: True)


def test_a_chunk_that_takes_too_long_fails(lesson: Path, tmp_path: Path) -> None:
    made_plan = planned(lesson)

    with pytest.raises(EncodeFailed, match="out of time"):
        make_chunk(made_plan, made_plan.chunks[1], made_plan.video, lesson, tmp_path, limits=Limits(wall_s=0.01))


def test_a_chunk_without_memory_fails(lesson: Path, tmp_path: Path) -> None:
    made_plan = planned(lesson)

    with pytest.raises(EncodeFailed):
        make_chunk(made_plan, made_plan.chunks[0], made_plan.video, lesson, tmp_path, limits=Limits(memory_bytes=2**27))


def test_a_source_that_vanished_fails(lesson: Path, tmp_path: Path) -> None:
    made_plan = planned(lesson)

    with pytest.raises(EncodeFailed):
        make_chunk(made_plan, made_plan.chunks[0], made_plan.video, tmp_path / "gone.mp4", tmp_path)


def test_half_a_file_with_its_index_gives_the_same_segments(lesson: Path, tmp_path: Path) -> None:
    """
    A sparse copy needs only a chunk's own bytes and the index, so that encoding may begin while the rest arrives.
    """
    data = lesson.read_bytes()
    index_at = data.index(b"moov") - 4
    sparse = tmp_path / "sparse.mp4"
    with sparse.open("wb") as file:
        file.write(data[: index_at * 6 // 10])
        file.seek(index_at)
        file.write(data[index_at:])
    made_plan = planned(lesson)
    chunk = made_plan.chunks[0]

    whole = make_chunk(made_plan, chunk, made_plan.video, lesson, tmp_path / "whole")

    assert make_chunk(made_plan, chunk, made_plan.video, sparse, tmp_path / "half") == whole


# Drawn small and enlarged: an expression for every pixel is slow.
WILD = {
    "noise": "nullsrc=s=107x60:r=30,geq=lum='random(1)*255':cb='random(2)*255':cr='random(3)*255'",
    "motion": "testsrc2=s=214x120:r=30,rotate=t*2,hue=H=t*3",
    "cuts": "testsrc2=s=214x120:r=30,hue=H='floor(t*8)*1.7',hflip=enable='mod(floor(t*8),2)'",
}


@pytest.mark.parametrize("name", WILD)
def test_the_lowest_rung_with_sound_stays_below_192_kbit(name: str, tmp_path: Path) -> None:
    """
    Authoring rule 9.21, on pictures that no encoder likes and loud noise for sound.
    """
    source = tmp_path / "wild.mkv"
    ffmpeg(
        *(
            "-f",
            "lavfi",
            "-i",
            f"{WILD[name]},scale=856:480:flags=neighbor",
            "-f",
            "lavfi",
            "-i",
            "anoisesrc=r=48000:a=0.8,aformat=channel_layouts=stereo",
        ),
        *("-t", "6.5", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "12", "-pix_fmt", "yuv420p", "-c:a", "flac"),
        str(source),
    )
    made_plan = planned(source)

    video = make_chunk(made_plan, made_plan.chunks[0], made_plan.video[:1], source, tmp_path)
    audio = make_audio(made_plan, source, tmp_path)

    target_s = target_duration(made_plan)
    total = rendition_rate(video, target_s=target_s) + rendition_rate(audio, target_s=target_s)
    assert total.peak_bps < 188_000


def test_a_full_disk_is_told_as_such(lesson: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Another attempt on another worker may succeed: it is not the source's fault. /dev/full is a disk without room.
    """
    made_plan = planned(lesson)
    monkeypatch.setattr(
        "transcoder.making.video_arguments",
        lambda *_arguments, **_values: [
            "-nostdin",
            "-f",
            "lavfi",
            "-i",
            "anullsrc=d=10",
            "-f",
            "s16le",
            "-y",
            "/dev/full",
        ],
    )

    with pytest.raises(WorkspaceFull):
        make_chunk(made_plan, made_plan.chunks[0], made_plan.video, lesson, tmp_path)


def test_a_plan_that_promises_too_much_is_filled_with_the_last_picture(lesson: Path, tmp_path: Path) -> None:
    """
    Where the source ends earlier than its probe said, every rendition still has the planned length.
    """
    made_plan = planned(lesson)
    last = made_plan.chunks[-1]
    longer = replace(made_plan, frame_count=440, chunks=(*made_plan.chunks[:-1], replace(last, end_frame=440)))

    made = make_chunk(longer, longer.chunks[-1], longer.video, lesson, tmp_path)

    assert max(item.number for item in made) == 10
