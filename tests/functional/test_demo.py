"""The demo as a person and a script use it: real processes, a real file, nothing left over."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamsvc import instance
from streamsvc.children import answers
from tests.functional.app_fixtures import fetch, free_port
from tests.functional.media_samples import ffmpeg

pytestmark = pytest.mark.functional
WITHIN_S = 240.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Six seconds of a test picture and a tone."""
    path = tmp_path_factory.mktemp("clip") / "Бөлшектер.mp4"
    picture, tone = "testsrc2=s=320x180:r=25:d=6", "sine=440:d=6"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-preset", "ultrafast", "-shortest", str(path))
    return path


def second_clip(clip: Path) -> Path:
    """Another lesson: the first two seconds."""
    path = clip.with_name("short.mp4")
    ffmpeg("-i", str(clip), "-t", "2", "-c", "copy", str(path))
    return path


def command(*arguments: str, var: Path) -> list[str]:
    return [sys.executable, "-m", "streamsvc.cli", "demo", "--var", str(var), *arguments]


def demo(*arguments: str, var: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": ""}
    return subprocess.run(
        command(*arguments, var=var), capture_output=True, text=True, timeout=WITHIN_S, check=False, env=environment
    )


def eventually(condition, what: str):
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"never happened: {what}")


@pytest.fixture
def var(tmp_path):
    yield tmp_path / "var"
    instance.stop(tmp_path / "var")


def ask(url: str, token: str, method: str = "GET"):
    base, path = url[: url.index("/api")], url[url.index("/api") :]
    return fetch(base, method, path, headers={"Authorization": f"Bearer {token}"})


def test_a_script_gets_one_object_a_lesson_that_plays_and_nothing_left_over(var, clip):
    port = free_port()
    first = demo("--detach", "--port", str(port), "--lesson", str(clip), var=var)

    assert first.returncode == 0, first.stderr
    assert len(first.stdout.splitlines()) == 1
    said = json.loads(first.stdout)
    assert set(said) == {"url", "api", "accounts", "lesson_id", "pid"}
    assert said["api"] == f"http://127.0.0.1:{port}/api/v1"
    assert [account["role"] for account in said["accounts"]] == ["teacher", "pupil", "curator"]
    for account in said["accounts"]:
        assert ask(f"{said['api']}/lessons", account["token"]).status == 200

    teacher, pupil = said["accounts"][0]["token"], said["accounts"][1]["token"]
    lesson = ask(f"{said['api']}/lessons/{said['lesson_id']}", teacher).json()
    assert lesson["title"] == "Бөлшектер"
    assert lesson["media"]["playable"]
    played = ask(f"{said['api']}/lessons/{said['lesson_id']}/playback-sessions", pupil, "POST")
    assert played.status == 201
    playlist = fetch(f"http://127.0.0.1:{port}", "GET", played.json()["url"])
    assert playlist.body.startswith(b"#EXTM3U")

    entered = fetch(f"http://127.0.0.1:{port}", "GET", said["url"])
    assert entered.status == 303
    assert entered.headers["location"].endswith(f"/lessons/{said['lesson_id']}")
    assert pupil in entered.cookies[0]
    assert fetch(f"http://127.0.0.1:{port}", "GET", "/demo/enter?key=wrong").status == 404

    second = demo("--detach", "--port", str(port), var=var)
    assert json.loads(second.stdout) == said
    assert "Starting" not in second.stderr
    assert "Uploading" not in second.stderr
    assert len(ask(f"{said['api']}/lessons", teacher).json()["items"]) == 1

    other = demo("--detach", "--port", str(port), "--lesson", str(second_clip(clip)), var=var)
    assert json.loads(other.stdout)["lesson_id"] != said["lesson_id"]
    assert json.loads(demo("--detach", "--port", str(port), "--lesson", str(clip), var=var).stdout) == said
    assert len(ask(f"{said['api']}/lessons", teacher).json()["items"]) == 2

    modes = {path.name: path.stat().st_mode & 0o777 for path in (var / "secrets").iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"demo.json", "environment", "store.json", "media_signing.key"} <= set(modes)

    stopped = demo("--stop", var=var)
    assert stopped.returncode == 0
    assert instance.processes_of(var) == []
    assert not answers(f"http://127.0.0.1:{port}/healthz")

    # Another start finds the lesson, and after a kill -9 of the supervisor the kernel ends the rest.
    third = demo("--detach", "--port", str(port), var=var)
    again = json.loads(third.stdout)
    assert {**again, "pid": 0} == {**said, "pid": 0}
    assert "Uploading" not in third.stderr
    os.kill(again["pid"], signal.SIGKILL)
    eventually(lambda: instance.processes_of(var) == [], "no process is left")
    assert demo("--stop", var=var).returncode == 0


