"""A new job, and the first of its tasks."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from transcoder.settling import wake
from transcoder.tables import ChunkTask, JobTurn, TranscodeJob
from transcoder.worklist import LANE_LAST, LANE_START, RANK_PROBE


def queue_job(session: Session, asset_id: UUID, source_bytes: int, now: datetime, *, renews: bool = False) -> UUID:
    """Returns the job's id and leaves a wake-up. Nobody waits for what `renews` a publication: it goes last."""
    job = TranscodeJob(id=uuid4(), asset_id=asset_id, state="waiting", source_bytes=source_bytes, created_at=now)
    session.add(job)
    session.flush()
    session.add(JobTurn(job_id=job.id, turn=0))
    lane = LANE_LAST if renews else LANE_START
    session.add(ChunkTask(job_id=job.id, kind="probe", lane=lane, rank=RANK_PROBE, queued_at=now, state="ready"))
    session.flush()
    wake(session, 1)
    return job.id
