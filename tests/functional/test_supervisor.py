"""The supervisor with real processes: ready, killed, restarted, stopped, and nothing left over."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamsvc import instance

pytestmark = pytest.mark.functional

# A supervisor over programs of our own: a web server with a child and a grandchild in other sessions, as a worker has.
PROGRAM = """
import sys
from contextlib import closing
from pathlib import Path
from streamsvc.instance import claim
from streamsvc import supervisor
from streamsvc.children import Child, answers
from streamsvc.supervisor import Supervisor
import os
supervisor.ASK_AGAIN_S = 0.1

var, port = Path(sys.argv[1]), sys.argv[2]
environment = dict(os.environ)
server = (sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1")
family = (sys.executable, "-c", sys.argv[3])
with closing(claim(var)):
    children = (
        Child(name="family", command=family, environment=environment, grace_s=1.0),
        Child(name="server", command=server, environment=environment, directory=var,
              silent_s=float(os.environ.get("SILENT_S", "120")), ready=lambda: answers(f"http://127.0.0.1:{port}/")),
    )
    sys.exit(Supervisor(var=var, url=f"http://127.0.0.1:{port}", children=children).run())
"""
FAMILY = """
import subprocess, sys, time
child = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
print("family started", flush=True)
subprocess.Popen([sys.executable, "-c", child + "time.sleep(600)"])
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    time.sleep(1)
"""
WITHIN_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, what: str):
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"never happened: {what}")


def running(var: Path, *, processes: int = 0):
    """The state once everything runs, with at least so many processes below the supervisor."""

    def looked_for():
        state = instance.read_state(var)
        good = state and state.state == "running" and all(child.pid for child in state.children.values())
        return state if good and len(instance.processes_of(var)) >= processes else None

    return eventually(looked_for, "running")


@contextmanager
def supervised(var: Path, family: str = FAMILY, port: int | None = None):
    var.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", PROGRAM, str(var), str(port or free_port()), family]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(WITHIN_S)
        instance.kill_processes_of(var)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_whole_tree(tmp_path, number):
    with supervised(tmp_path / "var") as process:
        running(tmp_path / "var", processes=4)

        process.send_signal(number)

        assert process.wait(WITHIN_S) == 0
        assert instance.processes_of(tmp_path / "var") == []
        assert not instance.is_claimed(tmp_path / "var")


def test_a_child_that_is_killed_comes_back_and_its_own_children_do_not_stay(tmp_path):
    with supervised(tmp_path / "var") as process:
        before = running(tmp_path / "var", processes=4)
        family = set(instance.processes_of(tmp_path / "var")) - {before.children["server"].pid}

        os.kill(before.children["family"].pid, signal.SIGKILL)
        after = eventually(lambda: _restarted(tmp_path / "var", "family"), "restart")

        assert after.pid == before.pid
        assert after.children["server"].pid == before.children["server"].pid
        eventually(lambda: not family & set(instance.processes_of(tmp_path / "var")), "the old family is gone")
        assert process.poll() is None


def _restarted(var: Path, name: str):
    state = instance.read_state(var)
    return state if state and state.children[name].restarts == 1 and state.children[name].state == "ready" else None


def test_a_server_that_is_killed_serves_again_under_its_port(tmp_path):
    with supervised(tmp_path / "var"):
        before = running(tmp_path / "var")

        os.kill(before.children["server"].pid, signal.SIGKILL)

        after = eventually(lambda: _restarted(tmp_path / "var", "server"), "restart")
        assert after.url == before.url


def test_a_killed_supervisor_takes_its_children_with_it_and_the_next_one_clears_the_rest(tmp_path):
    var = tmp_path / "var"
    with supervised(var) as process:
        state = running(var, processes=4)

        process.kill()
        process.wait(WITHIN_S)

        # The kernel ends the children at once; what they started without the same care is found by its mark.
        children = {child.pid for child in state.children.values()}
        eventually(lambda: not children & set(instance.processes_of(var)), "children are gone")
        left = set(instance.processes_of(var))
        with supervised(var):
            running(var, processes=4)
            assert not left & set(instance.processes_of(var))


def test_stopping_also_ends_what_a_killed_supervisor_left(tmp_path):
    var = tmp_path / "var"
    with supervised(var) as process:
        running(var, processes=4)
        process.kill()
        process.wait(WITHIN_S)

        instance.stop(var)

        assert instance.processes_of(var) == []


def test_a_child_that_does_not_listen_is_killed_after_its_grace(tmp_path):
    var = tmp_path / "var"
    with supervised(var, STUBBORN) as process:
        running(var)
        eventually(lambda: "deaf" in (var / "log" / "family.log").read_text(), "deaf")

        assert instance.stop(var)

        assert process.wait(WITHIN_S) == 0
        assert instance.processes_of(var) == []


def test_a_server_that_hangs_is_killed_and_serves_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SILENT_S", "1")
    with supervised(tmp_path / "var"):
        before = running(tmp_path / "var")

        os.kill(before.children["server"].pid, signal.SIGSTOP)

        after = eventually(lambda: _restarted(tmp_path / "var", "server"), "restart")
        assert after.children["family"].pid == before.children["family"].pid
        assert "is silent" in (tmp_path / "var" / "log" / "server.log").read_text()


def test_two_trees_side_by_side_do_not_touch_each_other(tmp_path):
    with supervised(tmp_path / "one") as one, supervised(tmp_path / "two"):
        running(tmp_path / "one", processes=4)
        running(tmp_path / "two", processes=4)

        instance.stop(tmp_path / "one")

        assert one.wait(WITHIN_S) == 0
        assert len(instance.processes_of(tmp_path / "two")) >= 4


def test_a_second_supervisor_leaves_the_first_alone(tmp_path):
    with supervised(tmp_path / "var"):
        before = running(tmp_path / "var")

        with supervised(tmp_path / "var") as second:
            assert second.wait(WITHIN_S) != 0
            assert instance.read_state(tmp_path / "var").pid == before.pid
            assert before.children["server"].pid in instance.processes_of(tmp_path / "var")


def test_what_never_becomes_ready_fails_the_start_and_leaves_nothing(tmp_path):
    var = tmp_path / "var"
    with socket.create_server(("127.0.0.1", 0)) as taken, supervised(var, port=taken.getsockname()[1]) as process:
        assert process.wait(WITHIN_S) == 1

    assert instance.read_state(var).state == "failed"
    assert instance.read_state(var).reason == "server"
    assert "Address already in use" in (var / "log" / "server.log").read_text()
    assert instance.processes_of(var) == []


def test_output_of_children_is_kept(tmp_path):
    with supervised(tmp_path / "var"):
        running(tmp_path / "var")
        eventually(lambda: "family started" in (tmp_path / "var" / "log" / "family.log").read_text(), "a log")
