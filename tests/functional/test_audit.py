"""The audit log on both databases: many writers, guards, plans of its queries, and what HTTP writes into it."""

import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from catalog import audit, audit_checking, audit_cutting, audit_who, deeds, lessons
from catalog.audit import AuditEntry
from catalog.audit_search import LogReach, Wanted, query, search
from cdn.stores import open_store
from streamsvc import migrating
from streamsvc.backups import make_backup
from streamsvc.restoring import restore_backup
from tests.functional.app_fixtures import PASSWORD, fetch, running_app  # noqa: F401
from tests.functional.audit_writer import write, written
from transcoder.database import open_sessions

pytestmark = pytest.mark.functional

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ROOT = audit_who.operator("root")


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path}/audit.db"


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def sessions(url):
    opened = open_sessions(url)
    migrating.migrate(opened.engine)
    yield opened
    opened.engine.dispose()


def checked(sessions):
    with sessions.read() as session:
        return audit_checking.check(session)


def test_threads_and_processes_keep_every_chain_unbroken(sessions, url):
    line = [sys.executable, "-m", "tests.functional.audit_writer", url, "40"]
    processes = [subprocess.Popen(line) for _ in range(3)]
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, sessions, 40) for _ in range(4)]:
            done.result()
    assert [process.wait(120) for process in processes] == [0, 0, 0]

    assert checked(sessions).entries == 7 * written(40)


@pytest.mark.parametrize(
    "statement",
    [update(AuditEntry).values(actor_login="x"), delete(AuditEntry), delete(AuditEntry).where(AuditEntry.chain == 0)],
    ids=["changed", "removed", "removed in part"],
)
def test_the_database_refuses_to_forget(sessions, statement):
    write(sessions, 10)

    with pytest.raises(DBAPIError, match="only grows"), sessions.write.begin() as session:
        session.execute(statement)

    assert checked(sessions).entries == written(10)


def test_postgresql_refuses_to_empty_the_table(postgres_url):
    sessions = open_sessions(postgres_url)
    migrating.migrate(sessions.engine)
    write(sessions, 3)

    with pytest.raises(DBAPIError, match="only grows"), sessions.write.begin() as session:
        session.execute(text("TRUNCATE catalog_audit_entry"))

    sessions.engine.dispose()


def test_what_a_seal_covers_may_go_and_nothing_else(sessions):
    with sessions.write.begin() as session:
        for days in (4000, 3000, 0):
            audit.note(session, deeds.PeopleListed(people=1), who=ROOT, now=NOW - timedelta(days=days))
    with sessions.write.begin() as session:
        audit_cutting.seal_older(session, 0, before=NOW - timedelta(days=365), who=ROOT, now=NOW)
    with sessions.write.begin() as session:
        assert audit_cutting.remove_sealed(session, 0) == 2

    with pytest.raises(DBAPIError, match="only grows"), sessions.write.begin() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.sequence == 3))

    found = checked(sessions)
    assert (found.entries, found.removed) == (2, 2)


def test_a_restored_log_goes_on(tmp_path, sqlite_url, postgres_url):
    """From one kind of database to the other: digests do not depend on how either writes a value."""
    old, new = open_sessions(sqlite_url), open_sessions(postgres_url)
    stores = [open_store(f"file://{tmp_path}/{name}") for name in ("old", "new")]
    for sessions in (old, new):
        migrating.migrate(sessions.engine)
    write(old, 10)
    with old.read() as session:
        kept = audit_checking.head(session)
    told = {"now": NOW, "on_total": lambda _: None, "on_bytes": lambda _: None}

    make_backup(tmp_path / "b", old.engine, stores[0], **told)
    restore_backup(tmp_path / "b", new.engine, stores[1], who=ROOT, **told)

    with new.write.begin() as session:
        assert audit_checking.check(session, kept=kept).entries == written(10) + 1
        last = session.scalars(select(AuditEntry).where(AuditEntry.action == "backup.restored")).one()
        assert json.loads(last.details)["rows"] == written(10)
    write(new, 10)
    assert checked(new).entries == 2 * written(10) + 1
    for sessions in (old, new):
        sessions.engine.dispose()


