"""`sabaq trace export`: the digital trace as JSON lines of xAPI statements."""

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from catalog import audit, deeds
from streamsvc.cli.account import operator
from streamsvc.errors import BadRequest
from streamsvc.migrating import require_current_schema
from streamsvc.settings import settings_from
from streamsvc.trace.events import parse_time
from streamsvc.trace.export import export
from transcoder.database import open_sessions

NAME = "trace"
HELP = "export viewing statements (xAPI 1.0.3, Video Profile) as JSON lines, oldest first"
EXAMPLES = """examples:
  sabaq trace export > trace.jsonl
  sabaq trace export --since 2026-11-24T00:00:00Z     stored since then, also what was watched earlier
  sabaq trace export --lesson 0b5c… | ralph validate -f xapi"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    exporting = actions.add_parser("export", help="print statements, one a line")
    exporting.add_argument("--since", metavar="TIME", help="stored at or after this RFC 3339 time")
    exporting.add_argument("--lesson", type=UUID, metavar="ID", help="of one lesson")
    exporting.add_argument("--session", type=UUID, metavar="ID", help="of one playback session")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    since = parse_time(args.since) if args.since else None
    if args.since and since is None:
        raise BadRequest(f"--since {args.since!r} is no RFC 3339 time", reason="--since: 2026-11-24T00:00:00Z")
    sessions = open_sessions(settings_from(environ).database_url)
    try:
        require_current_schema(sessions.engine)
        # Before the first line leaves: an export that breaks off has left all the same.
        with sessions.write.begin() as session:
            deed = deeds.TraceExported(since=since, lesson_id=args.lesson, session_id=args.session)
            audit.note(session, deed, who=operator(), now=datetime.now(UTC))
        with sessions.read.begin() as session:
            for line in export(session, since=since, lesson_id=args.lesson, session_id=args.session):
                sys.stdout.write(line + "\n")
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`| head`); without this, Python would complain while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        sessions.engine.dispose()
    return 0
