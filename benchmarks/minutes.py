"""Generated lessons of so many minutes, on a small system of this machine: what benchmarks of the queue share."""

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from benchmarks.transcode import make_lesson
from cdn.layout import upload_part
from tests.functional.worker_fixtures import Works, now, run_works
from transcoder import jobs
from transcoder.tools import find_tools

PART_BYTES = 8 * 1024 * 1024
"""As the service stores an upload."""


def lesson_of(minutes: int, folder: Path) -> Path:
    """The same minute of slides, pointer and tone, so many times over; copied, not encoded again."""
    minute, path = folder / "minute.mp4", folder / f"{minutes}-minutes.mp4"
    if not minute.exists():
        make_lesson(minute, 1)
    if not path.exists():
        command = [find_tools().ffmpeg, "-v", "error", "-y", "-stream_loop", minutes - 1, "-i", minute, "-c", "copy"]
        subprocess.run([str(word) for word in (*command, path)], check=True)
    return path


@contextmanager
def small_system(folder: Path, *, ladder: str, **more: str) -> Iterator[Works]:
    """Database, store and broker below `folder`, with usual leases; what the reconciler heals it heals."""
    settings = {"SABAQ_LADDER": ladder, "SABAQ_LEASE_S": "60", "SABAQ_TASK_LIMIT_S": "7200", **more}
    with run_works(folder, **settings) as works, works.reconciling():
        yield works


def store_source(works: Works, path: Path) -> tuple[UUID, list[jobs.SourcePart]]:
    """Its parts, as they stand when the last byte of an upload comes."""
    asset_id, parts, offset = uuid4(), [], 0
    with path.open("rb") as file:
        while piece := file.read(PART_BYTES):
            key = upload_part(asset_id, offset)
            works.store.put(key, piece, content_type="application/octet-stream")
            parts.append(jobs.SourcePart(key, offset, len(piece), hashlib.sha256(piece).hexdigest()))
            offset += len(piece)
    return asset_id, parts


def submit(works: Works, asset_id: UUID, parts: list[jobs.SourcePart]) -> None:
    works.write(jobs.submit, asset_id, parts, now=now())


def wait_for_workers(works: Works, slots: int = 1) -> None:
    """Until so many slots took their first message, which a worker sends itself when it is ready."""

    def ready() -> bool:
        return (works.var / "worker.log").read_text("utf-8", "replace").count("succeeded in") >= slots

    works.wait_for(ready, "workers take messages")
