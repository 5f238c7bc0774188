"""Judges that need an environment of their own, installed once from a pinned lock file beside the tests."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent / "requirements-judge.lock"


def ralph_validate(lines: str) -> subprocess.CompletedProcess[str]:
    """Run `ralph validate -f xapi` on JSON lines. It stops at the first statement that it does not accept."""
    folder = _installed(Path(sys.prefix) / "judge")
    command = [sys.executable, "-m", "ralph", "validate", "-f", "xapi", "--fail-on-unknown"]
    environ = {**os.environ, "PYTHONPATH": str(folder), "RALPH_SENTRY_DSN": "", "PYTHONWARNINGS": "ignore"}
    return subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120, env=environ)


def _installed(parent: Path) -> Path:
    """Ralph pins click below what Celery needs, so it lives in a folder beside our packages."""
    folder = parent / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not (folder / "ralph").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--target", str(folder)]
        subprocess.run([*command, "-r", str(LOCK)], check=True, timeout=600, stderr=subprocess.DEVNULL)
    return folder
