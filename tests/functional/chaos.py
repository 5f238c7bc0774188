"""
A whole journey under fire: a teacher's upload, its encoding and publication, while processes are killed at random.

Every kill is `kill -9` of the service, the store, the worker, one of its pool's children, or an ffmpeg. What was
killed is started again, as the supervisor would. In the end the lesson is ready, every object in the store has the
bytes that the database remembers, and nothing runs on.
"""

import contextlib
import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from catalog.lessons import Lesson
from cdn.stores import open_store
from streamsvc.services import utc_now
from tests.functional.app_fixtures import ServedApp, kill_server, run_server, start_server
from tests.functional.servers import Seaweed, end, seaweed, short_directory
from tests.functional.tus_fixtures import Tus
from tests.functional.worker_fixtures import processes_of
from transcoder import jobs
from transcoder.tables import ChunkTask, MediaObject, TranscodeJob
from transcoder.tools import find_tools

PIECE_BYTES = 96 * 1024
JOURNEY_S = 240.0
VICTIMS = ("worker", "child", "ffmpeg", "service", "store")
FIRST = 2
"""So few of a journey's victims are fixed that no machine is too fast for them."""
LOST = (OSError, http.client.HTTPException, AssertionError)
"""What a client sees of a dead service; an answer that is an error is tried again too."""


@dataclass
class Journey:
    """What happened."""

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    objects: int = 0
    wall_s: float = 0.0

    def __str__(self) -> str:
        killed = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (
            f"seed {self.seed}: ready after {self.wall_s:.1f} s; killed {killed or 'nothing'}; "
            f"{self.attempts} attempts, {self.objects} objects whole"
        )


