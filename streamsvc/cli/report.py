"""`sabaq report`: one page about what was made of a lesson."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from catalog.errors import LessonMissing
from catalog.lessons import Lesson
from cdn.stores import open_store
from streamsvc.cli import terminal_language
from streamsvc.cli.opened import opened_sessions
from streamsvc.cli.stopping import terminated_as_interrupted
from streamsvc.errors import BadRequest
from streamsvc.settings import settings_from
from streamsvc.texts import LANGUAGES, load_texts
from transcoder.errors import SourceMissing, TreeUnreadable
from transcoder.reporting.making import report
from transcoder.reporting.material import Material, read_tree
from transcoder.reporting.stored import read_published

NAME = "report"
HELP = (
    "Write one HTML page about what was made of a lesson: bits and quality, frames of every rung, its sound, and why."
)
EXAMPLES = """examples:
  sabaq report ./lesson                            of a folder that sabaq transcode wrote, to ./lesson-report.html
  sabaq report ./lesson --source lesson.mp4        quality is measured against the file
  sabaq report ./lesson --source lesson.mp4 --peers --output page.html
                                                   and that of other systems' ladders too, which takes longer
  sabaq report 3f2a… --language kk                 of a lesson of the service whose settings are here

The page asks nothing of any network. Exit 0 done, 2 bad input or usage, 1 our fault."""

UNFIT_IN_NAMES = re.compile(r"[^\w.-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lesson", metavar="LESSON|DIR", help="a folder of sabaq transcode, or a lesson's id")
    parser.add_argument("--source", type=Path, metavar="FILE", help="the file that the lesson was made from")
    parser.add_argument("--peers", action="store_true", help="measure other systems' ladders too (needs --source)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the page (default: NAME-report.html here)")
    parser.add_argument("--language", choices=LANGUAGES, help="of the page (default: the terminal's)")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    if args.peers and not args.source:
        raise BadRequest("--peers needs --source", reason="--peers: --source FILE")
    if args.source and not args.source.is_file():
        raise SourceMissing(f"no readable file at {args.source}", path=str(args.source))
    material = _material(args.lesson, environ)
    output = args.output or Path(f"{UNFIT_IN_NAMES.sub('-', material.title)}-report.html")
    output.write_text(_written(material, args, environ), "utf-8")
    print(output)
    return 0


def _material(lesson: str, environ: Mapping[str, str]) -> Material:
    """Of a folder that is there, else of a lesson with this id."""
    if Path(lesson).is_dir():
        return read_tree(Path(lesson))
    try:
        lesson_id = UUID(lesson)
    except ValueError as exc:
        raise TreeUnreadable(lesson, path=lesson, reason="neither a folder nor a lesson's id") from exc
    store = open_store(settings_from(environ).storage_url)
    with opened_sessions(environ) as sessions, sessions.read.begin() as session:
        found = session.get(Lesson, lesson_id)
        if found is None or found.deleted_at:
            raise LessonMissing(f"no lesson {lesson_id}")
        return read_published(session, store, found.asset_id, title=found.title)


def _written(material: Material, args: argparse.Namespace, environ: Mapping[str, str]) -> str:
    language = args.language or terminal_language(environ)
    texts = load_texts()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with terminated_as_interrupted(), Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(material.title, total=1.0)
        return report(
            material,
            words=texts.about("report", language),
            plan_words=texts.about("plan", language),
            language=language,
            source=args.source,
            with_peers=args.peers,
            on_progress=lambda share: progress.update(task, completed=share),
        )
