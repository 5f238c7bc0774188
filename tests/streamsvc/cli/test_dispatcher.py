"""One command for everything: it lists all, imports one, and says what went wrong in one line."""

import subprocess
import sys
from importlib import import_module

import pytest

from catalog.errors import PersonMissing
from streamsvc import cli
from streamsvc.cli import COMMANDS, explain, main, terminal_language
from streamsvc.errors import BadSetting


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_keeps_the_agreement(name, capsys):
    module = import_module(f"streamsvc.cli.{name}")

    assert name == module.NAME
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"], {})
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert f"usage: sabaq {name}" in shown
    assert f"sabaq {name}" in shown.split("options:")[-1], "help without an example"


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"], {})

    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in shown] == []


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["user"], ["user", "add"], ["serve", "--port", "x"]])
def test_bad_usage_is_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments, {})

    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_person_with_a_file_loads_no_server():
    """
    `sabaq transcode` needs no database, broker or store, so it does not even load them.
    """
    heavy = ["aiohttp", "sqlalchemy", "celery", "boto3", "alembic", "streamsvc.app"]
    program = (
        "import sys\n"
        "from streamsvc.cli import main\n"
        "try:\n    main(['transcode', '--help'], {})\n"
        "except SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "kk_KZ.UTF-8", "LC_ALL": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "kk_KZ", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_errors_speak_the_terminals_language(environ, language):
    assert terminal_language(environ) == language


def test_an_error_is_one_line_with_its_code():
    sentence = explain(PersonMissing("x", login="x"), {"LANG": "ru_RU.UTF-8"})

    assert sentence.endswith("[person_missing]")
    assert "\n" not in sentence


class Command:
    """A subcommand that ends with an error."""

    HELP, EXAMPLES = "x", "sabaq doctor"

    def __init__(self, error):
        self.error = error

    def add_arguments(self, parser):
        pass

    def run(self, args, environ):
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadSetting("x", name="SABAQ_X", reason="y"), 2),
        (PersonMissing("x", login="x"), 2),
        (import_module("cdn.errors").StoreUnavailable("x"), 1),
        (import_module("transcoder.errors").SourceEmpty("x"), 2),
        (import_module("transcoder.errors").EncodeFailed("x"), 1),
        (PermissionError(13, "Permission denied", "/srv/sabaq"), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: getattr(value, "code", str(value)),
)
def test_exit_tells_whose_fault_it_was(error, status, monkeypatch, capsys):
    """
    2: call differently. 1: our fault, or the world's.
    """
    monkeypatch.setattr(cli, "import_module", lambda _: Command(error))

    assert main(["doctor"], {"LANG": "en"}) == status
    assert "Traceback" not in capsys.readouterr().err


def test_a_mistake_of_ours_is_not_hidden(monkeypatch):
    monkeypatch.setattr(cli, "import_module", lambda _: Command(KeyError("ours")))

    with pytest.raises(KeyError):
        main(["doctor"], {})
