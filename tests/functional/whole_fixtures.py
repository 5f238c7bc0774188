"""
The whole small system as processes: `sabaq serve` and `sabaq worker`, which a test may stop, kill and start again.

    with run_whole(tmp_path / "var") as whole:
        lesson = whole.upload(body)
        whole.wait(lesson, "ready")
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.functional.app_fixtures import Answer, ServedApp, run_server
from tests.functional.tus_fixtures import Tus, metadata
from tests.functional.worker_fixtures import processes_of

WITHIN_S = 120.0
LANGUAGES = ("kk", "ru", "en")


@dataclass
class Whole:
    """A running service and, when started, one worker. Lessons are known by their path."""

    served: ServedApp
    worker: "subprocess.Popen[bytes] | None" = None
    uploads: dict[str, str] = field(default_factory=dict)
    """Lesson → its upload's address."""
    lessons: dict[str, str] = field(default_factory=dict)
    """File name → lesson."""

    @property
    def var(self) -> Path:
        return self.served.settings.var

    def start_worker(self, **more: str) -> None:
        """`more` are SABAQ_… settings that differ from the service's: another disk, another limit."""
        with (self.var / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "streamsvc.cli", "worker", "--slots", "2"],
                env={**os.environ, **self.served.environ, **more},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop_worker(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.worker is not None and self.worker.poll() is None:
            self.worker.send_signal(number)
            self.worker.wait(60)

    def upload(self, body: bytes, *, filename: str = "lesson.mp4") -> str:
        """With the creation, in one request; asserts that tus answers as for any other file."""
        created = Tus(self.served).create(len(body), body, upload_metadata=metadata(filename=filename))
        assert (created.status, created.headers.get("upload-offset", "0")) == (201, str(len(body))), created
        lesson = created.headers["content-location"]
        self.uploads[lesson], self.lessons[filename] = created.headers["location"], lesson
        return lesson

    def media(self, lesson: str, *, language: str = "en") -> dict[str, Any]:
        answer = self.served.request("GET", lesson, headers={"Accept-Language": language})
        assert answer.status == 200, answer
        media: dict[str, Any] = answer.json()["media"]
        return media

    def sentences(self, lesson: str, name: str = "error") -> dict[str, str]:
        """By language: what `media.error` (or `delayed_by`) says; its code must be the same in all."""
        said: dict[str, dict[str, str]] = {}

        def ask() -> bool:
            # What delays a lesson is not said while another attempt is being made.
            said.update({language: self.media(lesson, language=language)[name] for language in LANGUAGES})
            return all(said.values())

        self.until(ask, lambda: f"{name} is said: {said}")
        assert len({error["code"] for error in said.values()}) == 1, said
        return {language: error["message"] for language, error in said.items()}

    def play(self, lesson: str) -> Answer:
        return self.served.request("POST", f"{lesson}/playback-sessions", login="pupil")

    def retry(self, lesson: str) -> Answer:
        return self.served.request("POST", f"{lesson}/retry")

    def wait(self, lesson: str, state: str) -> dict[str, Any]:
        """Until the encoding has ended, which must be in this state."""
        self.until(lambda: self.media(lesson)["state"] in ("ready", "failed"), lambda: str(self.media(lesson)))
        media = self.media(lesson)
        assert media["state"] == state, f"{media}\n{self.log()}"
        return media

    def until(self, done: Callable[[], object], what: Callable[[], str]) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not done():
            assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {what()}\n{self.log()}"
            time.sleep(0.1)

    def litter(self) -> list[str]:
        """What tasks have left on the worker's disk, besides whole copies of sources, which it may keep."""
        work = self.served.settings.transcoder.workspace
        left = [*work.glob("tasks/*"), *work.glob("sources/*/*.half")]
        return [str(path.relative_to(work)) for path in left]

    def tools(self) -> list[str]:
        """Media tools that run on this system's files."""
        return [line for _, line in processes_of(self.var) if "ffmpeg" in line.split(" ")[0] or "ffprobe" in line]

    def log(self) -> str:
        logs = [path.read_text("utf-8", "replace")[-3000:] for path in sorted(self.var.glob("*.log"))]
        return "\n".join(logs)


@contextlib.contextmanager
def run_whole(var: Path, *, worker: bool = True, **more: str) -> Iterator[Whole]:
    """`more` are further SABAQ_… settings. Nothing of it runs on when the context ends."""
    with run_server(var, **more) as served:
        whole = Whole(served)
        if worker:
            whole.start_worker()
        try:
            yield whole
        finally:
            whole.stop_worker()
    left = processes_of(var)
    assert not left, left
