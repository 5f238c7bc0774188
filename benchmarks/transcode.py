"""
What encoding in chunks costs, beside plain ffmpeg encoding the same rungs in the same run.

    python -m benchmarks.transcode [--minutes N | --source FILE] [--repeat N] [--json]

The lesson is generated: minutes of slides at 1920x1080 and 30 frames a second, a moving pointer, a tone. The whole
ladder of H.264 at the class `fast`, a rung for every line, is made in three ways. `chunks` is what the service's
workers do to pictures: the starter rung of the first chunk apart, then every chunk. `plain` is one ffmpeg with one
decode, the same cascade of scaling and the same options over the whole lesson. `apart` has a process for every rung
instead. `look` is the analysis, and `job` all that it leads to: pictures of both families in the rungs that it chose,
and the sound.

Exits with 1 when a limit is broken: CPU against `plain` and `apart`, bytes against `plain`, frames lost or doubled, and
the share of the look in the job. The look's cost does not grow with the lesson: of a short one it is a larger share.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw, ImageFont

from transcoder.analysis.looking import look
from transcoder.encode_video import video_arguments
from transcoder.making import make_audio, make_chunk
from transcoder.media import Chunk, Plan, VideoRendition
from transcoder.plan import plan, settle, starter_plan
from transcoder.policy import Family, Policy
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

AGAINST_PLAIN, AGAINST_APART, MORE_BYTES, LOOK_SHARE = 1.05, 0.7, 0.03, 0.12
SLIDE_S = 12
MOST_LINES = 12
SIZE = (1920, 1080)
POLICY = Policy(cpu="fast")
LADDER_POLICY = Policy(cpu="fast", families=("avc",))
WAYS = ("chunks", "plain", "apart", "look", "job")


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
    job: Cost
    bytes_ratio: float
    frames_lost: int
    frames_doubled: int


def make_lesson(path: Path, minutes: int) -> None:
    """Slides with text, a pointer that wanders over them, and a voice's worth of sound."""
    count = minutes * 60 // SLIDE_S
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            _slide(index).save(Path(folder, f"{index}.png"))
        slides = ["-framerate", f"1/{SLIDE_S}", "-i", f"{folder}/%d.png"]
        pointer = ["-f", "lavfi", "-i", "color=red:s=24x24:r=30"]
        sound = ["-f", "lavfi", "-i", "sine=f=220:r=48000,tremolo=f=4"]
        moved = "[0:v]fps=30[s];[s][1:v]overlay=x='900+700*sin(t)':y='500+400*sin(t*1.7)',format=yuv420p[v]"
        encoding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-c:a", "aac"]
        length = ["-t", str(count * SLIDE_S), "-map", "[v]", "-map", "2:a"]
        command = [str(find_tools().ffmpeg), "-nostdin", "-v", "error", "-y", *slides, *pointer, *sound]
        subprocess.run([*command, "-filter_complex", moved, *length, *encoding, str(path)], check=True)


def _slide(index: int) -> Image.Image:
    picture = Image.new("RGB", SIZE, (250, 250, 245))
    draw = ImageDraw.Draw(picture)
    draw.text((120, 80), f"Lesson {index + 1}: quadratic equations", (20, 40, 90), ImageFont.load_default(72))
    for line in range(4 + index * 2 % MOST_LINES):
        text = f"{line + 1}.  a = {line + 1},  b = {2 * line - 5},  c = {line * line - 7};  D = b² - 4ac"
        draw.text((160, 220 + line * 62), text, (30, 30, 30), ImageFont.load_default(40))
    return picture


def chunks_as_a_worker(made: Plan, family: Family, source: Path, out: Path) -> None:
    """Everything that workers do to the pictures of a family, in the service's order."""
    rungs = of_family(made, family)
    apart = rungs[:1] if family == "avc" else []
    if apart:
        make_chunk(made, made.chunks[0], apart, source, out / "starter")
    if rungs[len(apart) :]:
        make_chunk(made, made.chunks[0], rungs[len(apart) :], source, out / "0")
    for chunk in made.chunks[1:]:
        make_chunk(made, chunk, rungs, source, out / str(chunk.index))


