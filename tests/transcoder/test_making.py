"""The doing, with real ffmpeg on generated clips: what the service's workers rely on."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from tests.functional.media_samples import Samples, ffmpeg, picture_numbers
from tests.transcoder.rungs import rung
from transcoder.boxes import fragment, init_segment
from transcoder.errors import EncodeCancelled, EncodeFailed, WorkspaceFull
from transcoder.making import make_audio, make_chunk, make_stills
from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.plan import starter_plan
from transcoder.playlists import rendition_rate, target_duration
from transcoder.policy import Family
from transcoder.probe import probe
from transcoder.runner import Limits
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

pytestmark = pytest.mark.ffmpeg

MEMORY_FOR_ONE = 460 * 1024**2
"""ffmpeg needs 350 MiB for these tiny pictures, and is thought to need 440."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return Samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def lesson(samples: Samples) -> Path:
    """Forty seconds at 10 pictures a second: chunks [0, 8), [8, 32) and [32, 40)."""
    return samples.encoded("lesson.mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 70 -bf 3 -c:a aac")


ROOM = {"max_kbps": 500, "buffer_kbit": 2000, "level": "1.3"}
AVC = (rung("avc-96", 96, 54, **ROOM), rung("avc-300", 128, 72, **ROOM))
AV1 = rung("av1-96", 128, 72, family="av1", preset="10", crf=40, **ROOM)
STILL = rung("avc-64", 128, 72, frame_step=10, **ROOM)
AV1_STILL = rung("av1-64", 128, 72, family="av1", preset="10", crf=40, frame_step=10, **ROOM)


def planned(source: Path, *rungs: VideoRendition) -> Plan:
    """Whatever ladder the source would get: these rungs."""
    settings = TranscoderSettings(workspace=source.parent)
    starter = starter_plan(probe(source, settings=settings), threads=1, encoder=find_tools().build)
    return replace(starter, video=rungs or AVC, settled=True)


def segments(made: list[Made]) -> list[Made]:
    return [item for item in made if item.kind == "segment"]


@pytest.mark.parametrize(
    ("rungs", "codec"),
    [(AVC, "avc1.64000d"), ((AV1,), "av01.0.00M.08"), ((STILL,), "avc1.64000d"), ((AV1_STILL,), "av01.0.00M.08")],
    ids=["avc", "av1", "still avc", "still av1"],
)
def test_chunks_join_without_a_join(
    lesson: Path, tmp_path: Path, rungs: tuple[VideoRendition, ...], codec: str
) -> None:
    """
    The same init segment from every chunk, and times that continue to the frame (H11, H14).
    """
    made_plan = planned(lesson, *rungs)

    chunks = [make_chunk(made_plan, chunk, rungs, lesson, tmp_path / str(chunk.index)) for chunk in made_plan.chunks]

    assert len(chunks) == 3
    for rendition in rungs:
        mine = [item for made in chunks for item in made if item.rendition == rendition.name]
        assert len({item.sha256 for item in mine if item.kind == "init"}) == 1
        assert [item.number for item in segments(mine)] == list(range(5))
        assert all(before.start_s + before.duration_s == after.start_s for before, after in pairwise(segments(mine)))
        assert segments(mine)[0].start_s == 0
        assert sum(item.duration_s for item in segments(mine)) == 40
        assert all(0 < item.iframe_bytes <= item.bytes for item in segments(mine))
        assert {item.codec for item in mine if item.kind == "init"} == {codec}


def test_pictures_of_both_families_and_sound_begin_together(lesson: Path, tmp_path: Path) -> None:
    """
    The bytes say so: x264 decodes two pictures before it shows one, SVT-AV1 none (H14).
    """
    made_plan = planned(lesson, *AVC, AV1, AV1_STILL)
    chunk = made_plan.chunks[0]

    make_chunk(made_plan, chunk, AVC, lesson, tmp_path)
    make_chunk(made_plan, chunk, (AV1, AV1_STILL), lesson, tmp_path)
    make_audio(made_plan, lesson, tmp_path)

    begins = {folder.name: first_shown_s(folder) for folder in tmp_path.iterdir()}
    assert {*(item.name for item in made_plan.renditions)} == begins.keys()
    assert set(begins.values()) == {0}


