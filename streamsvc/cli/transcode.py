"""`sabaq transcode`: a file and no server."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from streamsvc.cli import explain, terminal_language
from streamsvc.cli.stopping import terminated_as_interrupted
from streamsvc.errors import BadSetting
from streamsvc.settings import settings_from
from streamsvc.texts import load_texts
from transcoder.errors import BadSource, OutputNotEmpty, OutputUnwritable, TranscoderError
from transcoder.local import ANALYSIS, MULTIVARIANT_NAME, Tree, transcode
from transcoder.media import AudioRendition, Plan, VideoRendition
from transcoder.policy import CpuClass, policy_for
from transcoder.settings import TranscoderSettings

NAME = "transcode"
HELP = "Turn a lesson's file into an HLS tree in a folder, without a server, database or store."
EXAMPLES = """examples:
  sabaq transcode lesson.mp4 ./lesson             watch bars, get a table
  sabaq transcode lesson.mp4 ./lesson --json      one JSON object on standard output
  sabaq transcode lesson.mp4 ./lesson --cpu fast  soon, at the cost of bytes
  sabaq transcode lesson.mp4 ./lesson --ladder ladder.toml
                                                  lines and codecs of this policy, not of SABAQ_LADDER

OUTDIR must be absent or empty, and is left so on failure. Exit 0 done, 2 bad input or usage, 1 our fault.
SABAQ_MAX_DURATION_S, SABAQ_MAX_SOURCE_BYTES and SABAQ_ENCODER_THREADS hold here as they do for the service."""

DONE, OUR_FAULT, BAD_INPUT = 0, 1, 2
MEGABYTE = 1_000_000
TABLE_COLUMNS = 110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", type=Path, help="the lesson's file")
    parser.add_argument("outdir", metavar="OUTDIR", type=Path, help="an absent or empty folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--cpu", choices=get_args(CpuClass), help="how much CPU it may cost (default: the ladder's)")
    parser.add_argument("--ladder", metavar="FILE", type=Path, help="a policy file (default: that of SABAQ_LADDER)")
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=_positive,
        default=os.cpu_count() or 1,
        help="chunks at a time (default: %(default)s)",
    )


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    try:
        with terminated_as_interrupted():
            tree = _transcode(args, _settings(args, environ), load_texts().about(NAME, terminal_language(environ)))
    except (TranscoderError, BadSetting) as error:
        bad_input = isinstance(error, BadSource | OutputNotEmpty | OutputUnwritable | BadSetting)
        if not bad_input:
            print(f"sabaq: {error}", file=sys.stderr)
        _say_error(error, args.json, environ)
        return BAD_INPUT if bad_input else OUR_FAULT
    if args.json:
        print(json.dumps(_as_json(tree), ensure_ascii=False))
    else:
        _print_table(tree, load_texts().about(NAME, terminal_language(environ)))
    return DONE


def _settings(args: argparse.Namespace, environ: Mapping[str, str]) -> TranscoderSettings:
    """Those of the service, but for what the options name."""
    chosen = {**environ, "SABAQ_LADDER": str(args.ladder)} if args.ladder else environ
    settings = settings_from(chosen).transcoder
    policy = policy_for(settings.policy)
    return replace(settings, policy=replace(policy, cpu=args.cpu or policy.cpu))


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _transcode(args: argparse.Namespace, settings: TranscoderSettings, words: Mapping[str, str]) -> Tree:
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description:>14}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:

        def on_plan(plan: Plan) -> None:
            names = [rendition.name for rendition in plan.renditions] if plan.settled else [ANALYSIS]
            for name in names:
                bars[name] = progress.add_task(words.get(name, name), total=plan.duration_s)

        def on_progress(name: str, done_s: float) -> None:
            # Sound begins before the plan is settled.
            if name in bars:
                progress.update(bars[name], completed=done_s)

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
    rate = tree.rate(rendition.name)
    rung = rendition if isinstance(rendition, VideoRendition) else None
    heard = tree.heard(rendition.name)
    return {
        "name": rendition.name,
        "type": "video" if rung else "audio",
        "codec": tree.codec(rendition.name),
        "width": rung.width if rung else None,
        "height": rung.height if rung else None,
        "fps": round(float(tree.plan.fps / rung.frame_step), 3) if rung else None,
        "average_bps": rate.average_bps,
        "peak_bps": rate.peak_bps,
        "bytes": tree.bytes(rendition.name),
        "state": "ready",
        "family": rendition.family,
        "line_kbps": rung.line_kbps if rung else None,
        "frame_step": rung.frame_step if rung else None,
        "sound": rung.sound if rung else None,
        "expected_vmaf": round(rung.why.vmaf, 1) if rung and rung.why else None,
        "integrated_lufs": heard.integrated_lufs if heard else None,
        "true_peak_db": heard.true_peak_db if heard else None,
    }


def _print_table(tree: Tree, words: Mapping[str, str]) -> None:
    """One row per rendition, whole even where the terminal is narrow or absent."""
    console = Console()
    console.width = max(console.width, TABLE_COLUMNS)
    console.print(_table(tree, words))


def _table(tree: Tree, words: Mapping[str, str]) -> Table:
    table = Table()
    for heading in ("rendition", "size", "codec"):
        table.add_column(words[f"column_{heading}"], no_wrap=True)
    for heading in ("fps", "line", "average", "peak", "megabytes"):
        table.add_column(words[f"column_{heading}"], justify="right")
    for rendition in tree.plan.renditions:
        table.add_row(rendition.name, *_cells(tree, rendition, words))
    return table


def _cells(tree: Tree, rendition: VideoRendition | AudioRendition, words: Mapping[str, str]) -> tuple[str, ...]:
    rate, size = tree.rate(rendition.name), f"{tree.bytes(rendition.name) / MEGABYTE:.2f}"
    numbers = (f"{rate.average_bps / 1000:.0f}", f"{rate.peak_bps / 1000:.0f}", size)
    codec = tree.codec(rendition.name)
    if isinstance(rendition, AudioRendition):
        return (words["mono" if rendition.channels == 1 else "stereo"], codec, "", "", *numbers)
    fps = f"{float(tree.plan.fps / rendition.frame_step):.4g}"
    return (f"{rendition.width}x{rendition.height}", codec, fps, str(rendition.line_kbps), *numbers)
