"""`sabaq migrate`: bring the database to this version's schema."""

import argparse
from collections.abc import Mapping

from streamsvc import migrating
from streamsvc.cli.opened import opened_sessions

NAME = "migrate"
HELP = "Bring the database to the schema that this version wants, in one transaction. Safe to repeat."
EXAMPLES = """examples:
  sabaq migrate            apply what is missing
  sabaq migrate --check    only say whether something is missing (exit 1)"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the schema is not current")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    with opened_sessions(environ, any_schema=True) as sessions:
        if args.check:
            migrating.require_current_schema(sessions.engine)
            print("schema: current")
            return 0
        before, after = migrating.migrate(sessions.engine)
    print(f"schema: {after}" + (" (nothing to do)" if before == after else f" (was: {before or 'empty'})"))
    return 0