def test_ctrl_c_ends_everything_and_so_does_killing_the_demo_itself(var, clip):
    port = str(free_port())
    for number, code in ((signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)):
        arguments = command("--port", port, "--lesson", str(clip), var=var)
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            shown = ""
            for line in process.stderr:
                shown += line
                if "curator" in line:
                    break
            assert f"http://127.0.0.1:{port}/demo/enter?key=" in shown
            assert "login demo-teacher" in shown

            process.send_signal(number)

            rest, _ = process.communicate(timeout=WITHIN_S)
            assert process.returncode == code
            assert rest == ""
        eventually(lambda: instance.processes_of(var) == [], "no process is left")
        assert not instance.is_claimed(var)


def test_a_text_file_is_refused_before_anything_is_started(var, tmp_path):
    (tmp_path / "lesson.mp4").write_text("Бұл бейне емес.\n" * 50)

    refused = demo("--detach", "--lesson", str(tmp_path / "lesson.mp4"), "--port", str(free_port()), var=var)

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert "source_not_media" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (var / "supervisor.json").exists()
    assert instance.processes_of(var) == []


def test_what_fails_only_in_the_service_is_explained_taken_away_and_leaves_nothing_running(var, tmp_path):
    """Some faults show only when a worker decodes; here the look beforehand is left out."""
    (tmp_path / "lesson.mp4").write_text("Бұл бейне емес.\n" * 50)
    blind = "import sys; from streamsvc.demo import lesson_file as f; f.probe = lambda *a, **k: None\n"
    arguments = command("--detach", "--lesson", str(tmp_path / "lesson.mp4"), "--port", str(free_port()), var=var)
    program = [
        sys.executable,
        "-c",
        f"{blind}from streamsvc.cli import main; sys.exit(main(sys.argv[1:]))",
        *arguments[3:],
    ]

    refused = subprocess.run(program, capture_output=True, text=True, timeout=WITHIN_S, check=False)

    assert (refused.returncode, refused.stdout) == (2, ""), refused.stderr
    assert "No lesson can be made from" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert instance.processes_of(var) == []
    assert json.loads((var / "secrets" / "demo.json").read_text())["lessons"] == []


def test_a_worker_that_cannot_start_is_named_and_nothing_is_left(var, clip, tmp_path, monkeypatch):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("SABAQ_WORKSPACE", str(tmp_path / "a file"))

    refused = demo("--detach", "--lesson", str(clip), "--port", str(free_port()), var=var)

    assert (refused.returncode, refused.stdout) == (1, ""), refused.stderr
    assert 'The part "worker" of the system' in refused.stderr
    assert str(var / "log" / "worker.log") in refused.stderr
    assert "a file" in refused.stderr  # the log's own reason
    assert instance.processes_of(var) == []


@pytest.mark.parametrize("name", ["missing.mp4", "empty.mp4", "folder"])
def test_what_is_no_file_is_refused_by_its_name(var, tmp_path, name):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder").mkdir()

    refused = demo("--detach", "--lesson", str(tmp_path / name), "--port", str(free_port()), var=var)

    assert refused.returncode == 2
    assert str(tmp_path / name) in refused.stderr
    assert "lesson_file_unusable" in refused.stderr or "source_empty" in refused.stderr


def test_a_port_that_is_taken_is_named_with_one_that_is_free(var):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = demo("--detach", "--port", str(port), var=var)

    assert refused.returncode == 2
    assert f"Port {port} is taken" in refused.stderr
    assert "make demo PORT=" in refused.stderr
    assert instance.processes_of(var) == []


def test_stopping_what_does_not_run_is_no_error(var):
    stopped = demo("--stop", var=var)

    assert (stopped.returncode, stopped.stdout) == (0, "")
    assert "Nothing was running" in stopped.stderr
