"""
Real workers on a small system: database, store and broker by URL, `sabaq worker` as a process, and a reconciler.

    from tests.functional.worker_fixtures import clips, works  # noqa: F401

No web service is involved: the reconciler's rounds run in a thread, as `sabaq serve` runs them.
"""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from cdn.layout import upload_part
from cdn.storage import ObjectStore
from cdn.stores import open_store
from streamsvc import queueing
from streamsvc.migrating import stamp
from streamsvc.settings import Settings, settings_from
from tests.functional.app_fixtures import QUICK_LADDER, create_schema
from tests.functional.servers import end
from transcoder import jobs
from transcoder.database import Sessions, open_sessions, take_sendable
from transcoder.tables import ChunkTask, MediaObject, TranscodeJob
from transcoder.tools import find_tools

PART_BYTES = 64 * 1024
WITHIN_S = 120.0


def now() -> datetime:
    return datetime.now(UTC)


def make_clip(path: Path, seconds: int) -> Path:
    """A tiny picture, five frames and a key frame every two seconds, and a tone."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=128x72:r=5:d={seconds}", "-c:v", "libx264", "-preset", "ultrafast"]
    tone = ["-f", "lavfi", "-i", f"sine=f=440:d={seconds}"]
    command = [find_tools().ffmpeg, "-v", "error", "-y", *picture[:4], *tone, *picture[4:], "-g", "10", "-c:a", "aac"]
    subprocess.run([*map(str, command), str(path)], check=True)
    return path


@dataclass
class Works:
    """One small system."""

    var: Path
    environ: dict[str, str]
    settings: Settings
    sessions: Sessions
    store: ObjectStore
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def write(self, function: Callable, *args, **kwargs):
        """As a request of the service: commit, then send what was left to send."""
        with self.sessions.write() as session:
            with session.begin():
                result = function(session, *args, **kwargs)
            messages = take_sendable(session)
        queueing.send(self._sender(), messages, expires_s=60)
        return result

    def _sender(self):
        if not hasattr(self, "_app"):
            self._app = queueing.celery_app(self.settings.broker_url)
        return self._app

    def read(self, function: Callable, *args, **kwargs):
        with self.sessions.read() as session, session.begin():
            return function(session, *args, **kwargs)

    def submit(self, body: bytes) -> UUID:
        asset_id = uuid4()
        self.write(jobs.submit, asset_id, self.upload(asset_id, body), now=now())
        return asset_id

    def upload(self, asset_id: UUID, body: bytes) -> list[jobs.SourcePart]:
        parts = []
        for offset in range(0, len(body), PART_BYTES):
            piece = body[offset : offset + PART_BYTES]
            key = upload_part(asset_id, offset)
            self.store.put(key, piece, content_type="application/octet-stream")
            parts.append(jobs.SourcePart(key, offset, len(piece), hashlib.sha256(piece).hexdigest()))
        return parts

    def status(self, asset_id: UUID) -> jobs.MediaStatus:
        return self.read(jobs.media_status, asset_id, now())

    def start_worker(self, slots: int = 2) -> "subprocess.Popen[bytes]":
        with (self.var / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "streamsvc.cli", "worker", "--slots", str(slots)],
                env={**os.environ, **self.environ},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def stop_workers(self) -> None:
        """Those that run; one that does not stop by itself is a broken promise."""
        running = [worker for worker in self.workers if worker.poll() is None]
        for worker in running:
            end(worker)
        assert [worker.returncode for worker in running] == [0] * len(running), self.log()

    def log(self) -> str:
        return (self.var / "worker.log").read_text("utf-8", "replace")[-6000:]

    def reconcile(self) -> int:
        return self.write(jobs.reconcile, now=now(), max_attempts=self.settings.transcoder.max_attempts)

    @contextlib.contextmanager
    def reconciling(self) -> Iterator[None]:
        """Rounds every half lease, as in `sabaq serve`; a database that is down is asked again in the next."""
        ended = threading.Event()

        def rounds() -> None:
            while not ended.wait(self.settings.transcoder.lease_s / 2):
                with contextlib.suppress(SQLAlchemyError):
                    self.reconcile()

        thread = threading.Thread(target=rounds, name="reconciler", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def wait_for(self, done: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
        deadline = time.monotonic() + within_s
        while not done():
            ended = [worker.returncode for worker in self.workers if worker.poll() not in (None, -signal.SIGKILL, 0)]
            if ended or time.monotonic() > deadline:
                pytest.fail(f"not within {within_s} s: {what}\n{self.log()}")
            time.sleep(0.05)

    def wait_ready(self, asset_id: UUID, within_s: float = WITHIN_S) -> jobs.MediaStatus:
        def ended() -> bool:
            return self.status(asset_id).state in ("ready", "failed")

        self.wait_for(ended, f"asset {asset_id} ends, is {self.status(asset_id)}", within_s)
        status = self.status(asset_id)
        assert status.state == "ready", f"{status}\n{self.log()}"
        return status

    def tasks(self, asset_id: UUID, kind: str | None = None) -> list[ChunkTask]:
        query = select(ChunkTask).join(TranscodeJob).where(TranscodeJob.asset_id == asset_id)
        if kind is not None:
            query = query.where(ChunkTask.kind == kind)
        return self.read(lambda session: list(session.scalars(query)))

    def job(self, asset_id: UUID) -> TranscodeJob:
        return self.read(
            lambda session: session.scalars(select(TranscodeJob).where(TranscodeJob.asset_id == asset_id)).one()
        )

    def objects(self, asset_id: UUID) -> list[MediaObject]:
        query = select(MediaObject).join(TranscodeJob).where(TranscodeJob.asset_id == asset_id)
        return self.read(lambda session: list(session.scalars(query)))

    def damaged(self, asset_id: UUID) -> list[str]:
        """Keys whose bytes are not those that the database remembers."""
        return [
            row.key
            for row in self.objects(asset_id)
            if hashlib.sha256(self.store.read(row.key)).hexdigest() != row.sha256
        ]


def processes_of(var: Path) -> list[tuple[int, str]]:
    """(pid, command line) of every other process that names this system's directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            mine = str(var).encode() in command + (entry / "environ").read_bytes()
        except OSError:
            continue
        if mine and command:
            found.append((int(entry.name), command.replace(b"\0", b" ").decode("utf-8", "replace")))
    return found


