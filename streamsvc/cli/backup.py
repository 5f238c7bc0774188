"""`sabaq backup`: save the database and the store into a directory."""

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from catalog import audit, deeds
from cdn.stores import open_store
from streamsvc.backups import Backup, make_backup, unusable
from streamsvc.cli.account import operator
from streamsvc.cli.opened import opened_sessions
from streamsvc.cli.progress_bytes import bytes_progress
from streamsvc.settings import settings_from

NAME = "backup"
HELP = (
    "Save every row and every object into a directory, with their sha256. The service may run meanwhile. "
    "Secrets (SABAQ_SECRETS) are not included: keep a copy of them apart. "
    "Exit 1 when the store has lost or damaged objects; the backup then holds all the others."
)
EXAMPLES = """examples:
  sabaq backup /backups/2026-11-24
  SABAQ_DATABASE_URL=postgresql+psycopg://… SABAQ_STORAGE_URL=s3://… sabaq backup /backups/today"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="absent or empty; the backup goes there")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    try:
        backup = _backup(args.directory, environ)
    except OSError as exc:
        raise unusable(args.directory, str(exc)) from exc
    print(f"rows: {sum(backup.rows.values())}")
    print(f"objects: {backup.objects} ({backup.bytes} bytes)")
    if backup.deleted:
        print(f"deleted while the backup was made: {len(backup.deleted)} objects")
    for key in backup.lost:
        print(f"sabaq: the store has lost {key}", file=sys.stderr)
    for key in backup.damaged:
        print(f"sabaq: the store has damaged {key}", file=sys.stderr)
    return 1 if backup.lost or backup.damaged else 0


def _backup(directory: Path, environ: Mapping[str, str]) -> Backup:
    store = open_store(settings_from(environ).storage_url)
    with opened_sessions(environ) as sessions, bytes_progress("saving") as (on_total, on_bytes):
        now = datetime.now(UTC)
        # Before the first row leaves, so the backup itself holds the entry.
        with sessions.write.begin() as session:
            audit.note(session, deeds.BackupBegun(), who=operator(), now=now)
        return make_backup(directory, sessions.engine, store, now=now, on_total=on_total, on_bytes=on_bytes)
