"""
What encoding in chunks costs, beside plain ffmpeg encoding the same rungs in the same run.

    python -m benchmarks.transcode [--source FILE] [--repeat N] [--json]

The lesson is generated: 60 s of slides at 1920x1080 and 30 frames a second, a moving pointer, a tone. Its ladder of
H.264 at the class `fast` is made in three ways. `chunks` is a worker process that encodes the starter rung of the
first chunk apart, then the sound and every chunk, as the service's workers do: no poster, no checks of the tree.
`plain` is one ffmpeg with one decode, the same cascade of scaling and the same options over the whole lesson, and one
for its sound; `apart` has a process for every rung instead. `look` is the analysis that chose the rungs; its share is
that of the whole job in both families.

Exits with 1 when a limit is broken: CPU against `plain` and `apart`, bytes against `plain`, frames lost or doubled.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw, ImageFont

from transcoder.analysis.looking import look
from transcoder.encode_sound import audio_arguments
from transcoder.encode_video import video_arguments
from transcoder.making import make_audio, make_chunk
from transcoder.media import Chunk, Family, Plan, VideoRendition
from transcoder.plan import settle, starter_plan
from transcoder.plan_json import plan_from_json, plan_to_json
from transcoder.policy import Policy
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

AGAINST_PLAIN, AGAINST_APART, MORE_BYTES, LOOK_SHARE = 1.05, 0.7, 0.03, 0.12
SLIDES, SLIDE_S = 5, 12
SIZE = (1920, 1080)
POLICY = Policy(cpu="fast")


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement of every way, one after the other."""

    chunks: Cost
    plain: Cost
    apart: Cost
    look: Cost
    av1: Cost
    bytes_ratio: float
    frames_lost: int
    frames_doubled: int


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


def chunks_as_a_worker(made: Plan, source: Path, out: Path) -> None:
    """Everything that workers do to the pictures in H.264 and to the sound, in the service's order."""
    rungs = of_family(made, "avc")
    make_chunk(made, made.chunks[0], rungs[:1], source, out / "starter")
    if made.audio:
        make_audio(made, source, out / "sound")
    if rungs[1:]:
        make_chunk(made, made.chunks[0], rungs[1:], source, out / "0")
    for chunk in made.chunks[1:]:
        make_chunk(made, chunk, rungs, source, out / str(chunk.index))


def av1_as_a_worker(made: Plan, source: Path, out: Path) -> None:
    for chunk in made.chunks:
        make_chunk(made, chunk, of_family(made, "av1"), source, out / str(chunk.index))


def look_as_a_worker(made: Plan, source: Path, out: Path) -> None:
    """Leaves the settled plan for the other ways."""
    found = look(made, source, out, policy=POLICY)
    (out / "plan.json").write_text(json.dumps(plan_to_json(settle(made, found, policy=POLICY))), "utf-8")


def plain(made: Plan, source: Path, out: Path) -> None:
    """One process for all rungs, one for the sound."""
    _plain_pictures(made, of_family(made, "avc"), source, out)
    _plain_sound(made, source, out)


def apart(made: Plan, source: Path, out: Path) -> None:
    """One process for each rung, one for the sound."""
    for rung in of_family(made, "avc"):
        _plain_pictures(made, [rung], source, out)
    _plain_sound(made, source, out)


def _plain_pictures(made: Plan, rungs: Sequence[VideoRendition], source: Path, out: Path) -> None:
    for rung in rungs:
        (out / rung.name).mkdir(parents=True)
    whole = Chunk(0, 0, made.frame_count)
    _run_plain(video_arguments(made, whole, rungs, source, begin_s=None), out)


def _plain_sound(made: Plan, source: Path, out: Path) -> None:
    for rendition in made.audio:
        (out / rendition.name).mkdir(parents=True)
    if made.audio:
        _run_plain(audio_arguments(made, source), out)


def _run_plain(arguments: list[str], out: Path) -> None:
    command = [str(find_tools().ffmpeg), *arguments]
    subprocess.run(command, check=True, cwd=out, stdout=subprocess.DEVNULL)


def of_family(made: Plan, family: Family) -> list[VideoRendition]:
    return [rung for rung in made.video if rung.family == family]


def _started(source: Path) -> Plan:
    settings = TranscoderSettings(workspace=Path(tempfile.gettempdir()))
    return starter_plan(probe(source, settings=settings), threads=1, encoder=find_tools().build, policy=POLICY)


WORKERS: dict[str, Callable[[Plan, Path, Path], None]] = {
    "chunks": chunks_as_a_worker,
    "av1": av1_as_a_worker,
    "look": look_as_a_worker,
}
PLAIN: dict[str, Callable[[Plan, Path, Path], None]] = {"plain": plain, "apart": apart}


def measured(way: str, made: Plan, source: Path, out: Path) -> Cost:
    """The cost of a whole process and its children; of plain ways, of ffmpeg alone: nobody counts the script."""
    out.mkdir()
    (out / "plan.json").write_text(json.dumps(plan_to_json(made)), "utf-8")
    before, started = _children_s(), time.monotonic()
    if way in PLAIN:
        PLAIN[way](made, source, out)
    else:
        command = [sys.executable, "-m", "benchmarks.transcode", "--only", way, str(source), str(out)]
        subprocess.run(command, check=True)
    return Cost(_children_s() - before, time.monotonic() - started)


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def one_round(source: Path, out: Path) -> tuple[Plan, Round]:
    looked = measured("look", _started(source), source, out / "look")
    made = _read_plan(out / "look")
    costs = {way: measured(way, made, source, out / way) for way in ("chunks", "plain", "apart", "av1")}
    rungs = of_family(made, "avc")
    sizes = {way: sum(_bytes(out / way, rung) for rung in rungs) for way in ("chunks", "plain")}
    lost, doubled = zip(*(_lost_and_doubled(made, out / "chunks", rung) for rung in rungs), strict=True)
    return made, Round(
        **costs,
        look=looked,
        bytes_ratio=sizes["chunks"] / sizes["plain"],
        frames_lost=sum(lost),
        frames_doubled=sum(doubled),
    )


