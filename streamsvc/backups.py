"""
A backup is a directory: every row as JSON lines, every object as a file, and a list of what must be there.

    backup.json            format, schema, counts; written last, so without it a backup is not one
    database/{table}.jsonl
    objects.jsonl          key, bytes and sha256 of every object
    objects/{key}

It may be made while the service runs. The rows are read in one snapshot, and before the objects: whatever a row of
the snapshot names was in the store by then. It is portable between SQLite and PostgreSQL, and between any two stores.
Secrets are not in it: keep a copy of the secrets' directory apart.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, Table, select

from cdn.errors import ObjectMissing
from cdn.layout import is_key
from cdn.storage import ObjectInfo, ObjectStore
from streamsvc.errors import BackupUnusable, TargetNotEmpty
from streamsvc.migrating import collect_tables, current_revision
from streamsvc.portable_tables import write_table

FORMAT = 1
THREADS = 8
SUMMARY = "backup.json"
OBJECTS = "objects.jsonl"
_TABLES_WITH_KEYS = ("media_object", "source_part", "upload_part")

T = TypeVar("T")
R = TypeVar("R")
OnBytes = Callable[[int], None]
"""Told of every piece of work, in bytes, for a progress display; from several threads."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One object of a backup."""

    key: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """What `backup.json` says."""

    made_at: str
    schema: str | None
    rows: Mapping[str, int]
    objects: int
    bytes: int
    lists_sha256: Mapping[str, str] = field(default_factory=dict)
    """Of every `.jsonl` file."""
    deleted: tuple[str, ...] = ()
    """Keys that a saved row names, of objects that were deleted with their rows while the backup was made."""
    lost: tuple[str, ...] = ()
    """Keys that rows go on naming although the store has no such object: something is broken there."""
    damaged: tuple[str, ...] = ()
    """Keys whose object has another sha256 than its row says; saved as they are."""
    format: int = FORMAT


def make_backup(
    directory: Path, engine: Engine, store: ObjectStore, *, now: datetime, on_total: OnBytes, on_bytes: OnBytes
) -> Backup:
    """Write a backup. Raises TargetNotEmpty; StoreUnavailable and full disks leave a directory that is no backup."""
    if directory.exists() and any(directory.iterdir()):
        raise TargetNotEmpty(f"{directory} is not empty", path=str(directory), reason="the directory is not empty")
    # It holds who watched what, and the hashes of passwords.
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    (directory / "database").mkdir(exist_ok=True)
    with snapshot(engine) as connection:
        schema = current_revision(connection)
        rows = {table.name: _write(connection, table, directory) for table in all_tables()}
        named = _named_keys(connection)
    found = [item for item in store.list("") if is_key(item.key)]  # Others share the bucket; nobody of ours put them.
    on_total(sum(item.size for item in found))

    def save(item: ObjectInfo) -> Stored | None:
        stored = _save(directory, store, item)
        on_bytes(item.size)
        return stored

    stored = [item for item in in_parallel(save, found) if item is not None]
    with (directory / OBJECTS).open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(asdict(item)) + "\n" for item in stored)
    missing = named.keys() - {item.key for item in stored}
    lost = missing & _still_named(engine).keys() if missing else missing
    backup = Backup(
        made_at=now.isoformat(),
        schema=schema,
        rows=rows,
        objects=len(stored),
        bytes=sum(item.bytes for item in stored),
        lists_sha256={name: file_sha256(directory / name) for name in lists(rows)},
        deleted=tuple(sorted(missing - lost)),
        lost=tuple(sorted(lost)),
        damaged=tuple(item.key for item in stored if named.get(item.key, item.sha256) != item.sha256),
    )
    _write_last(directory, backup)
    return backup


def read_backup(directory: Path) -> Backup:
    """What a backup says of itself. Raises BackupUnusable when it is none, unfinished, or another program's."""
    try:
        values = json.loads((directory / SUMMARY).read_text("utf-8"))
        keys = {name: tuple(values[name]) for name in ("deleted", "lost", "damaged")}
        backup = Backup(**{**values, **keys})
    except FileNotFoundError as exc:
        raise unusable(directory, f"{SUMMARY} is missing: it is no backup, or one that was never finished") from exc
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise unusable(directory, f"{SUMMARY} cannot be read: {exc}") from exc
    if backup.format != FORMAT:
        raise unusable(directory, f"its format is {backup.format}, this version reads {FORMAT}")
    return backup


def unusable(directory: Path, reason: str) -> BackupUnusable:
    return BackupUnusable(f"{directory}: {reason}", path=str(directory), reason=reason)


def all_tables() -> list[Table]:
    """Of all packages, each after those that it refers to."""
    return [table for metadata in collect_tables() for table in metadata.sorted_tables]


def list_of(table: str) -> str:
    return f"database/{table}.jsonl"


def lists(tables: Iterable[str]) -> list[str]:
    return [*(list_of(table) for table in tables), OBJECTS]


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_parallel(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results in order. The first error ends it; no more than a few thousand items wait at a time."""
    rest = iter(items)
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(rest, 100 * THREADS)):
            yield from pool.map(function, some)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One state of the whole database, whatever is committed meanwhile; on SQLite without holding up writers."""
    options = (
        {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {"sqlite_begin": "DEFERRED"}
    )
    with engine.execution_options(**options).connect() as connection, connection.begin():
        yield connection


def _write(connection: Connection, table: Table, directory: Path) -> int:
    with (directory / list_of(table.name)).open("x", encoding="utf-8") as out:
        return write_table(connection, table, out)


def _named_keys(connection: Connection) -> dict[str, str]:
    """Every key that a row names, with the sha256 of that row."""
    named: dict[str, str] = {}
    for table in all_tables():
        if table.name in _TABLES_WITH_KEYS:
            columns = (table.columns["key"], table.columns["sha256"])
            named.update((row.key, row.sha256) for row in connection.execute(select(*columns)))
    return named


def _still_named(engine: Engine) -> dict[str, str]:
    with snapshot(engine) as connection:
        return _named_keys(connection)


def _save(directory: Path, store: ObjectStore, item: ObjectInfo) -> Stored | None:
    """None when it was deleted since it was listed."""
    path = directory / "objects" / item.key
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as file:
            for piece in store.stream(item.key):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
    except ObjectMissing:
        path.unlink()
        return None
    return Stored(item.key, size, digest.hexdigest())


def _write_last(directory: Path, backup: Backup) -> None:
    """Everything reaches the disk before the file that says that everything is there."""
    os.sync()
    draft = directory / f"{SUMMARY}.new"
    with draft.open("x", encoding="utf-8") as file:
        json.dump(asdict(backup), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(directory / SUMMARY)
