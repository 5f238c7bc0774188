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
    GIB,
    Samples,
    beep_starts_s,
    ffmpeg,
    flash_starts_s,
    frame_values,
    loudest,
    picture_numbers,
    probed,
    sound_samples,
    with_gap,
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


def assert_in_step(lesson: Lesson, fps: Fraction = Fraction(10), *, sound_late_s: float = 0.0) -> None:
    """Every flash has its beep."""
    flashes = flash_starts_s(lesson.playlist(lesson.video[0]), fps)
    beeps = beep_starts_s(sound_samples(lesson.playlist(lesson.audio[0]))[0])
    pairs = [(flash, min(beeps, key=lambda beep: abs(beep - flash - sound_late_s))) for flash in flashes[1:-1]]
    assert pairs
    assert max(abs(beep - flash - sound_late_s) for flash, beep in pairs) <= IN_STEP_S


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
    "camera.m2ts": f"{LONG_GOP} -c:a ac3 -mpegts_m2ts_mode 1",
    "open-gop.ts": f"{X264} -g 60 -x264-params open-gop=1 -c:a ac3",
    "h264.3gp": f"{LONG_GOP} -c:a aac",
    "mpeg2.mpg": "-c:v mpeg2video -q:v 3 -g 15 -bf 2 -c:a mp2",
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


SHORT = {"seconds": 4}


def test_a_turned_phone_gives_an_upright_picture(samples: Samples, transcode) -> None:
    source = samples.encoded("flat.mp4", f"{X264} -an", **SHORT)
    turned = samples.made(
        "turned.mp4", lambda path: ffmpeg("-display_rotation", "90", "-i", str(source), "-c", "copy", str(path))
    )

    lesson = transcode(turned)

    assert {(rendition["width"], rendition["height"]) for rendition in lesson.video} == {(72, 128)}
    assert list(range(40)) == picture_numbers(lesson.playlist(lesson.video[-1]), upright="transpose=clock")


def test_portrait_keeps_its_shape(samples: Samples, transcode) -> None:
    lesson = transcode(samples.encoded("portrait.mp4", f"{X264} -c:a aac", size="540x960", seconds=2))

    sizes = [(rendition["width"], rendition["height"]) for rendition in lesson.video]
    assert sizes[0] == (480, 854)
    assert all(width <= 540 and abs(width * 16 - height * 9) <= 16 for width, height in sizes)


@pytest.mark.parametrize(
    ("given", "fps", "step"),
    [
        ("120", "30", 4),
        ("60", "30", 2),
        ("60000/1001", "30000/1001", 2),
        ("50", "25", 2),
        ("30", "30", 1),
        ("30000/1001", "30000/1001", 1),
        ("24000/1001", "24000/1001", 1),
        ("329/12", "329/12", 1),
        ("12", "12", 1),
        ("1", "1", 1),
    ],
)
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_the_rate_stays_natural(given: str, fps: str, step: int, container: str, samples: Samples, transcode) -> None:
    """
    Up to 30 pictures a second every one is kept; above, every second or fourth.
    """
    seconds = max(6, 4 / Fraction(given))
    source = samples.encoded(
        f"rate-{given.replace('/', '_')}.{container}", f"{X264} -c:a aac", fps=given, seconds=float(seconds)
    )

    lesson = transcode(source)

    numbers = lesson.numbers
    assert lesson.video[0]["fps"] == pytest.approx(float(Fraction(fps)), abs=0.001)
    assert [index * step % 256 for index in range(len(numbers))] == numbers
    assert len(numbers) == pytest.approx(float(seconds * Fraction(fps)), abs=1)


@pytest.mark.parametrize("container", ["mp4", "mkv", "webm"])
def test_a_varying_rate_becomes_even(container: str, samples: Samples, transcode) -> None:
    """
    Each moment shows the picture that was showing, also where a chunk begins long after it.
    """
    codec = "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k" if container == "webm" else X264
    sound = "libopus" if container == "webm" else "aac"
    shown = "lt(n\\,30)*not(mod(n\\,3))+between(n\\,30\\,60)+eq(n\\,77)+gte(n\\,300)"
    arguments = f"-vf select='{shown}' -fps_mode vfr {codec} -g 1000 -c:a {sound}"

    lesson = transcode(samples.encoded(f"varying.{container}", arguments))

    kept = [n for n in range(400) if (n < 30 and n % 3 == 0) or 30 <= n <= 60 or n == 77 or n >= 300]
    at_fps = Fraction(lesson.video[0]["fps"]).limit_denominator(1001)
    moments = [index / at_fps * 10 for index in range(len(lesson.numbers))]
    expected = [max(n for n in kept if n <= moment + Fraction(1, 8)) % 256 for moment in moments]
    assert lesson.numbers == expected


