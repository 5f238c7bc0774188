"""`sabaq plan`: which rungs a file would get, and why, without encoding it."""

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from streamsvc.cli import terminal_language
from streamsvc.cli.stopping import terminated_as_interrupted
from streamsvc.settings import settings_from
from streamsvc.texts import load_texts
from transcoder.analysis.looking import look
from transcoder.errors import SourceMissing
from transcoder.explain import Passage, explained
from transcoder.media import Plan, VideoRendition
from transcoder.plan import settle, starter_plan
from transcoder.plan_json import plan_to_json
from transcoder.policy import Policy, policy_for
from transcoder.probe import probe
from transcoder.settings import TranscoderSettings
from transcoder.tools import find_tools

NAME = "plan"
HELP = "Look at a lesson's file and say which rungs it would get, and why. Encodes no more than a few samples."
EXAMPLES = """examples:
  sabaq plan lesson.mp4               a table of rungs
  sabaq plan lesson.mp4 --explain     what was found, and why every rung is what it is
  sabaq plan lesson.mp4 --json        the whole plan and its explanation, for programs
  sabaq plan lesson.mp4 --subject mathematics --grade 5
                                      with the exceptions that the ladder makes for such lessons

The ladder's policy is that of SABAQ_LADDER. Exit 0 done, 2 bad input or usage, 1 our fault."""

COLUMNS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", type=Path, help="the lesson's file")
    parser.add_argument("--explain", action="store_true", help="say in words why every rung is what it is")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--subject", help="for the ladder's exceptions")
    parser.add_argument("--grade", type=int, help="for the ladder's exceptions")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    settings = settings_from(environ).transcoder
    policy = policy_for(settings.policy, args.subject, args.grade)
    words = load_texts().about("plan", terminal_language(environ))
    with terminated_as_interrupted():
        plan = settled_plan(args.source, settings=settings, policy=policy)
    passages = explained(plan, words)
    if args.json:
        said = {"plan": plan_to_json(plan), "explained": [asdict(passage) for passage in passages]}
        print(json.dumps(said, ensure_ascii=False))
        return 0
    console = Console(highlight=False)
    console.width = max(console.width, COLUMNS)
    console.print(_table(plan, words))
    if args.explain:
        _print(passages, console)
    return 0


def settled_plan(source: Path, *, settings: TranscoderSettings, policy: Policy) -> Plan:
    """Probe, look and decide, as `sabaq transcode` does. Raises the kinds of TranscoderError."""
    if not source.is_file() or not os.access(source, os.R_OK):
        raise SourceMissing(f"no readable file at {source}", path=str(source))
    found = probe(source, settings=settings)
    started = starter_plan(found, threads=settings.threads, encoder=find_tools().build, policy=policy)
    if started.settled:
        return started
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with (
        TemporaryDirectory(prefix="sabaq-plan-") as folder,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task(source.name, total=1.0)
        analysis = look(
            started,
            source,
            Path(folder),
            policy=policy,
            on_progress=lambda share: progress.update(task, completed=share),
        )
    return settle(started, analysis, policy=policy)


def _table(plan: Plan, words: Mapping[str, str]) -> Table:
    table = Table(words["column_rung"], words["column_size"])
    for column in ("fps", "line", "pictures", "expected", "vmaf"):
        table.add_column(words[f"column_{column}"], justify="right")
    table.add_column(words["column_sound"])
    for rung in plan.video:
        table.add_row(*_row(plan, rung))
    if not plan.video:
        for sound in plan.audio:
            table.add_row(*["–"] * 7, sound.name)
    return table


def _row(plan: Plan, rung: VideoRendition) -> tuple[str, ...]:
    expected = (f"{rung.why.average_kbps:.0f}", f"{rung.why.vmaf:.1f}") if rung.why else ("–", "–")
    size, fps = f"{rung.width}x{rung.height}", f"{float(plan.fps / rung.frame_step):.3g}"
    return (rung.name, size, fps, str(rung.line_kbps), str(rung.max_kbps), *expected, rung.sound or "–")


def _print(passages: list[Passage], console: Console) -> None:
    for passage in passages:
        console.print(f"\n[bold]{escape(passage.heading)}[/bold]")
        for sentence in passage.sentences:
            console.print(f"  {escape(sentence)}", soft_wrap=True)
