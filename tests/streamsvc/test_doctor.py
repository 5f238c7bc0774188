"""What the doctor judges, and what it finds on systems that are broken in one place."""

import json
import socket

import pytest
from sqlalchemy import text

from streamsvc.checkup import checks, findings
from streamsvc.checkup.findings import Finding
from streamsvc.cli import main
from streamsvc.migrating import migrate
from streamsvc.settings import settings_from
from transcoder.database import open_sessions


@pytest.fixture
def settings(tmp_path):
    """Makes settings of a system below `tmp_path`, with more `SABAQ_…` names where wanted."""

    def make(**more: str):
        return settings_from({"SABAQ_VAR": str(tmp_path / "var"), **{f"SABAQ_{name}": more[name] for name in more}})

    return make


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    ("version", "verdict"), [((3, 10, 9), "problem"), ((3, 11, 0), "ok"), ((3, 14, 2), "ok"), ((3, 15, 0), "problem")]
)
def test_python(version, verdict):
    assert findings.python_finding(version).verdict == verdict


@pytest.mark.parametrize(("free", "verdict"), [(10, "problem"), (11, "warning"), (20, "warning"), (21, "ok")])
def test_disk_at_its_reserve(free, verdict):
    assert findings.disk_finding("/var", free_bytes=free, reserve_bytes=10).verdict == verdict


def test_secrets_that_others_may_read_are_a_problem_and_the_command_is_named():
    found = findings.secrets_finding("/s", modes={".": 0o700, "media_signing.key": 0o644})

    assert found == Finding("secrets", "problem", "others may read media_signing.key in /s", "chmod -R go= /s")


@pytest.mark.parametrize(
    ("difference_s", "verdict", "word"),
    [(5.0, "ok", "agrees"), (-90.0, "warning", "90 s behind"), (31.0, "warning", "31 s ahead")],
)
def test_a_clock_that_differs(difference_s, verdict, word):
    found = findings.clock_finding(difference_s, other="store's clock")

    assert found.verdict == verdict
    assert word in found.says


@pytest.mark.parametrize(
    ("is_ours", "is_free", "verdict"), [(True, False, "ok"), (False, True, "ok"), (False, False, "problem")]
)
def test_a_port_is_ours_or_free_or_taken(is_ours, is_free, verdict):
    assert findings.port_finding("127.0.0.1:8080", is_ours=is_ours, is_free=is_free).verdict == verdict


def test_a_warning_is_no_reason_to_stop():
    assert findings.good([Finding("a", "ok", ""), Finding("b", "warning", "")])
    assert not findings.good([Finding("a", "ok", ""), Finding("b", "problem", "")])


def test_a_directory_store_is_tried_out_and_left_clean(settings, tmp_path):
    found = checks.check_storage(settings())

    assert found.verdict == "ok"
    assert [path for path in (tmp_path / "var" / "store").rglob("*") if path.is_file()] == []


def test_a_store_that_does_not_answer_is_named_without_its_password(settings):
    url = f"s3://KEY:SECRET@127.0.0.1:{free_port()}/sabaq?tls=0&timeout_s=1"

    found = checks.check_storage(settings(STORAGE_URL=url))

    assert found.verdict == "problem"
    assert "SECRET" not in found.says + found.mend
    assert "SABAQ_STORAGE_URL" in found.mend


def test_a_database_that_is_not_there_yet(settings):
    found = checks.check_database(settings())

    assert (found.verdict, found.mend) == ("warning", "sabaq migrate makes it")


def test_a_database_of_another_schema_is_told_how_to_mend_it(settings, tmp_path):
    (tmp_path / "var").mkdir()
    with_schema = settings()
    sessions = open_sessions(with_schema.database_url)
    migrate(sessions.engine)
    with sessions.engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('from_the_future')"))
    sessions.engine.dispose()

    found = checks.check_database(with_schema)

    assert (found.verdict, found.mend) == ("problem", "sabaq migrate")


def test_a_database_server_that_is_down(settings):
    url = f"postgresql+psycopg://sabaq:geheim@127.0.0.1:{free_port()}/sabaq"

    found = checks.check_database(settings(DATABASE_URL=url))

    assert found.verdict == "problem"
    assert "geheim" not in found.says


def test_a_broker_that_is_down(settings):
    found = checks.check_broker(settings(BROKER_URL=f"amqp://guest:geheim@127.0.0.1:{free_port()}//"))

    assert found.verdict == "problem"
    assert "geheim" not in found.says
    assert "uploads are accepted and wait" in found.says


def test_a_folder_as_broker(settings):
    assert checks.check_broker(settings()).verdict == "ok"


def test_a_port_that_another_program_has(settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = checks.check_port(settings(PORT=str(other.getsockname()[1])))

    assert found.verdict == "problem"
    assert "PORT=" in found.mend


def test_modes_of_real_files(settings, tmp_path):
    folder = tmp_path / "var" / "secrets"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "media_signing.key").touch(mode=0o640)

    assert checks.check_secrets(settings()).says.startswith("others may read media_signing.key")


def test_a_typing_error_in_a_setting_is_found(tmp_path, capsys):
    code = main(["doctor", "--json"], {"SABAQ_VAR": str(tmp_path), "SABAQ_PROT": "9000"})

    answer = json.loads(capsys.readouterr().out)
    assert code == 1
    assert answer["ok"] is False
    assert "SABAQ_PROT" in answer["checks"][0]["says"]


def test_the_table_shows_what_to_do(tmp_path, capsys):
    (tmp_path / "secrets").mkdir(mode=0o755)
    (tmp_path / "secrets").chmod(0o755)

    code = main(["doctor", "--only", "python", "--only", "secrets"], {"SABAQ_VAR": str(tmp_path)})

    shown = capsys.readouterr().out
    assert code == 1
    assert "chmod -R go=" in shown
    assert "python" in shown


@pytest.mark.ffmpeg
def test_the_media_tools_run_here(settings):
    found = checks.check_tools(settings())

    assert found.verdict == "ok"
    assert "ffmpeg" in found.says
    assert "ffprobe" in found.says


def test_the_doctor_tells_which_ladder_is_in_force(settings, tmp_path):
    path = tmp_path / "ladder.toml"
    path.write_text('families = ["avc"]\n\n[[targets]]\ngrades = [5]\ncpu = "small"\n')

    assert checks.check_ladder(settings()).says.startswith("the one that ships: lines of 50 to 3000 kbit/s")
    found = checks.check_ladder(settings(LADDER=str(path)))
    assert found.verdict == "ok"
    assert found.says == f"{path}: lines of 50 to 3000 kbit/s, avc, CPU class balanced, 1 exceptions"


def test_a_bad_ladder_is_a_problem_with_the_command_that_explains_it(tmp_path, capsys):
    path = tmp_path / "ladder.toml"
    path.write_text("cpu = 3\n")

    assert main(["doctor", "--json"], {"SABAQ_VAR": str(tmp_path), "SABAQ_LADDER": str(path)}) == 1
    check = json.loads(capsys.readouterr().out)["checks"][0]
    assert check["verdict"] == "problem"
    assert f"sabaq ladder check {path}" in check["says"]
