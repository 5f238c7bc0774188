"""Brings a backup back. See `streamsvc.backups` for what it is made of."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from catalog import audit, deeds
from catalog.audit_who import Who
from cdn.errors import BadKey, ObjectExists
from cdn.layout import checked, content_type
from cdn.storage import ObjectStore
from streamsvc.backups import (
    OBJECTS,
    Backup,
    OnBytes,
    Stored,
    all_tables,
    file_sha256,
    in_parallel,
    list_of,
    lists,
    read_backup,
    unusable,
)
from streamsvc.errors import TargetNotEmpty
from streamsvc.migrating import newest_revision
from streamsvc.portable_tables import read_table, row_count


def verify(directory: Path, backup: Backup, *, on_bytes: OnBytes) -> list[Stored]:
    """Read every byte of a backup and return its objects. Raises BackupUnusable at the first that is not as listed."""
    for name in lists(backup.rows):
        if _sha256_or_none(directory / name) != backup.lists_sha256.get(name):
            raise unusable(directory, f"{name} is damaged")
    stored = list(_listed(directory))
    if len(stored) != backup.objects:
        raise unusable(directory, "objects.jsonl is damaged")

    def check(item: Stored) -> None:
        if _sha256_or_none(directory / "objects" / item.key) != item.sha256:
            raise unusable(directory, f"objects/{item.key} is damaged or missing")
        on_bytes(item.bytes)

    list(in_parallel(check, stored))
    return stored


def restore_backup(
    directory: Path,
    engine: Engine,
    store: ObjectStore,
    *,
    who: Who,
    now: datetime,
    on_total: OnBytes,
    on_bytes: OnBytes,
) -> Backup:
    """
    Bring a backup into an empty database, whose schema is current, and an empty store.

    Everything is verified before anything is written, objects come before rows, and the rows in one transaction. A
    restore that was broken off can be started again: objects that are there already are compared and kept. The audit
    log goes on with an entry about it. Raises BackupUnusable, TargetNotEmpty.
    """
    backup = read_backup(directory)
    if backup.schema != newest_revision():
        reason = (
            f"its schema is {backup.schema}, this version's is {newest_revision()}: restore with the version it is of"
        )
        raise unusable(directory, reason)
    _require_empty(engine)
    on_total(2 * backup.bytes)
    stored = verify(directory, backup, on_bytes=on_bytes)
    _require_known(store, {item.key for item in stored})
    list(in_parallel(lambda item: on_bytes(_bring(directory, store, item)), stored))
    with engine.begin() as connection:
        for table in all_tables():
            with (directory / list_of(table.name)).open(encoding="utf-8") as lines:
                if read_table(connection, table, lines) != backup.rows.get(table.name):
                    raise unusable(directory, f"{list_of(table.name)} is not complete")
        _note(connection, backup, who=who, now=now)
    return backup


def _note(connection: Connection, backup: Backup, *, who: Who, now: datetime) -> None:
    made_at, rows = datetime.fromisoformat(backup.made_at), sum(backup.rows.values())
    with Session(connection) as session, session.begin():
        deed = deeds.BackupRestored(made_at=made_at, rows=rows, objects=backup.objects)
        audit.note(session, deed, who=who, now=now)


def _listed(directory: Path) -> Iterator[Stored]:
    with (directory / OBJECTS).open(encoding="utf-8") as lines:
        for line in lines:
            try:
                stored = Stored(**json.loads(line))
                checked(stored.key)  # A list from elsewhere must not name files outside.
            except (ValueError, TypeError, BadKey) as exc:
                raise unusable(directory, f"{OBJECTS} is damaged: {exc}") from exc
            yield stored


def _sha256_or_none(path: Path) -> str | None:
    try:
        return file_sha256(path)
    except OSError:
        return None


def _require_empty(engine: Engine) -> None:
    with engine.connect() as connection:
        for table in all_tables():
            if row_count(connection, table):
                reason = f"the database has rows in {table.name}"
                raise TargetNotEmpty(reason, path="SABAQ_DATABASE_URL", reason=reason)


def _require_known(store: ObjectStore, keys: set[str]) -> None:
    """A restore that broke off has left objects of this very backup; any other means that the store is in use."""
    for found in store.list(""):
        if found.key not in keys:
            reason = f"the store holds {found.key}"
            raise TargetNotEmpty(reason, path="SABAQ_STORAGE_URL", reason=reason)


def _bring(directory: Path, store: ObjectStore, item: Stored) -> int:
    try:
        store.put_file(item.key, directory / "objects" / item.key, content_type=content_type(item.key), if_absent=True)
    except ObjectExists as exc:
        if hashlib.sha256(store.read(item.key)).hexdigest() != item.sha256:
            reason = f"the store holds another {item.key}"
            raise TargetNotEmpty(reason, path="SABAQ_STORAGE_URL", reason=reason) from exc
    return item.bytes
