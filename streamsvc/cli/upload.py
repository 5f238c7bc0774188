"""`sabaq upload`: a file on this machine becomes a lesson on a service, over any line."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from streamsvc.cli import terminal_language
from streamsvc.errors import BadRequest
from streamsvc.uploads.client import upload_file

NAME = "upload"
HELP = (
    "Upload a video or sound file as a lesson. When the line breaks it goes on by itself; when it was stopped, "
    "the same command goes on where it was."
)
EXAMPLES = """examples:
  sabaq upload lesson.mp4 --url https://sabaq.example --token-file token.txt
  sabaq upload lesson.mp4 --url http://127.0.0.1:8080 --token sabaq_… --title "Fractions, part 2"

prints the lesson's id. `sabaq user token LOGIN` makes a token."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the lesson's file")
    parser.add_argument("--url", required=True, help="the service's address, such as https://sabaq.example")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--token", help="a teacher's token; other people on this machine could see it")
    given.add_argument("--token-file", type=Path, metavar="TOKEN_FILE", help="a file that holds the token")
    parser.add_argument("--title", help="the lesson's title (the file's name when absent)")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    path: Path = args.file
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with progress:
        task = progress.add_task(path.name, total=None)
        lesson_id = upload_file(
            path,
            api=_api(args.url),
            token=args.token or _token(args.token_file),
            title=args.title or path.stem,
            on_progress=lambda sent, length: _show(progress, task, sent, length),
            memory=memory_file(environ),
            language=terminal_language(environ),
        )
    print(lesson_id)
    return 0


def memory_file(environ: Mapping[str, str]) -> Path:
    """Where unfinished uploads are kept between two runs (XDG Base Directory)."""
    home = Path(environ.get("HOME") or Path.home())
    state = environ.get("XDG_STATE_HOME") or home / ".local" / "state"
    return Path(state) / "sabaq" / "uploads.json"


def _show(progress: Progress, task: TaskID, sent: int, length: int) -> None:
    progress.update(task, completed=sent, total=length)


def _api(url: str) -> str:
    return url.rstrip("/").removesuffix("/api/v1") + "/api/v1"


def _token(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise BadRequest(f"{path}: {exc}", reason=f"--token-file {path}") from exc