FILLED = {
    "postgresql": """
        INSERT INTO catalog_audit_entry
        SELECT 1, n, 1, TIMESTAMPTZ '2026-01-01' + n * INTERVAL '1 minute', md5((n % 9000)::text)::uuid, 'p',
               'kz/o' || n % 20 || '/d' || n % 200 || '/s' || n % 4000, 'sign_in.good', 'person',
               md5((n % 9000)::text)::uuid, '{}', '', '\\x00', '\\x00'
        FROM generate_series(1, 60000) AS n
    """,
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000)
        INSERT INTO catalog_audit_entry
        SELECT 1, n, 1, datetime('2026-01-01', n || ' minutes') || '.000000', printf('%032x', n % 9000), 'p',
               'kz/o' || (n % 20) || '/d' || (n % 200) || '/s' || (n % 4000), 'sign_in.good', 'person',
               printf('%032x', n % 9000), '{}', '', x'00', x'00'
        FROM numbers
    """,
}
DAY = {"since": datetime(2026, 1, 20, tzinfo=UTC), "until": datetime(2026, 1, 21, tzinfo=UTC)}
SEARCHES = {
    "a school": (LogReach(("kz/o7/d107/s1107",)), Wanted(), "unit_path_at"),
    "a school on a day": (LogReach(("kz/o7/d107/s1107",)), Wanted(**DAY), "_at"),
    "a district on a day": (LogReach(("kz/o7/d107",)), Wanted(**DAY), "_at"),
    "two districts": (LogReach(("kz/o7/d107", "kz/o8/d108")), Wanted(), "_at"),
    "the country": (LogReach(("kz",)), Wanted(), "_at"),
    "the country on a day": (LogReach(("kz",)), Wanted(**DAY), "_at"),
    "a person": (LogReach(everything=True), Wanted(person_id=UUID(int=77)), "_id_at"),
    "an action": (LogReach(everything=True), Wanted(action="log.sealed"), "action_at"),
}


@pytest.fixture
def large(sessions):
    name = sessions.engine.dialect.name
    with sessions.write.begin() as session:
        session.execute(text(FILLED[name]))
    with sessions.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE catalog_audit_entry")
    return sessions


def plan(sessions, asked):
    """How the database would answer, as text."""
    name = sessions.engine.dialect.name
    dialect, explain = (
        (postgresql.dialect(), "EXPLAIN") if name == "postgresql" else (sqlite.dialect(), "EXPLAIN QUERY PLAN")
    )
    statement = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    with sessions.read() as session:
        return "\n".join(str(row) for row in session.connection().exec_driver_sql(f"{explain} {statement}"))


@pytest.mark.parametrize("cursor", [False, True], ids=["first page", "later page"])
def test_searches_are_served_by_indexes(large, cursor):
    for name, (reach, wanted, index) in SEARCHES.items():
        page = query(reach, wanted, cursor=_cursor_of(large) if cursor else None).limit(51)
        said = plan(large, page)
        assert f"{index}" in said, (name, said)
        assert "Seq Scan" not in said, (name, said)
        assert not any("SCAN" in line and "INDEX" not in line for line in said.splitlines()), (name, said)


def _cursor_of(sessions):
    with sessions.read() as session:
        return search(session, LogReach(everything=True), Wanted(until=DAY["until"]), limit=1).next_cursor


def test_the_end_and_the_beginning_of_a_chain_are_found_by_its_key(large):
    ends = [
        select(AuditEntry.digest).where(AuditEntry.chain == 1).order_by(AuditEntry.sequence.desc()).limit(1),
        select(AuditEntry.digest)
        .where(AuditEntry.chain == 1, AuditEntry.sequence > 500)
        .order_by(AuditEntry.sequence)
        .limit(1000),
    ]
    for asked in ends:
        said = plan(large, asked)
        assert "pk_catalog_audit_entry" in said or "sqlite_autoindex_catalog_audit_entry_1" in said, said


CANARY = "Canary-7f3a"


def of_http(app):
    with app.sessions.read() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.chain, AuditEntry.sequence))
        return list(found)


def sign_in(app, login, password):
    body = json.dumps({"login": login, "password": password}).encode()
    return fetch(app.base_url, "POST", "/api/v1/tokens", body=body, headers={"Content-Type": "application/json"})


def test_signing_in_and_out_over_http(running_app):  # noqa: F811
    person = running_app.accounts["pupil"]
    issued = sign_in(running_app, "pupil", PASSWORD)
    assert issued.status == 201
    assert sign_in(running_app, "pupil", "wrong").status == 401
    token = {"Authorization": f"Bearer {issued.json()['token']}"}
    assert fetch(running_app.base_url, "DELETE", "/api/v1/tokens/current", headers=token).status == 204
    assert fetch(running_app.base_url, "DELETE", "/api/v1/tokens/current", headers=token).status == 401

    good, refused, out = of_http(running_app)
    assert [entry.action for entry in (good, refused, out)] == ["sign_in.good", "sign_in.refused", "sign_out"]
    assert {entry.subject_id for entry in (good, refused, out)} == {person.person_id}
    assert {entry.unit_path for entry in (good, refused, out)} == {person.unit_path}
    assert [entry.actor_login for entry in (good, refused, out)] == ["pupil", "", "pupil"]
    assert {entry.address for entry in (good, refused, out)} == {"127.0.0.0/24"}


def test_waiting_is_noted_once_over_http(running_app):  # noqa: F811
    statuses = [sign_in(running_app, "pupil", "wrong").status for _ in range(9)]

    assert statuses == [401] * 5 + [429] * 4
    assert [entry.action for entry in of_http(running_app)] == ["sign_in.refused"] * 5 + ["sign_in.throttled"]


def test_a_lesson_that_is_deleted_or_encoded_anew_is_noted(running_app):  # noqa: F811
    teacher = running_app.accounts["teacher"]
    with running_app.sessions.write.begin() as session:
        lesson = lessons.create(
            session,
            f"{CANARY} title",
            owner_id=teacher.person_id,
            unit_id=teacher.unit_id,
            unit_path=teacher.unit_path,
            asset_id=uuid4(),
            now=NOW,
        )
    path = f"/api/v1/lessons/{lesson.id}"
    assert running_app.request("DELETE", path, login="pupil").status == 403
    assert running_app.request("POST", f"{path}/reencode", login="teacher").status == 409
    assert of_http(running_app) == []

    assert running_app.request("DELETE", path, login="teacher").status == 204

    (entry,) = of_http(running_app)
    assert (entry.action, entry.subject_id, entry.actor_id) == ("lesson.deleted", lesson.id, teacher.person_id)
    assert (entry.unit_path, json.loads(entry.details)) == (teacher.unit_path, {"owner_id": str(teacher.person_id)})


def test_no_secret_enters_and_nothing_of_it_is_logged(running_app, caplog):  # noqa: F811
    caplog.set_level(logging.INFO)
    for login, password in ((CANARY, CANARY), ("pupil", CANARY), ("pupil", PASSWORD)):
        issued = sign_in(running_app, login, password)
    token = issued.json()["token"]
    headers = {"Authorization": f"Bearer {token}", "User-Agent": CANARY, "X-Request-Id": CANARY, "Referer": CANARY}
    assert fetch(running_app.base_url, "DELETE", f"/api/v1/tokens/current?{CANARY}", headers=headers).status == 204

    found = of_http(running_app)
    written_down = str([vars(entry) for entry in found]).lower()
    assert len(found) == 4
    assert not [secret for secret in (CANARY, PASSWORD, token, "argon2") if secret.lower() in written_down]
    logged = caplog.text + str([vars(record) for record in caplog.records])
    assert "streamsvc.access" in caplog.text
    assert not [entry.action for entry in found if entry.digest.hex() in logged or entry.action in logged]
    assert not [record.name for record in caplog.records if record.name.startswith("catalog")]


def test_a_refusal_that_cannot_be_written_is_no_refusal(running_app, monkeypatch):  # noqa: F811
    """
    Whoever guesses while the log cannot be written must not learn whether the guess was right.
    """
    with running_app.sessions.write.begin() as session:
        session.execute(text("ALTER TABLE catalog_audit_entry RENAME TO gone"))

    assert sign_in(running_app, "pupil", "wrong").status == 503
    assert sign_in(running_app, "pupil", PASSWORD).status == 503
