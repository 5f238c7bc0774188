"""`sabaq transcode`: a file and no server."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from streamsvc.cli import explain, terminal_language
from streamsvc.errors import BadSetting
from streamsvc.settings import settings_from
from streamsvc.texts import load_texts
from transcoder.errors import BadSource, OutputNotEmpty, OutputUnwritable, TranscoderError
from transcoder.local import MULTIVARIANT_NAME, Tree, transcode
from transcoder.media import AudioRendition, Plan, VideoRendition
from transcoder.settings import TranscoderSettings

NAME = "transcode"
HELP = "Turn a lesson's file into an HLS tree in a folder, without a server, database or store."
EXAMPLES = """examples:
  sabaq transcode lesson.mp4 ./lesson          watch a bar, get a table
  sabaq transcode lesson.mp4 ./lesson --json   one JSON object on standard output

OUTDIR must be absent or empty, and is left so on failure. Exit 0 done, 2 bad input or usage, 1 our fault.
SABAQ_MAX_DURATION_S, SABAQ_MAX_SOURCE_BYTES and SABAQ_ENCODER_THREADS hold here as they do for the service."""

DONE, OUR_FAULT, BAD_INPUT = 0, 1, 2
MEGABYTE = 1_000_000
TABLE_COLUMNS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", type=Path, help="the lesson's file")
    parser.add_argument("outdir", metavar="OUTDIR", type=Path, help="an absent or empty folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_positive,
        default=os.cpu_count() or 1,
        help="chunks at a time (default: %(default)s)",
    )


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    try:
        with _terminated_as_interrupted():
            tree = _transcode(args, settings_from(environ).transcoder)
    except (TranscoderError, BadSetting) as error:
        bad_input = isinstance(error, BadSource | OutputNotEmpty | OutputUnwritable | BadSetting)
        if not bad_input:
            print(f"sabaq: {error}", file=sys.stderr)
        _say_error(error, args.json, environ)
        return BAD_INPUT if bad_input else OUR_FAULT
    if args.json:
        print(json.dumps(_as_json(tree), ensure_ascii=False))
    else:
        _print_table(tree)
    return DONE


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM cleans up like Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _transcode(args: argparse.Namespace, settings: TranscoderSettings) -> Tree:
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description:>7}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:

        def on_plan(plan: Plan) -> None:
            for rendition in plan.renditions:
                bars[rendition.name] = progress.add_task(rendition.name, total=plan.duration_s)

        def on_progress(rendition: str, done_s: float) -> None:
            progress.update(bars[rendition], completed=done_s)

        return transcode(
            args.source, args.outdir, settings=settings, jobs=args.jobs, on_plan=on_plan, on_progress=on_progress
        )


def _say_error(error: TranscoderError | BadSetting, as_json: bool, environ: Mapping[str, str]) -> None:
    if as_json:
        message = load_texts().error(error.code, terminal_language(environ), error.params)
        print(json.dumps({"error": {"code": error.code, "message": message}}, ensure_ascii=False))
    else:
        print(f"sabaq: {explain(error, environ)}", file=sys.stderr)


def _as_json(tree: Tree) -> dict[str, object]:
    """Exactly the shape that scripts rely on."""
    source = tree.plan.source
    return {
        "source": {"sha256": tree.source_sha256, "bytes": source.bytes, "duration_s": round(tree.plan.duration_s, 6)},
        "plan_digest": tree.plan.digest,
        "multivariant": MULTIVARIANT_NAME,
        "renditions": [_rendition(tree, rendition) for rendition in tree.plan.renditions],
        "cpu_s": round(tree.cpu_s, 3),
        "wall_s": round(tree.wall_s, 3),
    }


def _rendition(tree: Tree, rendition: VideoRendition | AudioRendition) -> dict[str, object]:
    rate, pictures = tree.rate(rendition.name), isinstance(rendition, VideoRendition)
    return {
        "name": rendition.name,
        "type": "video" if pictures else "audio",
        "codec": tree.codec(rendition.name),
        "width": rendition.width if isinstance(rendition, VideoRendition) else None,
        "height": rendition.height if isinstance(rendition, VideoRendition) else None,
        "fps": round(float(tree.plan.fps), 3) if pictures else None,
        "average_bps": rate.average_bps,
        "peak_bps": rate.peak_bps,
        "bytes": tree.bytes(rendition.name),
        "state": "ready",
    }


def _print_table(tree: Tree) -> None:
    """One row per rendition, whole even where the terminal is narrow or absent."""
    console = Console()
    console.width = max(console.width, TABLE_COLUMNS)
    console.print(_table(tree))


def _table(tree: Tree) -> Table:
    table = Table("rendition", "size", "codec")
    for heading in ("fps", "average kbit/s", "peak kbit/s", "MB"):
        table.add_column(heading, justify="right")
    for rendition in tree.plan.renditions:
        row = _rendition(tree, rendition)
        rate = tree.rate(rendition.name)
        size, fps = (f"{row['width']}x{row['height']}", f"{row['fps']:g}") if row["fps"] else ("stereo", "")
        numbers = (f"{rate.average_bps / 1000:.0f}", f"{rate.peak_bps / 1000:.0f}")
        table.add_row(
            rendition.name, size, str(row["codec"]), fps, *numbers, f"{tree.bytes(rendition.name) / MEGABYTE:.2f}"
        )
    return table
