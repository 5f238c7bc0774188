"""A backup brings back everything after database and store were destroyed, also into another kind of both."""

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update

from catalog.audit_who import operator
from catalog.organizations import Unit
from cdn.layout import SEGMENT_TYPE, content_type, made
from cdn.stores import open_store
from streamsvc import migrating
from streamsvc.backups import all_tables, make_backup, read_backup
from streamsvc.cli import main
from streamsvc.errors import BackupUnusable, TargetNotEmpty
from streamsvc.portable_tables import row_count
from streamsvc.restoring import restore_backup
from streamsvc.uploads.tables import UploadPart
from tests.functional import app_states
from tests.functional.app_fixtures import create_schema, fetch, kill_server, run_server, start_server
from tests.functional.rows import fill
from transcoder.database import open_sessions
from transcoder.tables import MediaObject, PartRow

pytestmark = pytest.mark.functional

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ONE_UNIT = {"id": uuid4(), "kind": "ministry", "name": "ҚР", "path": "kz", "created_at": NOW}


def nothing(_bytes):
    return None


NOTED = {"who": operator("root"), "now": NOW, "on_total": nothing, "on_bytes": nothing}


def prepared(database_url):
    """An empty database with the current schema."""
    sessions = open_sessions(database_url)
    for metadata in migrating.collect_tables():
        metadata.create_all(sessions.engine)
    if migrating.newest_revision() is not None:
        migrating.stamp(sessions.engine)
    return sessions


def contents(sessions):
    with sessions.read() as session:
        return {
            table.name: session.execute(select(table).order_by(*table.primary_key.columns)).all()
            for table in all_tables()
        }


def without_log_of_restore(rows):
    """What a restore brings, without the entry that it adds to the audit log: the only one of chain 0 there."""
    (added,) = [row for row in rows["catalog_audit_entry"] if row.chain == 0]
    assert (added.action, added.actor_login) == ("backup.restored", "os:root")
    return rows | {"catalog_audit_entry": [row for row in rows["catalog_audit_entry"] if row.chain != 0]}


def checksums(store):
    return {item.key: hashlib.sha256(store.read(item.key)).hexdigest() for item in store.list("")}


@pytest.fixture
def sqlite(tmp_path):
    sessions = prepared(f"sqlite:///{tmp_path}/sabaq.db")
    yield sessions
    sessions.engine.dispose()


@pytest.fixture
def postgres(postgres_url):
    sessions = prepared(postgres_url)
    yield sessions
    sessions.engine.dispose()


@pytest.fixture
def directory_store(tmp_path):
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def s3_store(seaweed):
    return open_store(seaweed())


def populate(sessions, store):
    """One row or more in every table, objects that rows name, and one that no row names."""
    with sessions.write.begin() as session:
        keys = fill(session)
        for number, key in enumerate(keys):
            body = os.urandom(1000 * number)
            store.put(key, body, content_type=content_type(key))
            for model in (MediaObject, PartRow, UploadPart):
                session.execute(update(model).where(model.key == key).values(sha256=hashlib.sha256(body).hexdigest()))
    store.put("media/unnamed/object.m4s", b"unnamed", content_type=SEGMENT_TYPE)


@pytest.mark.parametrize(
    ("origin", "target"),
    [
        (("sqlite", "directory_store"), ("postgres", "s3_store")),
        (("postgres", "s3_store"), ("sqlite", "directory_store")),
    ],
)
def test_everything_comes_back_in_another_kind_of_database_and_store(request, tmp_path, origin, target):
    old_sessions, old_store = (request.getfixturevalue(name) for name in origin)
    new_sessions, new_store = (request.getfixturevalue(name) for name in target)
    populate(old_sessions, old_store)
    assert all(contents(old_sessions).values()), "a table without a row proves nothing"

    written = make_backup(
        tmp_path / "backup", old_sessions.engine, old_store, now=NOW, on_total=nothing, on_bytes=nothing
    )
    restored = restore_backup(tmp_path / "backup", new_sessions.engine, new_store, **NOTED)

    assert restored == written
    assert (written.deleted, written.lost, written.damaged) == ((), (), ())
    assert without_log_of_restore(contents(new_sessions)) == contents(old_sessions)
    assert checksums(new_store) == checksums(old_store)


@pytest.fixture
def backup(sqlite, directory_store, tmp_path):
    populate(sqlite, directory_store)
    make_backup(tmp_path / "backup", sqlite.engine, directory_store, now=NOW, on_total=nothing, on_bytes=nothing)
    return tmp_path / "backup"


