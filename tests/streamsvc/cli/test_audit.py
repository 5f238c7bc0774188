"""`sabaq audit` on a real database, and what other commands write into the log."""

import json
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from catalog import audit, audit_who, deeds
from catalog.audit import AuditEntry
from streamsvc.cli import main
from streamsvc.cli.account import operator
from streamsvc.cli.audit import years_before
from transcoder.database import open_sessions

UNIT = "kz/almaty/bostandyk/s25"
GUARDS = {
    "changed": "UPDATE catalog_audit_entry SET actor_login = 'x'",
    "removed": "DELETE FROM catalog_audit_entry",
    "replaced": "INSERT OR REPLACE INTO catalog_audit_entry SELECT * FROM catalog_audit_entry",
}


@pytest.fixture
def environ(tmp_path, capsys):
    given = {"SABAQ_VAR": str(tmp_path / "var"), "LANG": "en_US.UTF-8"}
    assert main(["migrate"], given) == 0
    capsys.readouterr()
    return given


@pytest.fixture
def sessions(environ):
    opened = open_sessions(f"sqlite:///{environ['SABAQ_VAR']}/sabaq.db")
    yield opened
    opened.engine.dispose()


@pytest.fixture
def said(environ, capsys):
    """Run a command; its exit code, what it printed, what it complained."""

    def run(*arguments, **more):
        code = main([*arguments], {**environ, **more})
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def busy(said):
    """A log of five entries, of two people."""
    for login in ("aigerim", "daniyar"):
        added = ["--name", "N", "--role", "teacher", "--unit", UNIT, "--create-unit", "--generate"]
        assert said("user", "add", login, *added)[0] == 0
    for action in ("disable", "enable"):
        assert said("user", action, "daniyar")[0] == 0
    assert said("user", "token", "aigerim")[0] == 0
    return said


def entries(sessions):
    with sessions.read() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.sequence)))


