"""`sabaq restore`: bring a backup into an empty database and an empty store."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cdn.stores import open_store
from streamsvc import migrating
from streamsvc.backups import read_backup
from streamsvc.cli.account import operator
from streamsvc.cli.opened import opened_sessions
from streamsvc.cli.progress_bytes import bytes_progress
from streamsvc.restoring import restore_backup, verify
from streamsvc.settings import settings_from

NAME = "restore"
HELP = (
    "Verify a backup and bring it into an empty database and an empty store, of whatever kind. "
    "Stop the service and the workers first."
)
EXAMPLES = """examples:
  sabaq restore --check /backups/2026-11-24      only read everything and compare
  sabaq restore /backups/2026-11-24"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="what `sabaq backup` has written")
    parser.add_argument("--check", action="store_true", help="verify the backup and change nothing")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    if args.check:
        return _check(args.directory)
    store = open_store(settings_from(environ).storage_url)
    store.check()
    with opened_sessions(environ, any_schema=True) as sessions:
        read_backup(args.directory)
        migrating.migrate(sessions.engine)
        with bytes_progress("restoring") as (on_total, on_bytes):
            backup = restore_backup(
                args.directory,
                sessions.engine,
                store,
                who=operator(),
                now=datetime.now(UTC),
                on_total=on_total,
                on_bytes=on_bytes,
            )
    print(f"rows: {sum(backup.rows.values())}")
    print(f"objects: {backup.objects} ({backup.bytes} bytes)")
    return 0


def _check(directory: Path) -> int:
    backup = read_backup(directory)
    with bytes_progress("verifying") as (on_total, on_bytes):
        on_total(backup.bytes)
        verify(directory, backup, on_bytes=on_bytes)
    print(f"the backup of {backup.made_at} is whole: {backup.objects} objects ({backup.bytes} bytes)")
    return 0
