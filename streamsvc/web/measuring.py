"""Gauges that live in the database, read when somebody asks for the metrics."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from streamsvc.errors import DatabaseUnavailable
from streamsvc.services import Services
from transcoder.tables import TranscodeJob

STATES = ("waiting", "encoding", "failed")
"""What operators act upon; finished jobs only grow in number."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at the queue."""

    jobs: dict[str, int]
    queue_age_s: float


def figures(session: Session, *, now: datetime) -> Figures:
    """How many jobs stand where, and how long the oldest has waited to be begun."""
    counts = session.execute(
        select(TranscodeJob.state, func.count().label("jobs"))
        .where(TranscodeJob.state.in_(STATES))
        .group_by(TranscodeJob.state)
    )
    oldest = session.scalar(
        select(TranscodeJob.created_at)
        .where(TranscodeJob.state == "waiting")
        .order_by(TranscodeJob.created_at)
        .limit(1)
    )
    age_s = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return Figures({**dict.fromkeys(STATES, 0), **{row.state: row.jobs for row in counts}}, age_s)


async def measure(services: Services) -> None:
    """Set the gauges; they keep their old values while the database does not answer, which `readyz` tells."""
    try:
        found = await services.database.read(figures, now=services.now())
    except DatabaseUnavailable:
        services.telemetry.upkeep_failures.labels("measure").inc()
        return
    for state, count in found.jobs.items():
        services.telemetry.jobs.labels(state).set(count)
    services.telemetry.queue_age_s.set(found.queue_age_s)