def tamper(environ, statement):
    """As somebody does who may change the tables, triggers and all."""
    connection = sqlite3.connect(f"{environ['SABAQ_VAR']}/sabaq.db")
    for trigger in ("update", "delete", "replace"):
        connection.execute(f"DROP TRIGGER catalog_audit_entry_no_{trigger}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_every_deed_of_the_commands_is_written_with_who_did_it(busy, sessions, environ, tmp_path):
    busy("user", "password", "aigerim", "--generate")
    busy("user", "list")
    busy("trace", "export", "--since", "2026-11-24T00:00:00Z")
    busy("backup", str(tmp_path / "b"))

    found = entries(sessions)
    assert [entry.action for entry in found] == [
        "person.added",
        "person.added",
        "person.disabled",
        "person.enabled",
        "token.issued",
        "person.password_set",
        "people.listed",
        "trace.exported",
        "backup.begun",
    ]
    assert {entry.actor_login for entry in found} == {operator().login}
    assert [entry.unit_path for entry in found] == [UNIT] * 6 + [""] * 3
    assert json.loads(found[5].details) == {"sessions": 1}


def test_a_command_that_fails_leaves_no_entry(busy, sessions):
    before = len(entries(sessions))

    assert busy("user", "add", "aigerim", "--name", "N", "--role", "pupil", "--unit", UNIT, "--generate")[0] == 2
    assert busy("user", "disable", "nobody")[0] == 2

    assert len(entries(sessions)) == before


def test_secrets_of_the_commands_stay_out(said, sessions, monkeypatch):
    drawn = []
    monkeypatch.setattr("secrets.token_urlsafe", lambda size=32: drawn.append("Canary" + "x" * size) or drawn[-1])
    added = ["--name", "Canary Name", "--role", "teacher", "--unit", UNIT, "--create-unit", "--generate"]

    said("user", "add", "aigerim", *added)
    said("user", "password", "aigerim", "--generate")
    said("user", "token", "aigerim")

    assert len(drawn) == 3
    text = str([vars(entry) for entry in entries(sessions)])
    assert "Canary" not in text
    assert "argon2" not in text


@pytest.mark.parametrize("how", GUARDS)
def test_the_database_refuses_to_forget(busy, environ, how):
    connection = sqlite3.connect(f"{environ['SABAQ_VAR']}/sabaq.db")

    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(GUARDS[how])

    connection.close()
    assert busy("audit", "verify")[1] == "whole: 5 entries, chains: 1\n"


def test_verify_says_what_is_wrong_and_fails(busy, environ):
    tamper(environ, "UPDATE catalog_audit_entry SET actor_login = 'x' WHERE sequence = 3")

    code, out, err = busy("audit", "verify")

    assert (code, out) == (1, "")
    assert re.search(r"entry \d\.3: its content and its digest", err)


def test_a_head_that_was_kept_is_looked_for(busy, environ):
    head = busy("audit", "head")[1].strip()
    assert busy("audit", "verify", "--head", head)[0] == 0

    tamper(environ, "DELETE FROM catalog_audit_entry WHERE sequence = 5")

    assert busy("audit", "verify")[0] == 0
    code, _, err = busy("audit", "verify", "--head", head)
    assert code == 1
    assert "audit_head_lost" in err
    assert busy("audit", "verify", "--head", "nonsense")[0] == 2


def test_entries_are_listed_new_ones_first(busy):
    code, out, _ = busy("audit", "list")

    actions = [line.split("  ")[2] for line in out.splitlines()]
    assert code == 0
    assert actions == ["token.issued", "person.enabled", "person.disabled", "person.added", "person.added"]
    assert UNIT in out


def test_entries_are_looked_for(busy):
    def actions(*arguments):
        return [json.loads(line)["action"] for line in busy("audit", "list", "--json", *arguments)[1].splitlines()]

    assert actions("--person", "daniyar") == ["person.enabled", "person.disabled", "person.added"]
    assert actions("--action", "person.added") == ["person.added"] * 2
    assert actions("--unit", "kz/astana") == []
    assert len(actions("--unit", "kz/almaty")) == 5
    assert actions("--since", "2100-01-01T00:00:00Z") == []
    assert actions("--limit", "1") == ["audit.listed"]


@pytest.mark.parametrize(
    "arguments",
    [["--since", "yesterday"], ["--person", "nobody"], ["--unit", "My Unit"], ["--limit", "0"]],
)
def test_what_cannot_be_looked_for_is_an_error(busy, arguments):
    assert busy("audit", "list", *arguments)[0] == 2


def test_reading_the_log_is_written_too(busy, sessions):
    busy("audit", "list", "--person", "daniyar")
    busy("audit", "export")

    listed, exported = entries(sessions)[-2:]
    assert (listed.action, listed.details, listed.subject_id is not None) == ("audit.listed", '{"entries":3}', True)
    assert exported.action == "audit.exported"


def test_an_export_can_be_verified_without_us(busy):
    """
    By the program in `docs/audit.md`, which finds a change too.
    """
    manual = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()
    program = manual.split("```python\n")[1].split("```")[0]
    exported = busy("audit", "export")[1]

    def run(lines):
        line = [sys.executable, "-c", program]
        return subprocess.run(line, input=lines, text=True, capture_output=True, check=False).returncode

    assert len(exported.splitlines()) == 6
    assert run(exported) == 0
    assert run(exported.replace("token.issued", "token.forgot")) == 1
    assert run("".join(exported.splitlines(keepends=True)[:2] + exported.splitlines(keepends=True)[3:])) == 1


@pytest.fixture
def aged(busy, sessions):
    with sessions.write.begin() as session:
        for days in (3000, 2999):
            at = datetime.now(UTC) - timedelta(days=days)
            audit.note(session, deeds.PeopleListed(people=1), who=audit_who.operator("root"), now=at)
    return busy


def test_nothing_is_cut_unless_somebody_says_so(aged, sessions):
    code, out, _ = aged("audit", "cut")

    assert (code, len(entries(sessions))) == (0, 7)
    assert "SABAQ_AUDIT_YEARS is 0" in out


def test_what_is_too_old_is_cut_under_a_seal(aged, sessions):
    aged("user", "list")
    assert re.search(r": 2$", aged("audit", "cut", "--dry-run", SABAQ_AUDIT_YEARS="5")[1])
    assert len(entries(sessions)) == 8

    assert aged("audit", "cut", SABAQ_AUDIT_YEARS="5")[1] == "entries removed: 2\n"

    assert [entry.action for entry in entries(sessions)][-2:] == ["people.listed", "log.sealed"]
    code, out, _ = aged("audit", "verify")
    assert (code, "cut under seals: 2 older entries" in out) == (0, True)


def test_a_seal_lets_go_of_nothing_that_it_does_not_cover(aged, environ):
    aged("user", "list")
    aged("audit", "cut", SABAQ_AUDIT_YEARS="5")
    connection = sqlite3.connect(f"{environ['SABAQ_VAR']}/sabaq.db")

    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute("DELETE FROM catalog_audit_entry WHERE chain = 0")

    connection.close()


def test_years_end_on_the_same_day():
    assert years_before(datetime(2028, 2, 29, tzinfo=UTC), 5) == datetime(2023, 2, 28, tzinfo=UTC)
    assert years_before(datetime(2026, 11, 24, tzinfo=UTC), 5) == datetime(2021, 11, 24, tzinfo=UTC)