@pytest.mark.parametrize(
    ("size", "ladder"),
    [
        ("853x480", [(852, 480)]),
        ("101x75", [(100, 74)]),
        ("2060x1080", [(916, 480), (1374, 720), (2060, 1080)]),
    ],
)
def test_odd_sizes_lose_at_most_a_line(size: str, ladder: list[tuple[int, int]], samples: Samples, transcode) -> None:
    source = samples.encoded(
        f"{size}.mkv", "-c:v libx264 -preset ultrafast -pix_fmt yuv444p -an", size=size, seconds=1, fps="5"
    )

    lesson = transcode(source)

    sizes = [(rendition["width"], rendition["height"]) for rendition in lesson.video]
    assert sizes[0] == ladder[0]
    assert set(sizes) <= set(ladder)
    assert lesson.numbers == [0, 1, 2, 3, 4]


def test_stretched_pixels_become_square(samples: Samples, transcode) -> None:
    lesson = transcode(samples.encoded("anamorphic.mpg", "-vf setdar=4/3 -c:v mpeg2video -q:v 4 -c:a mp2", **SHORT))

    assert {(rendition["width"], rendition["height"]) for rendition in lesson.video} == {(96, 72)}


@pytest.mark.parametrize("codec", ["-c:v mpeg2video -q:v 4 -f mpegts", f"{X264} -f mpegts"])
def test_interlaced_becomes_progressive(codec: str, samples: Samples, transcode) -> None:
    """
    Fifty fields become 25 whole pictures.
    """
    fields = "-vf tinterlace=interleave_top,setfield=tff -flags +ildct+ilme"
    name = f"interlaced-{'h264' if '264' in codec else 'mpeg2'}.ts"

    lesson = transcode(samples.encoded(name, f"{fields} {codec} -c:a mp2", fps="50", seconds=4))

    assert lesson.video[0]["fps"] == 25.0
    assert len(lesson.numbers) == 100
    assert set(frame_values(lesson.playlist(lesson.video[0]), "interlaced_frame")) == {"0"}


