"""The door: limits hold, and whatever was started is gone afterwards. With small real programs."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from transcoder.errors import EncodeCancelled
from transcoder.runner import STDERR_BYTES, Limits, run

LIMITS = Limits(wall_s=60)


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", code]


def test_lines_and_the_end_are_told() -> None:
    lines: list[str] = []

    finished = run(python("print('frame=1'); print('frame=2')"), limits=LIMITS, on_line=lines.append)

    assert (lines, finished.returncode, finished.ok, finished.complaint) == (["frame=1", "frame=2"], 0, True, "")
    assert finished.cpu_s > 0


def test_a_bad_end_is_told_with_its_complaint() -> None:
    finished = run(python("import sys; sys.exit('no moov')"), limits=LIMITS)

    assert (finished.returncode, finished.ok, finished.complaint) == (1, False, "no moov")


def test_a_complaint_keeps_its_beginning_and_its_end() -> None:
    code = "import sys; sys.stderr.write('first ' + 'x' * 1000000 + ' last')"

    complaint = run(python(code), limits=LIMITS).complaint

    assert complaint.startswith("first ")
    assert complaint.endswith(" last")
    assert len(complaint) <= 2 * STDERR_BYTES


def test_an_endless_line_is_cut() -> None:
    lines: list[str] = []

    run(python("print('x' * 5_000_000)"), limits=LIMITS, on_line=lines.append)

    assert sum(map(len, lines)) < 5_000_000


def test_nothing_of_our_environment_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SABAQ_SECRET", "s3cret")
    lines: list[str] = []

    run(python("import os; print(sorted(os.environ.items()))"), limits=LIMITS, on_line=lines.append)

    assert "s3cret" not in lines[0]
    assert "PATH" not in lines[0]


def test_it_runs_in_the_folder_that_it_is_given(tmp_path: Path) -> None:
    lines: list[str] = []

    run(python("import os; print(os.getcwd())"), limits=LIMITS, folder=tmp_path, on_line=lines.append)

    assert lines == [str(tmp_path)]


def test_standard_input_is_closed() -> None:
    lines: list[str] = []

    run(python("import sys; print(repr(sys.stdin.read()))"), limits=LIMITS, on_line=lines.append)

    assert lines == ["''"]


def test_the_limits_are_set() -> None:
    limits = Limits(memory_bytes=3 * 1024**3, file_bytes=1000, cpu_s=77, open_files=40, niceness=7, wall_s=60)
    code = """
import os, resource
names = ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_CORE")
print([resource.getrlimit(getattr(resource, name))[0] for name in names], os.nice(0))
"""
    lines: list[str] = []

    run(python(code), limits=limits, on_line=lines.append)

    assert lines == [f"[{3 * 1024**3}, 1000, 77, 40, 0] {os.nice(0) + 7}"]


def test_too_much_memory_ends_the_tool_not_us() -> None:
    finished = run(python("x = bytearray(2 * 1024**3)"), limits=Limits(memory_bytes=1024**3, wall_s=60))

    assert not finished.ok


def test_too_large_a_file_ends_the_tool(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'large')!r}, 'wb').write(bytes(100_000))"

    finished = run(python(code), limits=Limits(file_bytes=50_000, wall_s=60))

    assert not finished.ok
    assert (tmp_path / "large").stat().st_size <= 50_000


def test_too_long_a_run_is_ended() -> None:
    finished = run(python("while True: pass"), limits=Limits(wall_s=0.5))

    assert (finished.timed_out, finished.ok) == (True, False)


def gone(pid: int) -> bool:
    """Within half a minute; a process that nobody has collected yet is gone as well."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


def test_a_cancelled_run_and_its_children_are_killed() -> None:
    pids: list[int] = []

    with pytest.raises(EncodeCancelled):
        run(
            python(FAMILY),
            limits=LIMITS,
            cancelled=lambda: bool(pids),
            on_line=lambda line: pids.extend(map(int, line.split())),
        )

    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_an_error_of_a_listener_kills_the_run_too() -> None:
    pids: list[int] = []

    def fail(line: str) -> None:
        pids.extend(map(int, line.split()))
        raise RuntimeError("a listener failed")

    with pytest.raises(RuntimeError, match="a listener failed"):
        run(python(FAMILY), limits=LIMITS, on_line=fail)

    assert all(gone(pid) for pid in pids)


WORKER = """
import sys
from transcoder.runner import Limits, run
code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
run([sys.executable, "-I", "-c", code], limits=Limits(wall_s=600), on_line=lambda line: print(line, flush=True))
"""


def test_a_tool_dies_with_a_worker_that_is_killed() -> None:
    """
    kill -9 leaves nobody to clean up; the kernel does.
    """
    with subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        tool = int(worker.stdout.readline())
        worker.kill()

        assert gone(tool)
