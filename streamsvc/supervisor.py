"""
Starts, watches, restarts and stops our own services as one tree. One of the two doors to `subprocess`.

Single-threaded on purpose: PR_SET_PDEATHSIG follows the *thread* that made a child, so every child is made by the main
thread, which lives as long as the supervisor. Each child leads a process group of its own: Ctrl-C reaches the
supervisor alone, and what a child leaves behind dies with its group.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from streamsvc.childlogs import RotatingLog
from streamsvc.children import GOOD_RUN_S, Child, delay_before_restart, failures_after
from streamsvc.instance import (
    MARK,
    ChildState,
    RunState,
    TreeState,
    kill_processes_of,
    mark_of,
    write_state,
)

START_ATTEMPTS = 3
TICK_S = 0.1
ASK_AGAIN_S = 10.0
_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs beside us and is not watched."""

    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def has_ended(self) -> bool:
        return self.process.poll() is not None


def launch(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, die_with_us: signal.Signals | None
) -> Program:
    """Start a program in a session of its own, writing to `log`. Call it from the main thread."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return Program(_spawn(command, environment, output=output, directory=None, die_with_us=die_with_us))


def _spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    output: IO[bytes] | int,
    directory: Path | None,
    die_with_us: signal.Signals | None,
) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def after_fork() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if die_with_us is not None:
            _prctl(_PR_SET_PDEATHSIG, int(die_with_us))
            if os.getppid() != parent:  # it died between fork and prctl, so no signal would ever come
                os._exit(1)

    return subprocess.Popen(
        command,
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=after_fork,  # takes no lock, so it is safe even where a progress display has a thread of its own
    )


@dataclass(slots=True)
class _Watched:
    """A child and what became of it."""

    child: Child
    log: RotatingLog
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    asked_at: float = 0.0
    answered_at: float = 0.0
    failures: int = 0
    restarts: int = -1
    ready: bool = False
    ever_ready: bool = False

    @property
    def state(self) -> ChildState:
        word = "ready" if self.ready else "starting" if self.process else "waiting"
        forgiven = self.process is not None and time.monotonic() - self.started_at >= GOOD_RUN_S
        return ChildState(
            pid=self.process.pid if self.process else None,
            state=word,
            restarts=max(0, self.restarts),
            failures=0 if forgiven else self.failures,
        )


@dataclass(slots=True)
class Supervisor:
    """Runs `children`, started in this order and stopped in the opposite one. The caller holds the lock of `var`."""

    var: Path
    url: str
    children: Sequence[Child]
    _watched: list[_Watched] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stopping: bool = False
    _written: RunState | None = None

    def run(self) -> int:
        """Return 0 after SIGTERM, SIGINT or SIGHUP, and 1 when the tree could not be started. Nothing is left over."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        kill_processes_of(self.var)  # of a supervisor that was killed
        logs = self.var / "log"
        self._watched = [_Watched(child, RotatingLog(logs / f"{child.name}.log")) for child in self.children]
        reason = self._watch()
        self._tell("failed" if reason else "stopping", reason)
        self._stop_all()
        kill_processes_of(self.var)
        return 1 if reason else 0

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _watch(self) -> str:
        """Tick until asked to stop, or until a child has failed its first start; return the name of that child."""
        while not self._stopping:
            for watched in self._watched:
                self._notice_end(watched)
                if not watched.ever_ready and self._gave_up(watched):
                    return watched.child.name
                self._start_if_due(watched)
                self._ask_if_ready(watched)
                if not watched.ever_ready:
                    break  # what comes later needs it
            self._tell("running" if all(watched.ever_ready for watched in self._watched) else "starting")
            self._read_output(TICK_S)
        return ""

    def _gave_up(self, watched: _Watched) -> bool:
        late = watched.process is not None and time.monotonic() > watched.started_at + watched.child.ready_within_s
        return late or watched.failures >= START_ATTEMPTS

    def _start_if_due(self, watched: _Watched) -> None:
        if watched.process is not None or time.monotonic() < watched.due_at:
            return
        environment = {**watched.child.environment, MARK: mark_of(self.var)}
        process = _spawn(
            watched.child.command,
            environment,
            output=subprocess.PIPE,
            directory=watched.child.directory,
            die_with_us=signal.SIGKILL,
        )
        assert process.stdout is not None  # asked for with PIPE
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, watched)
        watched.process, watched.started_at = process, time.monotonic()
        watched.restarts += 1

    def _ask_if_ready(self, watched: _Watched) -> None:
        """Ask a starting child at every tick, a ready one now and then; one that is silent for too long is killed."""
        now = time.monotonic()
        if watched.process is None or (watched.ready and now - watched.asked_at < ASK_AGAIN_S):
            return
        watched.asked_at = now
        question = watched.child.alive if watched.ready and watched.child.alive else watched.child.ready
        if question is None or question():
            watched.ready = watched.ever_ready = True
            watched.answered_at = time.monotonic()
        elif watched.ready and now - watched.answered_at > watched.child.silent_s:
            watched.log.write(f"supervisor: {watched.child.name} is silent and will be killed\n".encode())
            watched.process.kill()

    def _notice_end(self, watched: _Watched) -> None:
        """Clean up after a child that ended by itself, and set the time of its next start."""
        process = watched.process
        if process is None or not _has_ended(process.pid):
            return
        self._bury(watched)
        watched.failures = failures_after(watched.failures, lived_s=time.monotonic() - watched.started_at)
        watched.due_at = time.monotonic() + delay_before_restart(watched.failures)
        watched.log.write(f"supervisor: {watched.child.name} ended with {process.returncode}\n".encode())

    def _bury(self, watched: _Watched) -> None:
        """Kill what is left of a child's group, take its last words, reap it."""
        process = watched.process
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # before reaping: until then the number is nobody else's
        process.wait()
        self._read_output(0)
        if process.stdout is not None:
            self._selector.unregister(process.stdout)
            process.stdout.close()
        watched.process, watched.ready = None, False

    def _read_output(self, timeout_s: float) -> None:
        """Copy what the children say to their logs; also our way to wait."""
        if not self._selector.get_map():
            time.sleep(timeout_s)
            return
        started_at = time.monotonic()
        ended = 0
        for key, _ in self._selector.select(timeout_s):
            said = os.read(key.fd, 65536)
            if said:
                key.data.log.write(said)
            else:
                ended += 1
        if ended:  # a closed pipe is readable for ever: do not spin until its child has been buried
            time.sleep(max(0.0, min(timeout_s, started_at + timeout_s - time.monotonic())))

    def _stop_all(self) -> None:
        for watched in reversed(self._watched):
            process = watched.process
            if process is not None:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
                deadline = time.monotonic() + watched.child.grace_s
                while not _has_ended(process.pid) and time.monotonic() < deadline:
                    self._read_output(TICK_S)
                self._bury(watched)
            watched.log.close()
        self._selector.close()

    def _tell(self, state: TreeState, reason: str = "") -> None:
        children = {watched.child.name: watched.state for watched in self._watched}
        now = RunState(pid=os.getpid(), state=state, url=self.url, reason=reason, children=children)
        if now != self._written:
            write_state(self.var, now)
            self._written = now


def _has_ended(pid: int) -> bool:
    """Tell whether a child of ours has ended, without reaping it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
