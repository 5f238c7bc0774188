"""`sabaq upload` against the running service over a line that breaks."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select

from streamsvc.uploads.tables import Upload
from tests.functional.app_fixtures import ServedApp
from tests.functional.app_fixtures import running_app as running_app  # a fixture
from tests.functional.fault_proxy import Fault, fault_proxy
from tests.functional.tus_fixtures import content, stored

pytestmark = pytest.mark.functional


def upload(tmp_path: Path, *arguments: str | Path, language: str = "en") -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "HOME": str(tmp_path), "LANG": language}
    command = [sys.executable, "-m", "streamsvc.cli", "upload", *map(str, arguments)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)


def cutting(every_bytes: int) -> Fault:
    """A line that breaks again and again."""
    carried = 0

    def carry(piece: bytes) -> bytes:
        nonlocal carried
        carried += len(piece)
        if carried > every_bytes:
            carried = 0
            raise OSError("cut")
        return piece

    return Fault(change_request=carry)


def test_file_arrives_whole_over_a_line_that_breaks(running_app: ServedApp, tmp_path: Path):
    lesson, token = tmp_path / "Сабақ 1.mp4", tmp_path / "token"
    lesson.write_bytes(content(4_000_000))
    token.write_text(running_app.token() + "\n")
    with fault_proxy(urlsplit(running_app.base_url).port or 0) as line:
        line.fault = cutting(1_500_000)
        done = upload(tmp_path, lesson, "--url", f"http://127.0.0.1:{line.port}/", "--token-file", token)

        assert line.connections >= 6

    assert done.returncode == 0, done.stderr
    lesson_id = UUID(done.stdout.strip())
    assert running_app.request("GET", f"/api/v1/lessons/{lesson_id}").json()["title"] == "Сабақ 1"
    with running_app.sessions.read() as session:
        (upload_id,) = session.scalars(select(Upload.id).where(Upload.lesson_id == lesson_id))
    assert stored(running_app, str(upload_id)) == content(4_000_000)


def test_refusal_is_one_sentence_in_the_persons_language(running_app: ServedApp, tmp_path: Path):
    lesson = tmp_path / "lesson.mp4"
    lesson.write_bytes(b"abc")

    done = upload(tmp_path, lesson, "--url", running_app.base_url, "--token", "sabaq_wrong", language="ru_RU.UTF-8")

    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert any("а" <= letter <= "я" for letter in done.stderr)


def test_help_says_how_to_begin(tmp_path: Path):
    done = upload(tmp_path, "--help")

    assert done.returncode == 0
    assert "--token-file" in done.stdout
    assert "examples:" in done.stdout
