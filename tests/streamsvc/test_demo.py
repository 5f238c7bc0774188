"""What the demo decides and shows, without starting anything."""

import io
import socket
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from streamsvc.demo import accounts, display, state, tree
from streamsvc.demo.display import Display
from streamsvc.demo.starting import check_port
from streamsvc.demo.state import DemoAccount, DemoLesson, DemoState
from streamsvc.errors import BadSetting, PortTaken
from streamsvc.instance import claim
from streamsvc.migrating import migrate
from transcoder.database import open_sessions

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def sessions(tmp_path):
    opened = open_sessions(f"sqlite:///{tmp_path}/sabaq.db")
    migrate(opened.engine)
    yield opened
    opened.engine.dispose()


def test_drafting_twice_changes_nothing():
    drafted = accounts.drafted(DemoState())

    assert accounts.drafted(drafted) == drafted
    assert [account.role for account in drafted.accounts] == ["teacher", "pupil", "curator"]
    assert len({account.password for account in drafted.accounts}) == 3


def test_people_are_made_once_and_good_tokens_stay(sessions):
    first = accounts.ensure(sessions, accounts.drafted(DemoState()), now=NOW)

    assert accounts.ensure(sessions, first, now=NOW + timedelta(days=1)) == first
    assert all(account.expires_at - NOW == timedelta(days=7) for account in first.accounts)


def test_a_token_with_less_than_a_day_is_renewed(sessions):
    first = accounts.ensure(sessions, accounts.drafted(DemoState()), now=NOW)

    later = accounts.ensure(sessions, first, now=NOW + timedelta(days=6))

    assert all(a.token != b.token for a, b in zip(first.accounts, later.accounts, strict=True))
    assert [a.password for a in first.accounts] == [b.password for b in later.accounts]


def test_accounts_survive_the_loss_of_the_database(sessions):
    remembered = DemoState(
        key="key",
        accounts=(DemoAccount("teacher", "demo-teacher", "password-of-old", "sabaq_old", NOW + timedelta(days=5)),),
    )

    made = accounts.ensure(sessions, accounts.drafted(remembered), now=NOW)

    assert made.account("teacher").password == "password-of-old"
    assert made.account("teacher").token != "sabaq_old"


