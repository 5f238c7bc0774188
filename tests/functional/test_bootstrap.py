"""The bootstrap on a bare Python: no ensurepip, an empty HOME, an environment of four variables."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.functional
ROOT = Path(__file__).parents[2]
PACKAGE = "aiohappyeyeballs"
NETWORK = ("PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE", "https_proxy", "HTTPS_PROXY", "no_proxy")


@pytest.fixture
def bare(tmp_path):
    """Runs the bootstrap with one small locked package; more variables may be given."""
    shutil.copy(ROOT / "bootstrap.py", tmp_path)
    lock = (ROOT / "requirements.lock").read_text()
    start = lock.index(f"{PACKAGE}==")
    (tmp_path / "small.lock").write_text(lock[start : lock.index("\n    # via", start) + 1])
    (tmp_path / "home").mkdir()
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "ensurepip.py").write_text("raise ImportError('as on stock Debian')\n")
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "nothing")}
        environment |= {name: os.environ[name] for name in NETWORK if name in os.environ}
        return subprocess.run(
            [str(python), "bootstrap.py", "--bare", "--lock", "small.lock", "--into", "environment"],
            cwd=tmp_path, env={**environment, **more}, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


def test_a_bare_python_gets_the_locked_packages_and_a_second_run_needs_no_network(bare, tmp_path):
    first = bare()

    assert first.returncode == 0, first.stderr
    assert first.stdout == ""
    python = tmp_path / "environment" / "bin" / "python"
    subprocess.run([str(python), "-c", f"import {PACKAGE}"], check=True)

    second = bare(PIP_INDEX_URL="http://127.0.0.1:9/simple")

    assert (second.returncode, second.stderr) == (0, "")


def test_without_network_the_message_says_so_and_the_next_run_mends_it(bare, tmp_path):
    offline = bare(PIP_INDEX_URL="http://127.0.0.1:9/simple")

    assert offline.returncode == 1
    assert "Cannot reach http://127.0.0.1:9/simple/pip/" in offline.stderr
    assert "Traceback" not in offline.stderr

    assert bare().returncode == 0


def test_a_package_with_another_digest_is_refused(bare, tmp_path):
    lock = tmp_path / "small.lock"
    version = lock.read_text().splitlines()[0].split(" ")[0]
    lock.write_text(f"{version} --hash=sha256:{'0' * 64}\n")

    refused = bare()

    assert refused.returncode == 1
    assert "HASHES" in refused.stderr
    assert not (tmp_path / "environment" / "bootstrap.json").exists()


def test_an_environment_that_was_moved_is_made_again(bare, tmp_path):
    assert bare().returncode == 0
    (tmp_path / "environment").rename(tmp_path / "elsewhere")
    shutil.copytree(tmp_path / "elsewhere", tmp_path / "environment", symlinks=True)
    (tmp_path / "environment" / "bin" / "python").unlink()

    assert bare().returncode == 0
    assert (tmp_path / "environment" / "bin" / "python").exists()