def first_shown_s(folder: Path) -> Fraction:
    return fragment((folder / "0.m4s").read_bytes(), init_segment((folder / "init.mp4").read_bytes())).presentation_s


@pytest.mark.parametrize("family", ["avc", "av1"])
def test_a_rung_that_stands_still_ends_with_the_others(samples: Samples, tmp_path: Path, family: Family) -> None:
    """
    9.3 s at 30000/1001: nine pictures of a second each, and one that lasts as long as the lesson does (H8, H9).
    """
    source = samples.encoded(
        "short.mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -an", fps="30000/1001", seconds=9.3
    )
    preset = "veryfast" if family == "avc" else "10"
    whole = rung(f"{family}-300", 128, 72, family=family, preset=preset, **ROOM)
    still = rung(f"{family}-64", 128, 72, family=family, preset=preset, frame_step=30, **ROOM)
    made_plan = planned(source, whole, still)

    made = make_lesson(made_plan, source, tmp_path)

    lengths_s = [[item.duration_s for item in segments(made) if item.rendition == name.name] for name in (whole, still)]
    assert lengths_s[0] == lengths_s[1]
    assert sum(lengths_s[0]) == made_plan.frame_count / made_plan.fps
    assert picture_numbers(joined(tmp_path, still)) == [number * 30 % 256 for number in range(10)]


UNLIKE: dict[Family, set[int]] = {
    "avc": {78, 79, *range(80, 160), 318, 319, *range(320, 400)},
    "av1": set(),
}
"""x264 looks over the end of a segment, and learns from the one before: the last pictures of a chunk, and the first
segment of the next, are not the same to the bit. SVT-AV1 does neither."""


@pytest.mark.parametrize("family", ["avc", "av1"])
def test_chunks_hold_the_frames_of_an_encode_of_the_whole(lesson: Path, tmp_path: Path, family: Family) -> None:
    """
    No picture lost or doubled, each at its own time, and the same to the bit where the encoder can know it to be.
    """
    preset = "veryfast" if family == "avc" else "10"
    one = rung("one", 128, 72, family=family, preset=preset, crf=38, **ROOM)
    made_plan = planned(lesson, one)
    together = replace(made_plan, chunks=(Chunk(0, 0, made_plan.frame_count),))

    make_lesson(made_plan, lesson, tmp_path / "chunks")
    make_lesson(together, lesson, tmp_path / "whole")

    chunked, whole = (frames_of(joined(tmp_path / way, one)) for way in ("chunks", "whole"))
    assert [time for time, _ in chunked] == [time for time, _ in whole] == list(range(400))
    changed = {number for (number, before), (_, after) in zip(chunked, whole, strict=True) if before != after}
    assert changed <= UNLIKE[family]
    assert picture_numbers(joined(tmp_path / "chunks", one)) == [number % 256 for number in range(400)]


def make_lesson(made_plan: Plan, source: Path, out: Path) -> list[Made]:
    """Every chunk in all rungs, each in a folder of its own as workers do it."""
    chunks = made_plan.chunks
    return [
        item
        for chunk in chunks
        for item in make_chunk(made_plan, chunk, made_plan.video, source, out / f"{chunk.index}")
    ]


def joined(out: Path, rendition: VideoRendition) -> Path:
    """One file of an init segment and all media segments, as a player appends them."""
    found = sorted(out.glob(f"*/{rendition.name}/*.m4s"), key=lambda path: int(path.stem))
    whole = out / f"{rendition.name}.mp4"
    whole.write_bytes(b"".join(path.read_bytes() for path in (found[0].parent / "init.mp4", *found)))
    return whole


def frames_of(file: Path) -> list[tuple[int, str]]:
    """Number on the grid of 10 a second, and hash, of every decoded picture."""
    told = ffmpeg("-i", str(file), "-fps_mode", "passthrough", "-enc_time_base", "1/10", "-f", "framemd5", "-").decode()
    rows = [line.split(",") for line in told.splitlines() if not line.startswith("#")]
    return [(int(row[2]), row[5].strip()) for row in rows]


