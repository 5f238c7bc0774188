"""A small finished lesson in a folder, from a plain ffmpeg call and our own playlists: two rungs and sound, 9.5 s."""

import hashlib
import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

from tests.transcoder.rungs import rung, sound
from transcoder import boxes
from transcoder.media import Chunk, Made, Plan, Source
from transcoder.playlists import iframe_playlist, media_playlist, multivariant, target_duration

FPS = 25
SEGMENT_FRAMES = 100
FRAMES = 237
HLS = "-f hls -hls_time 4 -hls_list_size 0 -hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4"
PICTURE = (
    "-c:v libx264 -preset veryfast -threads 1 -profile:v high -g 100 -keyint_min 100 -sc_threshold 0 -bf 2 "
    "-flags +cgop+bitexact -avoid_negative_ts disabled "
    "-hls_segment_options movflags=+frag_discont+negative_cts_offsets:use_editlist=0"
)
SOUND = "-c:a aac -ar 48000 -ac 2 -b:a 48k"

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
        rung("v144", 256, 144, crf=30, max_kbps=90, buffer_kbit=90, level="1.1"),
        rung("v288", 512, 288, crf=28, max_kbps=400, buffer_kbit=800, level="2.1"),
    ),
    audio=(sound("a48", 48),),
    threads=1,
    encoder="any",
    digest="0" * 32,
)


def make_media(folder: Path) -> dict[str, list[Made]]:
    """Encode the lesson of `PLAN` with one ffmpeg process and say what was made."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", _lavfi("testsrc2=s=512x288:r=25")]
    command += ["-f", "lavfi", "-i", _lavfi("sine=f=440:r=48000")]
    for rendition in PLAN.video:
        (folder / rendition.name).mkdir(parents=True)
        size = [
            "-map",
            "0:v",
            "-vf",
            f"scale={rendition.width}:{rendition.height}",
            "-crf",
            str(rendition.crf),
            "-level",
            rendition.level,
        ]
        cap = ["-maxrate", f"{rendition.max_kbps}k", "-bufsize", f"{rendition.buffer_kbit}k"]
        command += [*size, *cap, *PICTURE.split(), *_hls(folder / rendition.name)]
    (folder / "a48").mkdir()
    command += ["-map", "1:a", *SOUND.split(), *_hls(folder / "a48")]
    subprocess.run(command, check=True, timeout=120)
    for left_over in folder.glob("*/ffmpeg.m3u8"):
        left_over.unlink()
    return {name: made_in(folder / name) for name in ("v144", "v288", "a48")}


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
