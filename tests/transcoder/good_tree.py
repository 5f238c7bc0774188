"""
A small finished lesson in a folder, from a plain ffmpeg call and our own playlists: two families, 9.5 s.

H.264 and AAC; AV1 and Opus, whose upper rung has one picture a second.
"""

import hashlib
import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

from tests.hls_lesson import number
from tests.transcoder.rungs import rung, sound
from transcoder import boxes
from transcoder.media import Chunk, Made, Plan, VideoRendition
from transcoder.media_playlists import iframe_playlist, media_playlist, target_duration
from transcoder.playlists import multivariant
from transcoder.policy import Family
from transcoder.source import Source

FPS = 25
SEGMENT_FRAMES = 100
FRAMES = 237
TIMESCALE = 12_800
"""ffmpeg's, of pictures at this rate."""
HLS = "-f hls -hls_time 4 -hls_list_size 0 -hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4"
WHOLE = "-avoid_negative_ts disabled -hls_segment_options movflags=+frag_discont+negative_cts_offsets:use_editlist=0"
PICTURE: dict[Family, str] = {
    "avc": "-c:v libx264 -preset veryfast -threads 1 -profile:v high -sc_threshold 0 -bf 2 -flags +cgop+bitexact",
    "av1": "-c:v libsvtav1 -preset 10 -svtav1-params lp=1:scd=0 -flags +bitexact",
}
SOUND = {"aac": "-c:a aac -ar 48000 -ac 2 -b:a 48k", "opus": "-c:a libopus -ac 1 -b:a 16k -frame_duration 60"}

PLAN = Plan(
    source=Source(bytes=1, demuxer="mov", duration_s=FRAMES / FPS, video=None, audio=None),
    fps=Fraction(FPS),
    frame_count=FRAMES,
    segment_frames=SEGMENT_FRAMES,
    opening=0,
    opening_frames=SEGMENT_FRAMES,
    duration_s=FRAMES / FPS,
    chunks=(Chunk(0, 0, FRAMES),),
    video=(
        rung("v144", 256, 144, crf=30, max_kbps=90, buffer_kbit=90, level="1.1", line_kbps=192, sound="a48"),
        rung("v288", 512, 288, crf=28, max_kbps=400, buffer_kbit=800, level="2.1", line_kbps=600, sound="a48"),
        rung(
            "w288", 512, 288, family="av1", preset="10", crf=55, level="2.0", frame_step=25, line_kbps=96, sound="o16"
        ),
        rung("w144", 256, 144, family="av1", preset="10", crf=50, level="2.0", line_kbps=128, sound="o16"),
    ),
    audio=(sound("a48", 48), sound("o16", 16, codec="opus", channels=1, frame_samples=2880)),
    threads=1,
    encoder="any",
    digest="0" * 32,
)


def make_media(folder: Path) -> dict[str, list[Made]]:
    """Encode the lesson of `PLAN` with one ffmpeg process and say what was made."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", _lavfi("testsrc2=s=512x288:r=25")]
    command += ["-f", "lavfi", "-i", _lavfi("sine=f=440:r=48000")]
    for rendition in PLAN.renditions:
        (folder / rendition.name).mkdir(parents=True)
    for video in PLAN.video:
        command += ["-map", "0:v", *_picture(video), *WHOLE.split(), *_hls(folder / video.name)]
    for track in PLAN.audio:
        command += ["-map", "1:a", *SOUND[track.codec].split(), *_hls(folder / track.name)]
    subprocess.run(command, check=True, timeout=120, env={"SVT_LOG": "1"})
    for left_over in folder.glob("*/ffmpeg.m3u8"):
        left_over.unlink()
    for video in PLAN.video:
        if video.frame_step > 1:
            _put_on_grid(folder / video.name, video.frame_step)
    return {rendition.name: made_in(folder / rendition.name) for rendition in PLAN.renditions}


def _picture(video: VideoRendition) -> list[str]:
    frames = f"select=not(mod(n\\,{video.frame_step})),scale={video.width}:{video.height}"
    options = f"-fps_mode passthrough -crf {video.crf} -g {SEGMENT_FRAMES // video.frame_step}"
    if video.family == "avc":
        options += f" -keyint_min {SEGMENT_FRAMES} -level {video.level}"
        options += f" -maxrate {video.max_kbps}k -bufsize {video.buffer_kbit}k"
    return ["-vf", frames, *PICTURE[video.family].split(), *options.split()]


def _put_on_grid(folder: Path, frame_step: int) -> None:
    """ffmpeg knows no length of a segment's last picture: it lasts to the next segment, or the lesson's end."""
    for segment, start in enumerate(range(0, FRAMES, SEGMENT_FRAMES)):
        path = folder / f"{segment}.m4s"
        body, ticks = bytearray(path.read_bytes()), TIMESCALE // FPS
        shown = range(start, min(start + SEGMENT_FRAMES, FRAMES), frame_step)
        lengths = [min(frame_step, FRAMES - frame) * ticks for frame in shown]
        time, run = body.index(b"tfdt") + 8, body.index(b"trun") + 4
        body[time : time + 8] = (start * ticks).to_bytes(8, "big")
        flags, entry = number(body, run + 1, 3), run + 8
        entry += 4 * bool(flags & 1) + 4 * bool(flags & 4)
        assert flags & 0x100
        assert number(body, run + 4, 4) == len(lengths)
        for length in lengths:
            body[entry : entry + 4] = length.to_bytes(4, "big")
            entry += 4 * (flags >> 8 & 15).bit_count()
        path.write_bytes(body)


def make_tree(folder: Path) -> None:
    """The media with their playlists, named as the command line names them."""
    write_playlists(folder, make_media(folder))


def write_playlists(folder: Path, made: dict[str, list[Made]]) -> None:
    target_s = target_duration(PLAN)
    for name, files in made.items():
        (folder / name / "media.m3u8").write_text(media_playlist(files, target_s=target_s, uri=lambda item: item.name))
    for rendition in PLAN.video:
        text = iframe_playlist(made[rendition.name], target_s=target_s, uri=lambda item: item.name)
        (folder / rendition.name / "iframes.m3u8").write_text(text)
    text = multivariant(
        PLAN,
        made,
        uri=lambda name: f"{name}/media.m3u8",
        iframes_uri=lambda name: f"{name}/iframes.m3u8",
        language="kk",
    )
    (folder / "multivariant.m3u8").write_text(text, "utf-8")


def made_in(folder: Path) -> list[Made]:
    """Read back every file of one rendition."""
    head = (folder / "init.mp4").read_bytes()
    init = boxes.init_segment(head)
    made = [Made("init", folder.name, "init.mp4", len(head), hashlib.sha256(head).hexdigest(), codec=init.codec)]
    for path in folder.glob("*.m4s"):
        body = path.read_bytes()
        facts = boxes.fragment(body, init)
        made.append(
            Made(
                kind="segment",
                rendition=folder.name,
                name=path.name,
                bytes=len(body),
                sha256=hashlib.sha256(body).hexdigest(),
                number=int(path.stem),
                start_s=facts.start_s,
                duration_s=facts.duration_s,
                iframe_bytes=facts.first_sample_end if init.type == "video" else 0,
            )
        )
    return made


def _lavfi(source: str) -> str:
    return f"{source}:d={FRAMES / FPS}"


def _hls(folder: Path) -> list[str]:
    return [*HLS.split(), "-hls_segment_filename", str(folder / "%d.m4s"), str(folder / "ffmpeg.m3u8")]
