"""
What a second worker gives, and what queue and database take of each chunk.

    python -m benchmarks.scaling [--minutes 10] [--ladder FILE] [--json]

The same lesson, from the end of its upload to its publication, with one and with two workers of one slot and one
encoder thread each, on a small system (SQLite, a directory, a broker in a folder). Goal: 1.85 times as fast.

`between` is the time in which the only worker works on no task, for each task that it did: waking up, claiming,
noting the end. `queue` is the queue alone, without a worker: claim, plan, renewal and end of a chunk with its objects.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from uuid import UUID

from benchmarks.minutes import lesson_of, small_system, store_source, submit, wait_for_workers
from tests.functional.app_fixtures import QUICK_LADDER
from tests.functional.worker_fixtures import Works, now
from tests.transcoder.queue_fixtures import SHA256, made_of, plan_of, started_of
from transcoder import jobs
from transcoder.claims import Claim, Worker, claim, renew
from transcoder.planning import adopt_plan, note_source, settle_plan
from transcoder.planning import plan_of as stored_plan
from transcoder.settling import finish

LEAST_SPEED_UP = 1.85
POLL_S = 0.2
QUEUE_MINUTES = 10
WITHIN_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """One lesson to its publication."""

    workers: int
    wall_s: float
    tasks: int
    between_ms: float
    """Per task and worker, without the time at the end in which a worker found nothing to do."""


@dataclass(frozen=True, slots=True)
class Scaling:
    one: Run
    two: Run
    queue_ms: float

    @property
    def speed_up(self) -> float:
        return self.one.wall_s / self.two.wall_s


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--ladder", default=QUICK_LADDER, help="a ladder's file; empty: the policy that ships")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sabaq-scaling-") as name:
        folder = Path(name)
        one, two = (_run(folder, options, workers) for workers in (1, 2))
        found = Scaling(one, two, queue_ms(folder))
    report(found, as_json=options.json)
    return 0 if found.speed_up >= LEAST_SPEED_UP else 1


def _run(folder: Path, options: argparse.Namespace, workers: int) -> Run:
    path = lesson_of(options.minutes, folder)
    with small_system(folder / f"var-{workers}", ladder=options.ladder) as works:
        for _ in range(workers):
            works.start_worker(1)
        wait_for_workers(works, workers)
        asset_id, parts = store_source(works, path)
        started = time.monotonic()
        submit(works, asset_id, parts)
        _wait_ready(works, asset_id)
        wall_s = time.monotonic() - started
        spans = [(task.worker, task.started_at, task.finished_at) for task in works.tasks(asset_id)]
    return Run(workers, wall_s, len(spans), between_ms(spans))


def _wait_ready(works: Works, asset_id: UUID) -> None:
    deadline = time.monotonic() + WITHIN_S
    while (status := works.status(asset_id)).state != "ready":
        assert status.state != "failed", status
        assert time.monotonic() < deadline, status
        time.sleep(POLL_S)


def between_ms(spans: list[tuple[str | None, datetime | None, datetime | None]]) -> float:
    """Median time between the end of a task and the beginning of the next of the same worker."""
    gaps = []
    for worker in {worker for worker, _, _ in spans}:
        own = sorted((began, ended) for name, began, ended in spans if name == worker and began and ended)
        gaps += [(own[index + 1][0] - own[index][1]).total_seconds() for index in range(len(own) - 1)]
    return 1000 * median(gaps) if gaps else 0.0


def queue_ms(folder: Path) -> float:
    """Of one video chunk, with everything that is read and written for it."""
    with small_system(folder / "var-queue", ladder=QUICK_LADDER) as works:
        asset_id = UUID(int=1)
        works.write(jobs.submit, asset_id, [jobs.SourcePart("uploads/1/0", 0, 9, SHA256)], now=now())
        length_s, worker, times = 60.0 * QUEUE_MINUTES, Worker("benchmark", 1), []
        while held := works.write(claim, worker, now=now(), lease_s=60):
            began = time.perf_counter()
            _settle(works, held, length_s)
            if held.kind == "video":
                times.append(time.perf_counter() - began)
            if held.kind == "publish":
                break
    return 1000 * median(times)


def _settle(works: Works, held: Claim, length_s: float) -> None:
    if held.kind == "probe":
        works.write(note_source, held, SHA256, now=now())
        works.write(adopt_plan, held, started_of(length_s), now=now())
    elif held.kind == "analyse":
        works.write(settle_plan, held, plan_of(length_s), now=now())
    elif held.kind == "video":
        plan = works.read(stored_plan, held.job_id)
        works.write(renew, held, now=now(), lease_s=60, progress=0.5)
        numbers = plan.segments_of(plan.chunks[held.chunk])
        stored = [item for name in held.renditions for item in made_of(plan, name, numbers, held.asset_id)]
        works.write(finish, held, stored, now=now())
    else:
        works.write(finish, held, [], now=now())


def report(found: Scaling, *, as_json: bool) -> None:
    if as_json:
        json.dump({**asdict(found), "speed_up": found.speed_up}, sys.stdout, indent=2)
        return
    for run in (found.one, found.two):
        print(f"{run.workers} worker(s): {run.wall_s:.1f} s, {run.tasks} tasks, {run.between_ms:.0f} ms between two")
    holds = "holds" if found.speed_up >= LEAST_SPEED_UP else "MISSED"
    print(f"speed-up {found.speed_up:.2f} (goal {LEAST_SPEED_UP}): {holds}")
    print(f"queue and database: {found.queue_ms:.1f} ms for each chunk")


if __name__ == "__main__":
    sys.exit(main())