def make_film(path: Path, seconds: int = 40) -> bytes:
    """Enough work that kills meet it half done."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=640x360:r=12:d={seconds}"]
    tone = ["-f", "lavfi", "-i", f"sine=f=440:d={seconds}"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "35", "-g", "24", "-c:a", "aac", "-b:a", "64k"]
    command = [find_tools().ffmpeg, "-v", "error", "-y", *picture, *tone, *coding, path]
    subprocess.run([str(word) for word in command], check=True)
    return path.read_bytes()


@dataclass
class System:
    """Everything that can be killed."""

    served: ServedApp
    store: Seaweed
    worker: "subprocess.Popen[bytes] | None" = None

    @property
    def var(self) -> Path:
        return self.served.settings.var

    def start_worker(self) -> None:
        with (self.var / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "streamsvc.cli", "worker", "--slots", "2"],
                env={**os.environ, **self.served.environ},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def revive_worker(self) -> None:
        """As the supervisor does: Celery gives up when a child is killed in the moment of its start."""
        assert self.worker is not None
        if self.worker.poll() is not None:
            self.start_worker()

    def tools(self) -> list[int]:
        return [pid for pid, line in processes_of(self.var) if "ffmpeg" in line.split(" ")[0]]

    def wait_busy(self, within_s: float) -> None:
        """Most moments of a journey are quiet; those in which ffmpeg runs are the interesting ones."""
        deadline = time.monotonic() + within_s
        while not self.tools() and time.monotonic() < deadline:
            time.sleep(0.02)

    def kill(self, victim: str, dice: random.Random) -> bool:
        """False when there was nobody of that kind."""
        self.wait_busy(10.0 if victim == "ffmpeg" else dice.choice((0.0, 0.5, 2.0)))
        if victim == "service":
            kill_server(self.served)
            start_server(self.served)
        elif victim == "store":
            self.store.kill()
            self.store.start()
        elif victim == "worker":
            assert self.worker is not None
            self.worker.kill()
            self.worker.wait()
            self.start_worker()
        else:
            return self._kill_one(victim, dice)
        return True

    def _kill_one(self, victim: str, dice: random.Random) -> bool:
        assert self.worker is not None
        children = [pid for pid, _ in processes_of(self.var) if parent_of(pid) == self.worker.pid]
        found = children if victim == "child" else self.tools()
        if not found:
            return False
        try:
            os.kill(dice.choice(found), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def stop(self) -> None:
        if self.worker is not None and self.worker.poll() is None:
            end(self.worker)
            # A worker that was started again a moment ago still dies of the signal itself; no other may need SIGKILL.
            assert self.worker.returncode in (0, -signal.SIGTERM), logs(self)


def parent_of(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


@contextlib.contextmanager
def system(directory: Path) -> Iterator[System]:
    """The embedded system below `directory`, with leases of two seconds and patience with killers."""
    with short_directory("sabaq-chaos") as place, seaweed(place) as store:
        more = {"SABAQ_STORAGE_URL": store.url(), "SABAQ_MAX_ATTEMPTS": "100"}
        with run_server(directory / "var", **more) as served:
            whole = System(served, store)
            whole.start_worker()
            try:
                yield whole
            finally:
                whole.stop()


def upload(served: ServedApp, body: bytes, ended: threading.Event) -> None:
    """As a client on a bad line: send on from where the service says it is, until all is there."""
    client = Tus(served)
    address = None
    while not ended.is_set():
        try:
            address = address or client.created(len(body))
            offset = client.offset(address)
            if offset == len(body):
                return
            client.patch(address, body[offset : offset + PIECE_BYTES], offset)
        except LOST:
            time.sleep(0.1)


def asset_of(served: ServedApp) -> UUID | None:
    with served.sessions.read() as session:
        return session.scalar(select(Lesson.asset_id).limit(1))


def state_of(served: ServedApp) -> str:
    """Straight from the database: the service may be down."""
    asset_id = asset_of(served)
    if asset_id is None:
        return "absent"
    with served.sessions.read() as session:
        return jobs.media_status(session, asset_id, utc_now()).state


def first_victims(seed: int) -> tuple[str, ...]:
    """Who is surely killed under this seed; three seeds in a row kill everybody."""
    return tuple(VICTIMS[(FIRST * seed + place) % len(VICTIMS)] for place in range(FIRST))


def victims(seed: int, dice: random.Random) -> Iterator[str]:
    """Those of the seed first, then everybody once, in random order, again and again."""
    yield from first_victims(seed)
    while True:
        yield from dice.sample(VICTIMS, len(VICTIMS))


def journey(directory: Path, film: bytes, *, seed: int, kills: int) -> Journey:
    """Run it; raises AssertionError when a promise was broken."""
    dice, found, begun = random.Random(seed), Journey(seed), time.monotonic()
    order = victims(seed, dice)
    victim = next(order)
    with system(directory) as whole:
        ended = threading.Event()
        client = threading.Thread(target=upload, args=(whole.served, film, ended), daemon=True)
        client.start()
        try:
            while state_of(whole.served) not in ("ready", "failed"):
                assert time.monotonic() - begun < JOURNEY_S, f"seed {seed}: {state_of(whole.served)}\n{logs(whole)}"
                time.sleep(dice.uniform(0.05, 0.8))
                whole.revive_worker()
                # Who is not there now (an ffmpeg, a child) is looked for again the next time.
                if found.kills.total() < kills and whole.kill(victim, dice):
                    found.kills[victim] += 1
                    victim = next(order)
        finally:
            ended.set()
            client.join()
        found.wall_s = time.monotonic() - begun
        assert state_of(whole.served) == "ready", f"seed {seed}\n{logs(whole)}"
        check_objects(whole, found, film)
    leftover = processes_of(directory)
    assert not leftover, f"seed {seed}: {leftover}"
    return found


def check_objects(whole: System, found: Journey, film: bytes) -> None:
    """What was published is whole, and was made of the very bytes that were sent."""
    store = open_store(whole.served.settings.storage_url)
    with whole.served.sessions.read() as session:
        rows = session.scalars(select(MediaObject)).all()
        found.attempts = session.scalar(select(func.sum(ChunkTask.fence))) or 0
        source = session.scalars(select(TranscodeJob.source_sha256)).one()
    broken = [row.key for row in rows if hashlib.sha256(store.read(row.key)).hexdigest() != row.sha256]
    found.objects = len(rows)
    assert rows
    assert not broken, f"seed {found.seed}: {broken}"
    assert source == hashlib.sha256(film).hexdigest()


def logs(whole: System) -> str:
    return "\n".join((whole.var / name).read_text("utf-8", "replace")[-3000:] for name in ("serve.log", "worker.log"))
