"""`sabaq audit`: who did what, and whether the log of it is whole."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from catalog import audit, audit_checking, audit_cutting, deeds, people
from catalog.audit import AuditEntry
from catalog.audit_search import LogReach, Wanted, entry_json, exported, query
from catalog.deed_details import is_word
from streamsvc.backups import snapshot
from streamsvc.cli.account import operator
from streamsvc.cli.opened import opened_sessions
from streamsvc.errors import BadRequest
from streamsvc.settings import settings_from
from streamsvc.trace.events import parse_time
from transcoder.database import Sessions

NAME = "audit"
HELP = "The audit log: check it, read it, take it away, cut what is too old."
EXAMPLES = """examples:
  sabaq audit verify                                  exit 1 at the first entry that is not as it was written
  sabaq audit head                                    one line to keep elsewhere, every day
  sabaq audit verify --head 12.0.55.7.1.3.9.20:9f86…  is all there that was there on that day?
  sabaq audit list --since 2026-11-24T00:00:00Z --person daniyar
  sabaq audit list --action sign_in.refused --unit kz/almaty --json
  sabaq audit export > audit.jsonl
  sabaq audit cut --dry-run                           what is older than SABAQ_AUDIT_YEARS

docs/audit.md says what each action means."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verifying = actions.add_parser("verify", help="make every digest again and compare")
    verifying.add_argument("--head", metavar="LINE", help="what `sabaq audit head` printed at some time")
    actions.add_parser("head", help="print the ends of the chains, to be kept elsewhere")
    listing = actions.add_parser("list", help="entries, new ones first")
    _since(listing)
    listing.add_argument("--action", dest="deed", choices=deeds.ACTIONS, metavar="ACTION", help="such as sign_in.good")
    listing.add_argument("--person", metavar="LOGIN", help="done by or to this person")
    listing.add_argument("--unit", metavar="PATH", help="of this unit and all below it")
    listing.add_argument("--limit", type=int, default=100, help="at most so many (default: 100)")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    exporting = actions.add_parser("export", help="every entry as a JSON line, chain after chain")
    _since(exporting)
    cutting = actions.add_parser("cut", help="remove what is older than SABAQ_AUDIT_YEARS, under a seal")
    cutting.add_argument("--dry-run", action="store_true", help="only say how many would go")


def _since(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="TIME", help="at or after this RFC 3339 time")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    actions: dict[str, Callable[[Sessions, argparse.Namespace], None]] = {
        "verify": _verify,
        "head": _head,
        "list": _list,
        "export": _export,
        "cut": _cut,
    }
    args.years = settings_from(environ).audit_years
    with opened_sessions(environ) as sessions:
        try:
            actions[args.action](sessions, args)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader has seen enough (`| head`); without this, Python would complain while closing stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


@contextmanager
def _snapshot(sessions: Sessions) -> Iterator[Session]:
    """One state of the log, whatever is appended or cut meanwhile."""
    with snapshot(sessions.engine) as connection, Session(connection) as session:
        yield session


def _verify(sessions: Sessions, args: argparse.Namespace) -> None:
    kept = audit_checking.parse_head(args.head) if args.head else None
    with _snapshot(sessions) as session:
        found = audit_checking.check(session, kept=kept)
    print(f"whole: {found.entries} entries, chains: {found.chains}")
    if found.removed:
        print(f"cut under seals: {found.removed} older entries")
    if kept is None:
        print("whether all of it is still there, only a head that was kept can tell: --head", file=sys.stderr)


def _head(sessions: Sessions, _args: argparse.Namespace) -> None:
    with _snapshot(sessions) as session:
        print(audit_checking.head(session))


def _list(sessions: Sessions, args: argparse.Namespace) -> None:
    since = _time(args.since)
    if args.limit < 1:
        raise BadRequest(f"--limit {args.limit}", reason="--limit: 1 or more")
    if args.unit and not is_word(args.unit):
        raise BadRequest(f"--unit {args.unit!r} is no path", reason="--unit: such as kz/almaty")
    with sessions.write.begin() as session:
        person_id = people.person_by_login(session, args.person).id if args.person else None
        wanted = Wanted(since=since, action=args.deed, person_id=person_id, unit_path=args.unit)
        found = session.scalars(query(LogReach(everything=True), wanted).limit(args.limit)).all()
        deed = deeds.AuditListed(subject_id=person_id, unit_path=args.unit or "", entries=len(found))
        audit.note(session, deed, who=operator(), now=datetime.now(UTC))
    for entry in found:
        print(_json_line(entry) if args.json else _line(entry))


def _line(entry: AuditEntry) -> str:
    who = " ".join(part for part in (entry.actor_login or "-", entry.address) if part)
    subject = f"{entry.subject_kind} {entry.subject_id}" if entry.subject_id else entry.subject_kind
    details = " ".join(f"{name}={value}" for name, value in json.loads(entry.details).items() if value is not None)
    parts = (f"{entry.chain}.{entry.sequence}", entry.at.isoformat(timespec="seconds"), entry.action, who, subject)
    return "  ".join(part for part in (*parts, entry.unit_path, details) if part)


def _json_line(entry: AuditEntry) -> str:
    return json.dumps(entry_json(entry), ensure_ascii=False, separators=(",", ":"))


def _export(sessions: Sessions, args: argparse.Namespace) -> None:
    since = _time(args.since)
    # Before the first line leaves, and in it.
    with sessions.write.begin() as session:
        audit.note(session, deeds.AuditExported(since=since), who=operator(), now=datetime.now(UTC))
    with _snapshot(sessions) as session:
        for entry in exported(session, since=since):
            sys.stdout.write(_json_line(entry) + "\n")


def _cut(sessions: Sessions, args: argparse.Namespace) -> None:
    if args.years == 0:
        print("nothing is ever too old: SABAQ_AUDIT_YEARS is 0")
        return
    now = datetime.now(UTC)
    before = years_before(now, args.years)
    with sessions.read() as session:
        found = audit_checking.chains(session)
        if args.dry_run:
            print(f"entries before {before.date()}: {sum(audit_cutting.too_old(session, n, before) for n in found)}")
            return
    print(f"entries removed: {sum(_cut_chain(sessions, chain, before, now) for chain in found)}")


def _cut_chain(sessions: Sessions, chain: int, before: datetime, now: datetime) -> int:
    with sessions.write.begin() as session:
        audit_cutting.seal_older(session, chain, before=before, who=operator(), now=now)
    removed = 0
    while True:
        with sessions.write.begin() as session:
            portion = audit_cutting.remove_sealed(session, chain)
        if not portion:
            return removed
        removed += portion


def years_before(now: datetime, years: int) -> datetime:
    """The same day so many years ago; the 28th for the 29th of a February."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def _time(text: str | None) -> datetime | None:
    found = parse_time(text) if text else None
    if text and found is None:
        raise BadRequest(f"--since {text!r} is no RFC 3339 time", reason="--since: 2026-11-24T00:00:00Z")
    return found