def plain(made: Plan, rungs: Sequence[VideoRendition], source: Path, out: Path) -> None:
    """One process for all rungs. Its key frames stand as far apart as ours do behind the opening."""
    for rung in rungs:
        (out / rung.name).mkdir(parents=True)
    whole = replace(made, opening=0)
    arguments = video_arguments(whole, Chunk(0, 0, made.frame_count), rungs, source, begin_s=None)
    subprocess.run([str(find_tools().ffmpeg), *arguments], check=True, cwd=out, stdout=subprocess.DEVNULL)


def apart(made: Plan, rungs: Sequence[VideoRendition], source: Path, out: Path) -> None:
    """One process for each rung."""
    for rung in rungs:
        plain(made, [rung], source, out)


def job(made: Plan, source: Path, out: Path) -> None:
    for family in ("avc", "av1"):
        chunks_as_a_worker(made, family, source, out)
    if made.audio:
        make_audio(made, source, out)


def of_family(made: Plan, family: Family) -> list[VideoRendition]:
    return [rung for rung in made.video if rung.family == family]


def measured(way: Callable[[], object]) -> Cost:
    """Of this process and of every tool that it starts."""
    before_s, started = _cpu_s(), time.monotonic()
    way()
    return Cost(_cpu_s() - before_s, time.monotonic() - started)


def _cpu_s() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def ladder_plan(source: Path) -> Plan:
    """A rung for every line that H.264 serves, whatever the lesson shows."""
    found = probe(source, settings=TranscoderSettings(workspace=Path(tempfile.gettempdir())))
    return plan(found, threads=1, encoder=find_tools().build, policy=LADDER_POLICY)


def one_round(made: Plan, source: Path, out: Path) -> Round:
    rungs = of_family(made, "avc")
    folders = {way: out / way for way in WAYS}
    for folder in folders.values():
        folder.mkdir()
    ladder = {
        "chunks": measured(lambda: chunks_as_a_worker(made, "avc", source, folders["chunks"])),
        "plain": measured(lambda: plain(made, rungs, source, folders["plain"])),
        "apart": measured(lambda: apart(made, rungs, source, folders["apart"])),
    }
    sizes = {way: sum(_bytes(folders[way], rung) for rung in rungs) for way in ("chunks", "plain")}
    lost, doubled = zip(*(_lost_and_doubled(made, folders["chunks"], rung) for rung in rungs), strict=True)
    started = starter_plan(made.source, threads=1, encoder=made.encoder, policy=POLICY)
    plans: list[Plan] = []
    looked = measured(
        lambda: plans.append(settle(started, look(started, source, folders["look"], policy=POLICY), policy=POLICY))
    )
    return Round(
        **ladder,
        look=looked,
        job=measured(lambda: job(plans[0], source, folders["job"])),
        bytes_ratio=sizes["chunks"] / sizes["plain"],
        frames_lost=sum(lost),
        frames_doubled=sum(doubled),
    )


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
    made = ladder_plan(source)
    rounds = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(one_round(made, source, Path(folder)))
    figures = {
        "cpu_against_plain": median(found.chunks.cpu_s / found.plain.cpu_s for found in rounds),
        "cpu_against_apart": median(found.chunks.cpu_s / found.apart.cpu_s for found in rounds),
        "bytes_against_plain": median(found.bytes_ratio for found in rounds),
        "frames_lost": max(found.frames_lost for found in rounds),
        "frames_doubled": max(found.frames_doubled for found in rounds),
        "look_share": median(found.look.cpu_s / (found.look.cpu_s + found.job.cpu_s) for found in rounds),
    }
    return {
        "duration_s": round(made.duration_s, 3),
        "rungs": [asdict(rung) for rung in made.video],
        **{way: _summary([getattr(found, way) for found in rounds], made.duration_s) for way in WAYS},
        **{name: round(value, 4) for name, value in figures.items()},
        "broken": [name for name, limit in LIMITS.items() if figures[name] > limit],
    }


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
    for way in WAYS:
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
    parser.add_argument("--minutes", type=int, default=3, help="how long the generated lesson is")
    parser.add_argument("--source", type=Path, help="a lesson of your own")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = args.source or Path(folder, "lesson.mp4")
        if args.source is None:
            make_lesson(source, args.minutes)
        result = compare(source, args.repeat)
    if not args.json:
        show(result)
    print(json.dumps(result, default=str))
    return 1 if _broken(result) else 0


if __name__ == "__main__":
    sys.exit(main())