@contextlib.contextmanager
def run_works(var: Path, **more: str) -> Iterator[Works]:
    """A system below `var`; `more` are further SABAQ_… settings. Nothing of it runs on when the context ends."""
    environ = {
        "SABAQ_VAR": str(var),
        "SABAQ_LADDER": QUICK_LADDER,
        "SABAQ_MEASURED_SEGMENTS": "0",
        "SABAQ_LEASE_S": "2",
        "SABAQ_WORK_RESERVE_BYTES": "1000000",
        **more,
    }
    settings = settings_from(environ)
    var.mkdir(parents=True, exist_ok=True)
    create_schema(settings.database_url)
    sessions = open_sessions(settings.database_url)
    stamp(sessions.engine)
    works = Works(var, environ, settings, sessions, open_store(settings.storage_url))
    try:
        yield works
    finally:
        works.stop_workers()
        sessions.engine.dispose()
    leftover = processes_of(var)
    assert not leftover, leftover


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    """SQLite, a directory store and a broker in a folder, with leases of two seconds."""
    with run_works(tmp_path / "var") as system:
        yield system


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], bytes]:
    """The bytes of a clip of so many seconds."""
    folder, made = tmp_path_factory.mktemp("clips"), {}

    def clip(seconds: int) -> bytes:
        if seconds not in made:
            made[seconds] = make_clip(folder / f"{seconds}.mp4", seconds).read_bytes()
        return made[seconds]

    return clip
