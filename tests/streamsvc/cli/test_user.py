"""`sabaq migrate` and `sabaq user` on a real database."""

import io
import json
from datetime import UTC, datetime

import pytest

from catalog.errors import TokenRefused
from catalog.tokens import person_by_token
from streamsvc.cli import main
from transcoder.database import open_sessions


@pytest.fixture
def environ(tmp_path):
    return {"SABAQ_VAR": str(tmp_path / "var"), "LANG": "en_US.UTF-8"}


@pytest.fixture
def migrated(environ):
    assert main(["migrate"], environ) == 0
    return environ


@pytest.fixture
def typed(monkeypatch):
    """Put text on standard input, as a pipe would."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


UNIT = ["--unit", "kz/almaty/bostandyk/s25", "--create-unit"]


def test_migrate_says_what_it_did(environ, capsys):
    assert main(["migrate", "--check"], environ) == 1
    assert main(["migrate"], environ) == 0
    assert main(["migrate"], environ) == 0
    assert main(["migrate", "--check"], environ) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("(was: empty)")
    assert lines[1].endswith("(nothing to do)")
    assert lines[2] == "schema: current"


def test_an_old_schema_names_the_command_to_run(environ, capsys):
    assert main(["user", "list"], environ) == 1

    assert "sabaq migrate" in capsys.readouterr().err


def test_a_service_refuses_an_old_schema(environ, capsys):
    assert main(["serve"], environ) == 1

    assert "sabaq migrate" in capsys.readouterr().err


def test_a_person_is_added_listed_and_given_a_token(migrated, typed, capsys):
    typed("a long password\n")
    assert main(["user", "add", "aigerim", "--name", "Айгерім", "--role", "teacher", *UNIT], migrated) == 0
    assert main(["user", "list", "--json"], migrated) == 0
    assert main(["user", "token", "aigerim", "--days", "0.5"], migrated) == 0
    assert main(["user", "list"], migrated) == 0

    added, listed, token, plain = capsys.readouterr().out.splitlines()
    assert added == "aigerim: teacher at kz/almaty/bostandyk/s25"
    (person,) = json.loads(listed)
    assert (person["login"], person["role"], person["name"]) == ("aigerim", "teacher", "Айгерім")
    assert token.startswith("sabaq_")
    assert plain.startswith("aigerim  teacher")


def test_a_password_can_be_drawn(migrated, capsys):
    assert main(["user", "add", "daniyar", "--name", "D", "--role", "pupil", *UNIT, "--generate"], migrated) == 0
    assert main(["user", "password", "daniyar", "--generate"], migrated) == 0

    drawn = [line for line in capsys.readouterr().out.splitlines() if line.startswith("password: ")]
    assert len(set(drawn)) == 2
    assert all(len(line) >= len("password: ") + 16 for line in drawn)


def test_a_person_is_let_in_no_more(migrated, capsys):
    main(["user", "add", "daniyar", "--name", "D", "--role", "pupil", *UNIT, "--generate"], migrated)
    main(["user", "token", "daniyar"], migrated)
    token = capsys.readouterr().out.splitlines()[-1]

    assert main(["user", "disable", "daniyar"], migrated) == 0
    with open_sessions(f"sqlite:///{migrated['SABAQ_VAR']}/sabaq.db").read() as session, pytest.raises(TokenRefused):
        person_by_token(session, token, now=datetime.now(UTC))
    assert main(["user", "enable", "daniyar"], migrated) == 0


@pytest.mark.parametrize(
    ("arguments", "text", "code"),
    [
        (["user", "add", "x", "--name", "X", "--role", "pupil", *UNIT], "short\n", "bad_person"),
        (["user", "add", "x", "--name", "X", "--role", "pupil", *UNIT], "", "bad_person"),
        (["user", "add", "X Y", "--name", "X", "--role", "pupil", *UNIT], "long enough\n", "bad_person"),
        (["user", "add", "x", "--name", "X", "--role", "pupil", "--unit", "kz"], "long enough\n", "unit_missing"),
        (
            ["user", "add", "x", "--name", "X", "--role", "pupil", "--unit", "KZ/!", "--create-unit"],
            "long enough\n",
            "bad_unit",
        ),
        (["user", "password", "nobody"], "long enough\n", "person_missing"),
        (["user", "token", "nobody"], "", "person_missing"),
        (["user", "token", "nobody", "--days", "0"], "", "bad_person"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(migrated, typed, capsys, arguments, text, code):
    typed(text)

    assert main(arguments, migrated) == 2

    assert capsys.readouterr().err.strip().endswith(f"[{code}]")


def test_a_login_is_given_once(migrated, typed, capsys):
    for expected in (0, 2):
        typed("a long password\n")
        arguments = ["user", "add", "aigerim", "--name", "A", "--role", "teacher", *UNIT]
        assert main(arguments, migrated) == expected

    assert "[person_exists]" in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_one_sentence(environ, capsys):
    url = "postgresql+psycopg://sabaq@127.0.0.1:1/sabaq"

    assert main(["user", "list"], {**environ, "SABAQ_DATABASE_URL": url}) == 1

    error = capsys.readouterr().err
    assert "[database_unavailable]" in error
    assert len(error.splitlines()) == 1