@pytest.mark.parametrize("family", ["avc", "av1"])
def test_a_segment_above_its_cap_is_encoded_again(tmp_path: Path, family: Family) -> None:
    """
    Where the picture turns about, the segment is coarser than the others, behind the same init segment.
    """
    source = whirl(tmp_path / "whirl.mp4", 8, 16)
    preset = "veryfast" if family == "avc" else "10"
    whole = rung("same", 128, 72, family=family, preset=preset, crf=28, **ROOM | {"max_kbps": 4000})
    made_plan = planned(source, whole)
    chunk = Chunk(0, 0, made_plan.frame_count)

    before = make_chunk(made_plan, chunk, (whole,), source, tmp_path / "before")
    calm, wild, _ = (kbps(item) for item in segments(before))
    cap_kbps = round((calm + wild) / 2)
    after = make_chunk(made_plan, chunk, (replace(whole, max_kbps=cap_kbps),), source, tmp_path / "after")

    assert [kbps(item) <= cap_kbps for item in segments(before)] == [True, False, True]
    assert [kbps(item) <= cap_kbps for item in segments(after)] == [True, True, True]
    assert kbps(segments(after)[1]) > cap_kbps / 4
    assert init_digest(before) == init_digest(after)


@pytest.mark.parametrize("family", ["avc", "av1"])
def test_no_picture_is_too_wild_for_its_line(tmp_path: Path, family: Family) -> None:
    """
    Where the highest CRF is not enough, the encoder's rate control, or a picture with less to show, keeps to the cap.
    """
    source = whirl(tmp_path / "whirl.mp4", 0, 24)
    preset = "veryfast" if family == "avc" else "10"
    tight = rung("tight", 128, 72, family=family, preset=preset, crf=28, max_kbps=8, buffer_kbit=16, level="1.3")
    made_plan = planned(source, tight)

    made = make_lesson(made_plan, source, tmp_path)

    assert max(kbps(item) for item in segments(made)) <= 8


def test_a_segment_of_larger_superblocks_keeps_the_init_segment_of_its_rung(tmp_path: Path) -> None:
    """
    At a high CRF SVT-AV1 names another size of superblocks in the sequence header, a copy of which lies in av1C.
    """
    source = tmp_path / "large.mp4"
    picture = "testsrc2=s=1280x720:r=5:d=1"
    ffmpeg("-f", "lavfi", "-i", picture, "-c:v", "libx264", "-qp", "10", "-pix_fmt", "yuv420p", str(source))
    large = rung("large", 1280, 720, family="av1", preset="5", crf=50, max_kbps=9000, buffer_kbit=9000, level="3.1")
    once = make_lesson(planned(source, large), source, tmp_path / "once")
    tight = replace(large, max_kbps=int(kbps(segments(once)[0]) / 2))

    again = make_lesson(planned(source, tight), source, tmp_path / "again")

    assert kbps(segments(again)[0]) < kbps(segments(once)[0])
    assert init_digest(again) == init_digest(once)
    assert sequence_header(tmp_path / "again/0/large/0.m4s") != sequence_header(tmp_path / "once/0/large/0.m4s")


def sequence_header(segment: Path) -> bytes:
    """The first that stands in the segment (AV1 section 5.3.2: type 1, with a size)."""
    data = segment.read_bytes()
    start = data.index(b"mdat") + 4
    start = data.index(b"\x0a", start)
    return data[start : start + 2 + data[start + 1]]


def whirl(path: Path, from_s: int, to_s: int) -> Path:
    """24 s of a picture that turns about in the middle."""
    picture = f"testsrc2=s=128x72:r=10,rotate=t*3:enable='between(t,{from_s},{to_s}-0.01)'"
    ffmpeg("-f", "lavfi", "-i", picture, "-t", "24", "-c:v", "libx264", "-qp", "10", "-pix_fmt", "yuv420p", str(path))
    return path


def kbps(item: Made) -> float:
    return item.bytes * 8 / 1000 / float(item.duration_s)


