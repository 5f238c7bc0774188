"""
How many deeds a second the audit log takes, and how fast it is checked.

    python -m benchmarks.audit [--seconds 3] [--rounds 5] [--writers 12] [--json]

Each writer does what the end of a sign-in does (a token is issued and noted), again and again, as a person of another
school each time, on PostgreSQL and on SQLite, both with commits that wait for the disk. `plain` is the same without
the note; `one unit` lets all writers be of one school, whose deeds stand in one chain. The three take turns, round by
round, so that what else the machine does meets all of them; the median counts, the least and most are told. Goal: 200
a second on PostgreSQL. Passwords are not compared: that costs a hundred times as much, and no database.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from catalog import audit, audit_checking, audit_who, deeds, organizations, people, tokens
from catalog.audit import AuditEntry
from streamsvc import migrating
from streamsvc.services import utc_now
from tests.functional import servers
from transcoder.database import Sessions, open_sessions

GOAL_PER_S = 200
SCHOOLS = 64
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rates:
    """Transactions a second, of each round."""

    plain: list[float]
    noted: list[float]
    one_unit: list[float]


@dataclass(frozen=True, slots=True)
class Found:
    """Of one engine."""

    engine: str
    writers: int
    rates: Rates
    checked: float
    """Entries a second."""
    bytes_per_entry: float
    """With its indexes; 0 where it was not measured."""
    load: float
    """Of the last minute, at the end: above the number of cores, others had their share of the machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--writers", type=int, default=12, help="at most 15, which is what our pool gives out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found = []
    for engine, opened in (("postgresql", _postgresql), ("sqlite", _sqlite)):
        with opened() as url:
            found.append(measure(engine, url, options))
    report(found, as_json=options.json)
    return 0 if median(found[0].rates.noted) >= GOAL_PER_S else 1


@contextmanager
def _postgresql() -> Iterator[str]:
    with servers.postgres(durable=True) as server:
        yield server.url(server.make_database())


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="sabaq-audit-") as name:
        yield f"sqlite:///{Path(name)}/sabaq.db"


def measure(engine: str, url: str, options: argparse.Namespace) -> Found:
    sessions = open_sessions(url)
    migrating.migrate(sessions.engine)
    with sessions.write.begin() as session:
        pupils = [_pupil(session, number) for number in range(SCHOOLS)]

    works = {
        "plain": lambda session, turn: _sign_in(session, pupils[turn % SCHOOLS], noted=False),
        "noted": lambda session, turn: _sign_in(session, pupils[turn % SCHOOLS], noted=True),
        "one_unit": lambda session, turn: _sign_in(session, pupils[0], noted=True),
    }
    rates: dict[str, list[float]] = {name: [] for name in works}
    try:
        for _ in range(options.rounds):
            for name, work in works.items():
                rates[name].append(per_second(sessions, work, writers=options.writers, seconds=options.seconds))
        size, load = _entry_bytes(sessions), os.getloadavg()[0]
        return Found(engine, options.writers, Rates(**rates), _checked(sessions), size, load)
    finally:
        sessions.engine.dispose()


def _pupil(session: Session, number: int) -> people.PersonView:
    now = utc_now()
    unit = organizations.ensure_unit(session, f"kz/almaty/bostandyk/s{number}", now=now)
    values = {"display_name": "Pupil", "role": "pupil", "unit": unit, "password_hash": "", "now": now}
    return people.view(people.create_person(session, f"pupil{number}", **values), unit)


def _sign_in(session: Session, pupil: people.PersonView, *, noted: bool) -> None:
    now = utc_now()
    tokens.issue(session, pupil.id, lifetime=WEEK, now=now)
    if noted:
        who = audit_who.person(pupil.id, pupil.login, address="192.0.2.7")
        audit.note(session, deeds.SignedIn(subject_id=pupil.id, unit_path=pupil.unit_path), who=who, now=now)


def per_second(sessions: Sessions, work: Callable[[Session, int], None], *, writers: int, seconds: float) -> float:
    """How many transactions of `work` commit in a second, of so many threads at once."""
    counts = [0] * writers
    until = time.monotonic() + seconds

    def write(number: int) -> None:
        while time.monotonic() < until:
            with sessions.write.begin() as session:
                work(session, number + writers * counts[number])
            counts[number] += 1

    began = time.monotonic()
    with ThreadPoolExecutor(writers) as pool:
        # A writer that fails fails the measurement: the others would be counted without it.
        for done in [pool.submit(write, number) for number in range(writers)]:
            done.result()
    return sum(counts) / (time.monotonic() - began)


def _checked(sessions: Sessions) -> float:
    with sessions.read() as session:
        began = time.monotonic()
        return audit_checking.check(session).entries / (time.monotonic() - began)


def _entry_bytes(sessions: Sessions) -> float:
    if sessions.engine.dialect.name != "postgresql":
        return 0.0
    with sessions.read() as session:
        size = session.scalar(text("SELECT pg_total_relation_size('catalog_audit_entry')"))
        return float(size or 0) / (session.scalar(select(func.count()).select_from(AuditEntry)) or 1)


def report(found: Sequence[Found], *, as_json: bool) -> None:
    if as_json:
        json.dump([asdict(one) for one in found], sys.stdout, indent=2)
        return
    for one in found:
        print(f"{one.engine}, {one.writers} writers, load {one.load:.1f} on {os.cpu_count()} cores; a second:")
        for name, rates in asdict(one.rates).items():
            print(f"  {name:<8} {median(rates):5.0f}  ({min(rates):.0f} to {max(rates):.0f})")
        print(f"  checked  {one.checked:5.0f}")
        if one.bytes_per_entry:
            print(f"  {one.bytes_per_entry:.0f} bytes for each entry, with indexes")
    noted = median(found[0].rates.noted)
    print(f"{noted:.0f}/s on {found[0].engine} (goal {GOAL_PER_S}): {'holds' if noted >= GOAL_PER_S else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main())