HDR = {
    "pq-hevc.mp4": (
        "-c:v libx265 -preset ultrafast -tag:v hvc1 -pix_fmt yuv420p10le -x265-params log-level=error:"
        "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    ),
    "hlg-hevc.mkv": (
        "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=error:"
        "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
    ),
    "ten-bit.mkv": "-c:v libx264 -preset ultrafast -pix_fmt yuv420p10le",
    "full-range.mkv": "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p",
    "prores.mov": "-c:v prores_ks -profile:v 3",
}


@pytest.mark.parametrize("name", HDR)
def test_deep_and_bright_pictures_become_plain_ones(name: str, samples: Samples, transcode) -> None:
    """
    Eight bits in the colours of BT.709, or of BT.601 where they were; black still black and white still white.
    """
    colours = "bt709" if "colormatrix" in HDR[name] else "smpte170m"
    lesson = transcode(
        samples.encoded(name, f"{HDR[name]} -c:a pcm_s16le" if "mp4" not in name else HDR[name], **SHORT)
    )

    wanted = {
        "pix_fmt": "yuv420p",
        "color_range": "tv",
        "color_space": colours,
        "color_transfer": colours,
        "color_primaries": colours,
    }
    assert probed(lesson.playlist(lesson.video[-1]), ",".join(wanted)) == wanted
    assert lesson.numbers == list(range(40))


def test_an_edit_list_is_obeyed(samples: Samples, transcode) -> None:
    """
    A phone that trims its recording leaves the pictures before the cut in the file, and hides them.
    """
    whole = samples.encoded("h264.mp4", CONTAINERS["h264.mp4"])
    trimmed = samples.made("trimmed.mp4", lambda path: ffmpeg("-ss", "15.5", "-i", str(whole), "-c", "copy", str(path)))

    lesson = transcode(trimmed)

    numbers = lesson.numbers
    assert [(numbers[0] + index) % 256 for index in range(len(numbers))] == numbers
    assert 154 <= numbers[0] <= 156
    assert_in_step(lesson)


@pytest.mark.parametrize(("late", "container"), [("audio", "mp4"), ("video", "mp4"), ("audio", "mkv"), ("video", "ts")])
def test_a_track_that_begins_late_stays_late(late: str, container: str, samples: Samples, transcode) -> None:
    """
    Two seconds between the first picture and the first sound are kept, on either side.
    """
    master = str(samples.master(seconds=30))
    inputs = ["-itsoffset", "2", "-i", master, "-i", master]
    mapped = ["-map", "1:v", "-map", "0:a"] if late == "audio" else ["-map", "0:v", "-map", "1:a"]
    encoding = f"{X264} -g 50 -c:a aac".split()
    source = samples.made(f"late-{late}.{container}", lambda path: ffmpeg(*inputs, *mapped, *encoding, str(path)))

    lesson = transcode(source)

    assert lesson.said["source"]["duration_s"] == pytest.approx(32, abs=0.2)
    flashes = flash_starts_s(lesson.playlist(lesson.video[0]), Fraction(10))
    beeps = beep_starts_s(sound_samples(lesson.playlist(lesson.audio[0]))[0])
    first_flash_s, first_beep_s = (0.6, 2.6) if late == "audio" else (2.6, 0.6)
    assert (flashes[0], beeps[0]) == pytest.approx((first_flash_s, first_beep_s), abs=IN_STEP_S)
    assert (flashes[-1], beeps[-1]) == pytest.approx((first_flash_s + 29, first_beep_s + 29), abs=IN_STEP_S)


def test_a_hole_in_the_sound_is_filled(samples: Samples, transcode) -> None:
    lesson = transcode(samples.encoded("hole.mkv", f"-af \"aselect='not(between(t,10.2,12.3))'\" {X264} -c:a libopus"))

    beeps = beep_starts_s(sound_samples(lesson.playlist(lesson.audio[0]))[0])
    assert beeps[-1] == pytest.approx(39.6, abs=IN_STEP_S)
    assert [beep for beep in beeps if 10.3 < beep < 12.2] == []


def test_a_sound_clock_that_runs_fast_is_held_in_step(samples: Samples, transcode) -> None:
    """
    A recorder whose sound card is 0.2 per cent off its own clock: 80 ms after forty seconds.
    """
    lesson = transcode(samples.encoded("drift.mkv", f"-af asetpts=PTS*1.002 {X264} -c:a flac"))

    beeps = beep_starts_s(sound_samples(lesson.playlist(lesson.audio[0]))[0])
    assert beeps[-1] == pytest.approx(39.6 * 1.002, abs=IN_STEP_S)


def test_an_old_phone_s_recording(samples: Samples, transcode) -> None:
    """
    H.263 in one of its five sizes, at 15 pictures a second, and a voice of 8 kHz.
    """
    sound = "-c:a libopencore_amrnb -ar 8000 -ac 1 -b:a 12.2k"
    lesson = transcode(samples.encoded("old.3gp", f"-c:v h263 -q:v 3 {sound}", size="176x144", fps="15", seconds=20))

    assert (lesson.video[-1]["width"], lesson.video[-1]["height"]) == (176, 144)
    assert lesson.numbers == [index % 256 for index in range(300)]
    assert_in_step(lesson, Fraction(15))


def test_a_channel_that_joins_in_mid_stream(samples: Samples, transcode) -> None:
    """
    Two recordings joined by a tool that copies: first one channel, then two.
    """
    one = samples.encoded("one.ts", f"{X264} -g 40 -c:a mp2 -ac 1", seconds=10)
    two = samples.encoded("two.ts", f"{X264} -g 40 -c:a mp2 -ac 2", seconds=10)
    listed = samples.made(
        "joined.ffconcat",
        lambda path: path.write_text(f"ffconcat version 1.0\nfile {one.name}\nfile {two.name}\n"),
    )
    joined = samples.made("joined.ts", lambda path: ffmpeg("-f", "concat", "-i", str(listed), "-c", "copy", str(path)))

    assert_in_step(transcode(joined))


def test_no_sound_is_a_lesson(samples: Samples, transcode) -> None:
    lesson = transcode(samples.encoded("silent.mp4", f"{X264} -an", **SHORT))

    assert lesson.audio == []
    assert len(lesson.video) >= 2


SOUND_ALONE = {
    "voice.m4a": "-vn -c:a aac",
    "voice.mp3": "-vn -c:a libmp3lame",
    "voice.wav": "-vn -c:a pcm_s16le",
    "voice.ogg": "-vn -c:a libopus",
    "voice.flac": "-vn -c:a flac",
    "voice.3gp": "-vn -c:a libopencore_amrnb -ar 8000 -ac 1 -b:a 12.2k",
    "voice.aac": "-vn -c:a aac",
    "voice.mka": "-vn -c:a libvorbis -ac 2",
}


@pytest.mark.parametrize("name", SOUND_ALONE)
def test_sound_alone_is_a_lesson(name: str, samples: Samples, transcode) -> None:
    lesson = transcode(samples.encoded(name, SOUND_ALONE[name]))

    assert lesson.video == []
    assert len(lesson.audio) >= 2
    assert lesson.said["source"]["duration_s"] == pytest.approx(40, abs=0.15)
    beeps = beep_starts_s(sound_samples(lesson.playlist(lesson.audio[0]))[0])
    assert beeps[-1] == pytest.approx(39.6, abs=0.08)


def test_a_cover_is_no_picture_of_the_lesson(samples: Samples, transcode) -> None:
    cover = samples.encoded("cover.png", "-frames:v 1", **SHORT)
    sound = samples.encoded("voice.m4a", SOUND_ALONE["voice.m4a"])
    inputs = ("-i", str(sound), "-i", str(cover), "-map", "0:a", "-map", "1:v")
    covered = samples.made(
        "covered.m4a", lambda path: ffmpeg(*inputs, "-c", "copy", "-disposition:v:0", "attached_pic", str(path))
    )

    assert transcode(covered).video == []


@pytest.mark.parametrize(
    ("container", "six", "two"),
    [
        ("webm", "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k -g 40 -c:a libopus", "-c:a libopus"),
        ("ts", f"{X264} -g 40 -c:a ac3 -ac 6", "-c:a ac3 -ac 2"),
    ],
)
def test_a_size_and_channels_that_change_in_mid_stream(
    container: str, six: str, two: str, samples: Samples, transcode
) -> None:
    """
    A shared window is made larger while it is recorded; a broadcast goes from six channels to two.
    """
    small = samples.encoded(f"small.{container}", six, seconds=10)
    large = samples.encoded(f"larger.{container}", f"-vf scale=192:108:flags=neighbor {six} {two}", seconds=10)
    listed = samples.made(
        f"{container}.ffconcat",
        lambda path: path.write_text(f"ffconcat version 1.0\nfile {small.name}\nfile {large.name}\n"),
    )
    both = samples.made(
        f"changing.{container}", lambda path: ffmpeg("-f", "concat", "-i", str(listed), "-c", "copy", str(path))
    )

    lesson = transcode(both)

    assert lesson.numbers == [*range(100), *range(100)]
    assert_in_step(lesson)


def test_six_channels_become_two(samples: Samples, transcode) -> None:
    surround = "-filter_complex [0:a]pan=5.1|FC=c0|FL=0*c0|FR=0*c0|LFE=0*c0|BL=0*c0|BR=0*c0[a] -map 0:v -map [a]"
    lesson = transcode(samples.encoded("surround.mkv", f"{surround} {X264} -c:a ac3", **SHORT))

    left, right = sound_samples(lesson.playlist(lesson.audio[0]))
    assert min(loudest(left), loudest(right)) > 0.1
    assert_in_step(lesson)


@pytest.mark.parametrize("channel", [0, 1])
def test_a_voice_in_one_ear_is_heard_in_both(channel: int, samples: Samples, transcode) -> None:
    pan = f"pan=stereo|c{channel}=c0|c{1 - channel}=0*c0"
    lesson = transcode(samples.encoded(f"one-ear-{channel}.mp4", f"-af {pan} {X264} -c:a aac"))

    left, right = sound_samples(lesson.playlist(lesson.audio[0]))
    assert loudest(left) == pytest.approx(loudest(right), rel=0.05)
    assert loudest(left) > 0.2


@pytest.mark.parametrize("offset_s", [5000, 95_435])
def test_a_stream_that_began_long_ago(offset_s: int, samples: Samples, transcode) -> None:
    """
    A transport stream cut from a broadcast; the second one's clock of 33 bits turns over in its middle.
    """
    lesson = transcode(samples.encoded(f"from-{offset_s}.ts", f"{LONG_GOP} -c:a aac -output_ts_offset {offset_s}"))

    assert lesson.numbers == [index % 256 for index in range(400)]
    assert_in_step(lesson)


def test_a_file_of_more_than_4_gib(samples: Samples, transcode) -> None:
    small = samples.encoded("small.mp4", f"{X264} -c:a aac", **SHORT)
    large = samples.made("large.mp4", lambda path: with_gap(small, path, 4 * GIB + 4096))

    lesson = transcode(large)

    assert lesson.said["source"]["bytes"] > 4 * GIB
    assert lesson.numbers == list(range(40))