def init_digest(made: list[Made]) -> str:
    (digest,) = {item.sha256 for item in made if item.kind == "init"}
    return digest


def test_rungs_that_memory_cannot_hold_together_are_encoded_one_after_the_other(lesson: Path, tmp_path: Path) -> None:
    made_plan, heard = planned(lesson), []
    chunk = made_plan.chunks[0]

    together = make_chunk(made_plan, chunk, AVC, lesson, tmp_path / "together")
    apart = make_chunk(
        made_plan,
        chunk,
        AVC,
        lesson,
        tmp_path / "apart",
        on_frames=heard.append,
        limits=Limits(memory_bytes=MEMORY_FOR_ONE),
    )

    # Another larger rung to scale from gives another smaller one.
    assert by_name(together)["avc-300"] == by_name(apart)["avc-300"]
    assert by_name(together)["avc-96"].keys() == by_name(apart)["avc-96"].keys()
    assert heard == sorted(heard)
    assert heard[-1] == 80


def by_name(made: list[Made]) -> dict[str, dict[str, str]]:
    names = {item.rendition for item in made}
    return {name: {item.name: item.sha256 for item in made if item.rendition == name} for name in names}


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
    assert files == {"init.mp4", "0.m4s"}


def test_frames_are_counted_while_they_are_made(lesson: Path, tmp_path: Path) -> None:
    made_plan, heard = planned(lesson), []

    make_chunk(made_plan, made_plan.chunks[0], made_plan.video, lesson, tmp_path, on_frames=heard.append)

    assert heard == sorted(heard)
    assert heard[-1] == 80


def test_sound_is_told_of_as_it_appears(lesson: Path, tmp_path: Path) -> None:
    made_plan, heard, seconds = planned(lesson), [], []

    made = make_audio(made_plan, lesson, tmp_path, on_made=heard.extend, on_seconds=seconds.append)

    assert {(item.rendition, item.name) for item in heard} == {(item.rendition, item.name) for item in made}
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(40)
    assert {item.codec for item in made if item.kind == "init"} == {"mp4a.40.2", "Opus"}
    for rendition in made_plan.audio:
        mine = [item for item in segments(made) if item.rendition == rendition.name]
        assert [item.number for item in mine] == list(range(5))
        assert mine[0].start_s == 0
        assert all(before.start_s + before.duration_s == after.start_s for before, after in pairwise(mine))
        assert all(abs(item.start_s - item.number * 8) < rendition.frame_s for item in mine)


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


def test_the_starter_rung_with_its_sound_keeps_to_its_line(tmp_path: Path) -> None:
    """
    On pictures that no encoder likes, and loud noise for sound.
    """
    source = tmp_path / "wild.mkv"
    pictures = ("-f", "lavfi", "-i", "testsrc2=s=214x120:r=30,rotate=t*2,hue=H=t*3,scale=428:240:flags=neighbor")
    noise = ("-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.8,aformat=channel_layouts=stereo")
    encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "12", "-pix_fmt", "yuv420p", "-c:a", "flac")
    ffmpeg(*pictures, *noise, "-t", "6.5", *encoding, str(source))
    made_plan = starter_plan(
        probe(source, settings=TranscoderSettings(workspace=tmp_path)), threads=1, encoder=find_tools().build
    )
    (starter,) = made_plan.video

    video = make_chunk(made_plan, made_plan.chunks[0], (starter,), source, tmp_path)
    sound = [item for item in make_audio(made_plan, source, tmp_path) if item.rendition == starter.sound]

    target_s = target_duration(made_plan)
    total = rendition_rate(video, target_s=target_s) + rendition_rate(sound, target_s=target_s)
    assert total.peak_bps <= starter.line_kbps * 1000


def test_a_full_disk_is_told_as_such(lesson: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Another attempt on another worker may succeed: it is not the source's fault. /dev/full is a disk without room.
    """
    made_plan = planned(lesson)
    monkeypatch.setattr(
        "transcoder.chunk_pictures.video_arguments",
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

    assert max(item.number for item in made) == 5
    assert sum(item.duration_s for item in segments(made) if item.rendition == AVC[0].name) == 12
