"""Gauges that live in the database and on the disks, read when somebody asks for the metrics."""

import asyncio
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from streamsvc.errors import DatabaseUnavailable
from streamsvc.services import Services
from transcoder.tables import LIVE_JOB_STATES, ChunkTask, TranscodeJob
from transcoder.worklist import LANE_LAST

STATES = ("waiting", "encoding", "failed")
"""What operators act upon; finished jobs only grow in number."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at the queue."""

    jobs: dict[str, int]
    queue_age_s: float


def figures(session: Session, *, now: datetime) -> Figures:
    """How many jobs stand where, and the age of the oldest live job that has a task nobody works on."""
    counts = session.execute(
        select(TranscodeJob.state, func.count().label("jobs"))
        .where(TranscodeJob.state.in_(STATES))
        .group_by(TranscodeJob.state)
    )
    oldest = session.scalar(
        select(func.min(ChunkTask.queued_at))
        .join(TranscodeJob, TranscodeJob.id == ChunkTask.job_id)
        # For renewals nobody waits, so they tell nothing of how busy the workers are.
        .where(ChunkTask.state == "ready", ChunkTask.lane < LANE_LAST, TranscodeJob.state.in_(LIVE_JOB_STATES))
    )
    age_s = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return Figures({**dict.fromkeys(STATES, 0), **{row.state: row.jobs for row in counts}}, age_s)


async def measure(services: Services) -> None:
    """
    Set the gauges. Those of the queue keep their old values while the database does not answer, which `readyz` tells.
    """
    places = {"spool": services.settings.uploads.spool, "var": services.settings.var}
    for place, free in (await asyncio.to_thread(free_bytes, places)).items():
        services.telemetry.free_bytes.labels(place).set(free)
    try:
        found = await services.database.read(figures, now=services.now())
    except DatabaseUnavailable:
        services.telemetry.upkeep_failures.labels("measure").inc()
        return
    for state, count in found.jobs.items():
        services.telemetry.jobs.labels(state).set(count)
    services.telemetry.queue_age_s.set(found.queue_age_s)


def free_bytes(places: Mapping[str, Path]) -> dict[str, float]:
    """Of the disk under each place, or under where it would be made; NaN for a disk that does not answer."""
    return {name: _free_bytes(place) for name, place in places.items()}


def _free_bytes(place: Path) -> float:
    try:
        return shutil.disk_usage(next(there for there in (place, *place.parents) if there.exists())).free
    except OSError:
        return math.nan