@pytest.fixture
def target(tmp_path):
    sessions = prepared(f"sqlite:///{tmp_path}/target.db")
    yield sessions.engine, open_store(f"file://{tmp_path}/target-store")
    sessions.engine.dispose()


def restore(backup, target):
    return restore_backup(backup, *target, **NOTED)


def is_empty(target):
    engine, store = target
    with engine.connect() as connection:
        return not any(row_count(connection, table) for table in all_tables()) and not list(store.list(""))


def some_object(backup):
    return next(path for path in (backup / "objects").rglob("*.m4s") if path.stat().st_size)


def flip(path):
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


DAMAGE = {
    "one bit of an object": lambda backup: flip(some_object(backup)),
    "an object is gone": lambda backup: some_object(backup).unlink(),
    "an object is cut": lambda backup: os.truncate(some_object(backup), 1),
    "one bit of the rows": lambda backup: flip(backup / "database" / "media_object.jsonl"),
    "rows are gone": lambda backup: (backup / "database" / "catalog_unit.jsonl").unlink(),
    "the list is cut": lambda backup: os.truncate(backup / "objects.jsonl", 10),
    "it was never finished": lambda backup: (backup / "backup.json").unlink(),
    "it is no JSON": lambda backup: (backup / "backup.json").write_text("{"),
    "another format": lambda backup: change(backup, format=2),
    "another schema": lambda backup: change(backup, schema="0000"),
    "a key that leads out": lambda backup: lead_out(backup),
}


def change(backup, **values):
    found = json.loads((backup / "backup.json").read_text())
    (backup / "backup.json").write_text(json.dumps({**found, **values}))


def lead_out(backup):
    """A backup is a file from somewhere: its list may name anything."""
    (backup.parent / "secret").write_bytes(b"secret")
    line = {"key": "../../secret", "bytes": 6, "sha256": hashlib.sha256(b"secret").hexdigest()}
    (backup / "objects.jsonl").write_text(json.dumps(line) + "\n")
    digest = hashlib.sha256((backup / "objects.jsonl").read_bytes()).hexdigest()
    found = json.loads((backup / "backup.json").read_text())
    change(backup, objects=1, lists_sha256={**found["lists_sha256"], "objects.jsonl": digest})


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_backup_is_refused_before_anything_is_written(backup, target, what):
    DAMAGE[what](backup)

    with pytest.raises(BackupUnusable):
        restore(backup, target)

    assert is_empty(target)


def test_a_database_with_rows_is_not_touched(backup, target):
    engine, store = target
    with engine.begin() as connection:
        connection.execute(insert(Unit.__table__).values(**ONE_UNIT))

    with pytest.raises(TargetNotEmpty):
        restore(backup, target)

    assert list(store.list("")) == []


def test_a_store_in_use_is_not_touched(backup, target):
    target[1].put("media/mine", b"mine", content_type=SEGMENT_TYPE)

    with pytest.raises(TargetNotEmpty):
        restore(backup, target)

    assert [item.key for item in target[1].list("")] == ["media/mine"]


def test_a_restore_that_broke_off_is_started_again(backup, target, directory_store):
    half = [item.key for item in directory_store.list("")][:2]
    for key in half:
        target[1].put(key, directory_store.read(key), content_type=SEGMENT_TYPE)

    restore(backup, target)

    assert checksums(target[1]) == checksums(directory_store)


def test_another_object_under_a_key_of_the_backup_is_not_overwritten(backup, target, directory_store):
    key = next(directory_store.list("")).key
    target[1].put(key, b"mine", content_type=SEGMENT_TYPE)

    with pytest.raises(TargetNotEmpty):
        restore(backup, target)

    assert target[1].read(key) == b"mine"


def test_a_backup_goes_into_an_empty_directory_only(backup, sqlite, directory_store):
    before = (backup / "backup.json").read_bytes()

    with pytest.raises(TargetNotEmpty):
        make_backup(backup, sqlite.engine, directory_store, now=NOW, on_total=nothing, on_bytes=nothing)

    assert (backup / "backup.json").read_bytes() == before


def test_a_backup_is_for_its_owner_alone(backup):
    assert backup.stat().st_mode & 0o077 == 0