def test_the_state_comes_back_and_only_its_owner_may_read_it(tmp_path):
    saved = accounts.drafted(DemoState()).with_lesson(DemoLesson("abc", "1"))

    state.save(tmp_path / "secrets", saved)

    assert state.load(tmp_path / "secrets") == saved
    assert stat.S_IMODE((tmp_path / "secrets" / "demo.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_a_file_that_is_not_ours_is_named(tmp_path):
    (tmp_path / "demo.json").write_text("[]")

    with pytest.raises(BadSetting, match=r"demo\.json"):
        state.load(tmp_path)


def test_the_lesson_that_was_asked_for_last_comes_last():
    known = DemoState().with_lesson(DemoLesson("a", "1")).with_lesson(DemoLesson("b", "2"))

    assert known.with_lesson(DemoLesson("a", "1")).lessons == (DemoLesson("b", "2"), DemoLesson("a", "1"))
    assert known.without_lesson("2").lessons == (DemoLesson("a", "1"),)
    assert known.lesson_of("b") == DemoLesson("b", "2")
    assert known.lesson_of("c") is None


def embedded(tmp_path, **settings: str):
    return tree.embedded_tree(settings, environment={"PATH": "/bin"}, var=tmp_path, url="http://127.0.0.1:1")


def test_the_store_comes_first_and_the_others_are_told_where_it_is(tmp_path):
    made = embedded(tmp_path)

    assert [child.name for child in made.children] == ["store", "worker", "service"]
    assert made.settings["SABAQ_STORAGE_URL"].startswith("s3://")
    assert all(
        child.environment["SABAQ_STORAGE_URL"] == made.settings["SABAQ_STORAGE_URL"] for child in made.children[1:]
    )


def test_the_stores_account_outlives_a_start(tmp_path):
    account = [embedded(tmp_path).settings["SABAQ_STORAGE_URL"].split("@")[0] for _ in range(2)]

    assert account[0] == account[1]


def test_another_store_is_left_to_whoever_runs_it(tmp_path):
    made = embedded(tmp_path, SABAQ_STORAGE_URL="file:///elsewhere")

    assert [child.name for child in made.children] == ["worker", "service"]
    assert made.settings["SABAQ_STORAGE_URL"] == "file:///elsewhere"


def test_without_seaweedfs_plain_files_take_over_with_a_notice(tmp_path, monkeypatch):
    monkeypatch.setattr(tree.embedded_store, "seaweed_binary", lambda: None)

    made = embedded(tmp_path)

    assert [child.name for child in made.children] == ["worker", "service"]
    assert "SABAQ_STORAGE_URL" not in made.settings
    assert "plain files" in made.notice


def test_settings_are_left_for_other_commands_while_the_tree_runs(tmp_path):
    given = {"SABAQ_VAR": str(tmp_path), "SABAQ_STORAGE_URL": "s3://a:it's@h/b?x=1&y=2"}
    tree.write_environment(tmp_path, given)

    assert tree.settings_of_running(tmp_path) == {}
    with claim(tmp_path):
        assert tree.settings_of_running(tmp_path) == given
    sourced = subprocess.run(
        ["/bin/sh", "-c", f". {tmp_path}/secrets/environment; printf %s \"$SABAQ_STORAGE_URL\""],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sourced.stdout == given["SABAQ_STORAGE_URL"]


def test_a_taken_port_comes_with_a_free_one():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken) as refused:
            check_port("127.0.0.1", port)

    assert refused.value.params["port"] == port
    check_port("127.0.0.1", refused.value.params["other"])


def test_a_log_gets_few_lines():
    said = io.StringIO()
    shown = Display(Console(file=said, width=200))

    with shown:
        for percent in range(101):
            shown.show("Uploading", percent / 100, f"{percent} MB")
        shown.show("Uploading", 1.0, "again")

    assert said.getvalue().splitlines() == [
        "Uploading                      0 % 0 MB",
        "Uploading                    100 % 100 MB",
    ]


def test_a_rendition_is_as_far_as_its_bytes_at_its_own_rate():
    growing = {"state": "encoding", "average_bps": 80_000, "bytes": 100_000}

    assert display.rendition_fraction(growing, duration_s=40.0) == 0.25
    assert display.rendition_fraction({**growing, "state": "ready"}, duration_s=40.0) == 1.0
    assert display.rendition_fraction({**growing, "average_bps": None}, duration_s=40.0) == 0.0
    assert display.rendition_fraction(growing, duration_s=None) == 0.0


def test_notes_tell_how_much_and_how_long():
    assert display.transfer_note(1_000_000, 9_000_000, per_s=100_000) == "1.0 MB of 9.0 MB, 0.1 MB/s, 1 min 20 s left"
    assert display.transfer_note(9_000_000, 9_000_000, per_s=100_000) == "9.0 MB of 9.0 MB, 0.1 MB/s"
    assert display.encoding_note({"seconds_left": 12.4}) == "12 s left"
    assert display.encoding_note({"seconds_left": None}) == ""
    note = display.rendition_note({"codec": "avc1.64001e", "average_bps": 85_400, "bytes": 1_250_000})
    assert note == "avc1.64001e, 85 kbit/s, 1.2 MB"


def recipe(*arguments: str) -> str:
    made = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return made.stdout.splitlines()[-1]


def test_make_hands_over_what_was_asked_for():
    assert recipe("demo").endswith('-m streamsvc.cli demo --var "./var" --port "8080"  ')
    asked = recipe("demo", "LESSON=/tmp/a b.mp4", "PORT=9000", "VAR=/srv/x", "DETACH=1")
    assert asked.endswith('demo --var "/srv/x" --port "9000" --lesson "/tmp/a b.mp4" --detach')
    assert "--detach" not in recipe("demo", "DETACH=0")
    assert '--var "/srv/x" --stop' in recipe("demo-stop", "VAR=/srv/x")