def _read_plan(out: Path) -> Plan:
    return plan_from_json(json.loads((out / "plan.json").read_text("utf-8")))


def _segments(out: Path, rung: VideoRendition) -> list[Path]:
    """Of the whole lesson, wherever the chunks lie."""
    return sorted(out.glob(f"**/{rung.name}/*.m4s"), key=lambda path: int(path.stem))


def _bytes(out: Path, rung: VideoRendition) -> int:
    return sum(path.stat().st_size for path in _segments(out, rung))


def _lost_and_doubled(made: Plan, out: Path, rung: VideoRendition) -> tuple[int, int]:
    """From the times of every decoded picture of the chunks, joined as a player does."""
    found = _segments(out, rung)
    whole = out / f"{rung.name}.mp4"
    whole.write_bytes(b"".join(path.read_bytes() for path in (found[0].parent / "init.mp4", *found)))
    base = f"{made.fps.denominator}/{made.fps.numerator}"
    options = ["-fps_mode", "passthrough", "-enc_time_base", base, "-f", "framemd5", "-"]
    command = [str(find_tools().ffmpeg), "-nostdin", "-v", "error", "-i", str(whole), *options]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    times = [int(line.split(",")[2]) for line in told.splitlines() if not line.startswith("#")]
    wanted = set(range(0, made.frame_count, rung.frame_step))
    return len(wanted - set(times)), len(times) - len(set(times)) + len(set(times) - wanted)


def compare(source: Path, repeat: int) -> dict[str, object]:
    rounds = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            made, found = one_round(source, Path(folder))
        rounds.append(found)
    ways = ("chunks", "plain", "apart", "look", "av1")
    figures = {
        "cpu_against_plain": median(found.chunks.cpu_s / found.plain.cpu_s for found in rounds),
        "cpu_against_apart": median(found.chunks.cpu_s / found.apart.cpu_s for found in rounds),
        "bytes_against_plain": median(found.bytes_ratio for found in rounds),
        "frames_lost": max(found.frames_lost for found in rounds),
        "frames_doubled": max(found.frames_doubled for found in rounds),
        "look_share": median(_look_share(found) for found in rounds),
    }
    return {
        "duration_s": round(made.duration_s, 3),
        "rungs": [asdict(rung) for rung in made.video],
        **{way: _summary([getattr(found, way) for found in rounds], made.duration_s) for way in ways},
        **{name: round(value, 4) for name, value in figures.items()},
        "broken": [name for name, limit in LIMITS.items() if figures[name] > limit],
    }


def _look_share(found: Round) -> float:
    return found.look.cpu_s / (found.look.cpu_s + found.chunks.cpu_s + found.av1.cpu_s)


LIMITS = {
    "cpu_against_plain": AGAINST_PLAIN,
    "cpu_against_apart": AGAINST_APART,
    "bytes_against_plain": 1 + MORE_BYTES,
    "frames_lost": 0,
    "frames_doubled": 0,
    "look_share": LOOK_SHARE,
}


def _summary(costs: list[Cost], length_s: float) -> dict[str, float]:
    cpu_s, wall_s = median(cost.cpu_s for cost in costs), median(cost.wall_s for cost in costs)
    return {"cpu_s": round(cpu_s, 2), "wall_s": round(wall_s, 2), "cpu_s_per_source_s": round(cpu_s / length_s, 4)}


def show(result: dict[str, object]) -> None:
    print(f"{result['duration_s']} s of lesson\n")
    print(f"{'way':<10}{'CPU s':>10}{'CPU s per s':>14}{'wall s':>10}")
    for way in ("chunks", "plain", "apart", "look", "av1"):
        row = result[way]
        assert isinstance(row, dict)
        print(f"{way:<10}{row['cpu_s']:>10.2f}{row['cpu_s_per_source_s']:>14.4f}{row['wall_s']:>10.2f}")
    print(f"\n{'figure':<24}{'value':>10}{'at most':>10}")
    for name, limit in LIMITS.items():
        print(f"{name:<24}{result[name]!s:>10}{limit!s:>10}{'  broken' if name in _broken(result) else ''}")
    print()


def _broken(result: dict[str, object]) -> list[str]:
    broken = result["broken"]
    assert isinstance(broken, list)
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="a lesson of your own")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--only", nargs=3, metavar=("WAY", "SOURCE", "OUT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        way, source, out = args.only[0], Path(args.only[1]), Path(args.only[2])
        WORKERS[way](_read_plan(out), source, out)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        source = args.source or Path(folder, "lesson.mp4")
        if args.source is None:
            make_lesson(source)
        result = compare(source, args.repeat)
    if not args.json:
        show(result)
    print(json.dumps(result, default=str))
    return 1 if _broken(result) else 0


if __name__ == "__main__":
    sys.exit(main())
