"""
What encoding in chunks costs, beside plain ffmpeg encoding the same rungs in one process in the same run.

    python -m benchmarks.transcode [--source FILE] [--repeat N] [--json]

The lesson is generated: 60 s of slides at 1920x1080 and 30 frames a second, a moving pointer, a tone. `chunks` is a
worker process that probes the source, encodes the starter rung of the first chunk apart, then every chunk and the
sound, as the service's workers do: no poster, no storyboard, no checks of the tree. `plain` is one ffmpeg with the
same rungs, the same scaling and the same options over the whole lesson, and one for its sound.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw, ImageFont

from transcoder.encode_sound import audio_arguments
from transcoder.encode_video import video_arguments
from transcoder.making import make_audio, make_chunk
from transcoder.media import Chunk, Plan
from transcoder.plan import plan
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

LIMIT = 1.10
SLIDES, SLIDE_S = 5, 12
SIZE = (1920, 1080)


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_s: float
    wall_s: float


def make_lesson(path: Path) -> None:
    """Slides with text, a pointer that wanders over them, and a voice's worth of sound."""
    with tempfile.TemporaryDirectory() as folder:
        for index in range(SLIDES):
            _slide(index).save(Path(folder, f"{index}.png"))
        slides = ["-framerate", f"1/{SLIDE_S}", "-i", f"{folder}/%d.png"]
        pointer = ["-f", "lavfi", "-i", "color=red:s=24x24:r=30"]
        sound = ["-f", "lavfi", "-i", "sine=f=220:r=48000,tremolo=f=4"]
        moved = "[0:v]fps=30[s];[s][1:v]overlay=x='900+700*sin(t)':y='500+400*sin(t*1.7)',format=yuv420p[v]"
        encoding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-c:a", "aac"]
        length = ["-t", str(SLIDES * SLIDE_S), "-map", "[v]", "-map", "2:a"]
        command = [str(find_tools().ffmpeg), "-nostdin", "-v", "error", "-y", *slides, *pointer, *sound]
        subprocess.run([*command, "-filter_complex", moved, *length, *encoding, str(path)], check=True)


def _slide(index: int) -> Image.Image:
    picture = Image.new("RGB", SIZE, (250, 250, 245))
    draw = ImageDraw.Draw(picture)
    draw.text((120, 80), f"Lesson {index + 1}: quadratic equations", (20, 40, 90), ImageFont.load_default(72))
    for line in range(4 + index * 2):
        text = f"{line + 1}.  a = {line + 1},  b = {2 * line - 5},  c = {line * line - 7};  D = b² - 4ac"
        draw.text((160, 220 + line * 62), text, (30, 30, 30), ImageFont.load_default(40))
    return picture


def chunks_as_a_worker(source: Path, out: Path) -> None:
    """Everything that workers do to the media, in the service's order."""
    made = _planned(source)
    starter, others = made.video[:1], made.video[1:]
    make_chunk(made, made.chunks[0], starter, source, out / "starter")
    if made.audio:
        make_audio(made, source, out / "sound")
    if others:
        make_chunk(made, made.chunks[0], others, source, out / "0")
    for chunk in made.chunks[1:]:
        make_chunk(made, chunk, made.video, source, out / str(chunk.index))


def plain(source: Path, out: Path) -> None:
    """One process for all rungs, one for the sound."""
    made = _planned(source)
    for rendition in made.renditions:
        (out / rendition.name).mkdir(parents=True)
    whole = Chunk(0, 0, made.frame_count)
    ffmpeg = str(find_tools().ffmpeg)
    _run_plain([ffmpeg, *video_arguments(made, whole, made.video, source, begin_s=None)], out)
    if made.audio:
        _run_plain([ffmpeg, *audio_arguments(made, source)], out)


def _run_plain(command: list[str], out: Path) -> None:
    subprocess.run(command, check=True, cwd=out, stdout=subprocess.DEVNULL)


def _planned(source: Path) -> Plan:
    settings = TranscoderSettings(workspace=Path(tempfile.gettempdir()))
    return plan(probe(source, settings=settings), threads=1, encoder=find_tools().build)


def measured(way: str, source: Path) -> Cost:
    """The cost of a whole process and its children."""
    with tempfile.TemporaryDirectory() as out:
        before, started = _children_s(), time.monotonic()
        subprocess.run([sys.executable, "-m", "benchmarks.transcode", "--only", way, str(source), out], check=True)
        return Cost(_children_s() - before, time.monotonic() - started)


def measured_plain(source: Path) -> Cost:
    """Of ffmpeg alone: nobody counts the script that starts it."""
    with tempfile.TemporaryDirectory() as out:
        before, started = _children_s(), time.monotonic()
        plain(source, Path(out))
        return Cost(_children_s() - before, time.monotonic() - started)


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compare(source: Path, repeat: int) -> dict[str, object]:
    length_s = _planned(source).duration_s
    pairs = [(measured("chunks", source), measured_plain(source)) for _ in range(repeat)]
    return {
        "duration_s": round(length_s, 3),
        "rungs": [asdict(rung) for rung in _planned(source).video],
        "chunks": _summary([ours for ours, _ in pairs], length_s),
        "plain": _summary([theirs for _, theirs in pairs], length_s),
        "cpu_ratio": round(median(ours.cpu_s / theirs.cpu_s for ours, theirs in pairs), 4),
        "limit": LIMIT,
    }


def _summary(costs: list[Cost], length_s: float) -> dict[str, float]:
    cpu_s, wall_s = median(cost.cpu_s for cost in costs), median(cost.wall_s for cost in costs)
    return {"cpu_s": round(cpu_s, 2), "wall_s": round(wall_s, 2), "cpu_s_per_source_s": round(cpu_s / length_s, 4)}


def show(result: dict[str, object]) -> None:
    print(f"{result['duration_s']} s of lesson\n")
    print(f"{'way':<8}{'CPU s':>10}{'CPU s per s':>14}{'wall s':>10}")
    for way in ("chunks", "plain"):
        row = result[way]
        assert isinstance(row, dict)
        print(f"{way:<8}{row['cpu_s']:>10.2f}{row['cpu_s_per_source_s']:>14.4f}{row['wall_s']:>10.2f}")
    print(f"\nratio of CPU {result['cpu_ratio']} (at most {LIMIT})\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="a lesson of your own")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--only", nargs=3, metavar=("WAY", "SOURCE", "OUT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        chunks_as_a_worker(Path(args.only[1]), Path(args.only[2]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        source = args.source or Path(folder, "lesson.mp4")
        if args.source is None:
            make_lesson(source)
        result = compare(source, args.repeat)
    if not args.json:
        show(result)
    print(json.dumps(result))
    return 0 if isinstance(ratio := result["cpu_ratio"], float) and ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