def test_what_was_deleted_meanwhile_is_told_apart_from_what_the_store_has_lost(sqlite, directory_store, tmp_path):
    populate(sqlite, directory_store)
    with sqlite.read() as session:
        deleted, lost = session.execute(select(MediaObject.job_id, MediaObject.key).limit(2)).all()
    directory_store.delete([deleted.key, lost.key])

    def delete_row(_total):
        with sqlite.write.begin() as session:
            session.execute(delete(MediaObject).where(MediaObject.key == deleted.key))

    written = make_backup(
        tmp_path / "b", sqlite.engine, directory_store, now=NOW, on_total=delete_row, on_bytes=nothing
    )

    assert (written.deleted, written.lost) == ((deleted.key,), (lost.key,))
    assert read_backup(tmp_path / "b") == written


def test_writers_are_not_held_up_and_not_mixed_in(sqlite, directory_store, tmp_path):
    """The rows are one state of the database, although somebody commits while they are read."""
    populate(sqlite, directory_store)

    def write_meanwhile(_total):
        with sqlite.write.begin() as session:
            session.execute(insert(Unit.__table__).values(**ONE_UNIT))

    before = contents(sqlite)
    written = make_backup(
        tmp_path / "b", sqlite.engine, directory_store, now=NOW, on_total=write_meanwhile, on_bytes=nothing
    )

    assert written.rows == {name: len(rows) for name, rows in before.items()}
    assert len(contents(sqlite)["catalog_unit"]) == len(before["catalog_unit"]) + 1


def test_the_command_line_after_both_were_destroyed(tmp_path, capsys, monkeypatch):
    environ = {"SABAQ_VAR": str(tmp_path / "var"), "LANG": "en_US.UTF-8"}
    sessions = prepared(f"sqlite:///{make(tmp_path / 'var')}/sabaq.db")
    store = open_store(f"file://{tmp_path}/var/store")
    populate(sessions, store)
    sums = checksums(store)

    assert main(["backup", str(tmp_path / "b")], environ) == 0
    rows = contents(sessions)
    sessions.engine.dispose()
    shutil.rmtree(tmp_path / "var")
    prepared(f"sqlite:///{make(tmp_path / 'var')}/sabaq.db").engine.dispose()
    assert main(["restore", "--check", str(tmp_path / "b")], environ) == 0
    assert main(["restore", str(tmp_path / "b")], environ) == 0

    again = open_sessions(f"sqlite:///{tmp_path}/var/sabaq.db")
    restored = contents(again)
    assert {name: len(found) for name, found in restored.items() if found != rows[name]} == {
        "catalog_audit_entry": len(rows["catalog_audit_entry"]) + 1
    }
    assert checksums(store) == sums
    again.engine.dispose()
    assert f"objects: {len(sums)} " in capsys.readouterr().out
    assert main(["restore", str(tmp_path / "b")], environ) == 2
    assert "not empty" in capsys.readouterr().err

    key = rows["media_object"][0].key
    store.delete([key])
    other = rows["media_object"][1].key
    store.put(other, b"rotten", content_type=SEGMENT_TYPE)
    assert main(["backup", str(tmp_path / "c")], environ) == 1
    said = capsys.readouterr().err
    assert f"the store has lost {key}" in said
    assert f"the store has damaged {other}" in said
    assert main(["backup", str(tmp_path / "c" / "backup.json" / "d")], environ) == 2
    assert "Not a directory" in capsys.readouterr().err


def test_a_lesson_plays_again_after_both_were_destroyed(tmp_path):
    """Service, database, store and secrets of before are gone; people sign in with the tokens they had."""
    with run_server(tmp_path / "var") as served:
        lesson_id = app_states.make_lesson(served, state="ready")
        asset_id = app_states.asset_of(served, lesson_id)
        store = open_store(served.settings.storage_url)
        key = made(asset_id, app_states.PLAN.digest, "a64", "0.m4s")
        body = os.urandom(32_000)
        store.put(key, body, content_type=SEGMENT_TYPE)
        # Of the other objects there are rows only, so the store seems to have lost them.
        assert main(["backup", str(tmp_path / "b")], served.environ) == 1

        kill_server(served)
        served.sessions.engine.dispose()
        shutil.rmtree(tmp_path / "var")
        (tmp_path / "var").mkdir()
        if migrating.newest_revision() is None:
            create_schema(served.settings.database_url)
        assert main(["restore", str(tmp_path / "b")], served.environ) == 0
        start_server(served)

        watching = served.request("POST", f"/api/v1/lessons/{lesson_id}/playback-sessions", login="pupil").json()
        segment = watching["url"].rsplit("/", 2)[0] + f"/{app_states.PLAN.digest}/a64/0.m4s"
        assert fetch(served.base_url, "GET", segment).body == body


def make(folder):
    folder.mkdir(parents=True)
    return folder
