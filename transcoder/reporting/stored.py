"""A published lesson of the service, as a report wants it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cdn.storage import ObjectStore
from transcoder.errors import MediaNotReady
from transcoder.media import Made, Plan
from transcoder.reporting.material import Material, Score
from transcoder.resounding import published_plan_of
from transcoder.tables import MediaAsset, MediaObject, TranscodeJob


def read_published(session: Session, store: ObjectStore, asset_id: UUID, *, title: str) -> Material:
    """What pupils get of an asset now; its files are fetched when they are read. Raises MediaNotReady."""
    asset = session.get(MediaAsset, asset_id)
    if asset is None or asset.published_job_id is None:
        raise MediaNotReady("nothing is published yet")
    job = session.get_one(TranscodeJob, asset.published_job_id)
    plan = published_plan_of(job)
    if plan is None:
        raise MediaNotReady("it was encoded by an earlier version; encode it again")
    rows = session.scalars(
        select(MediaObject)
        .where(MediaObject.job_id == job.id, MediaObject.kind.in_(("init", "segment")))
        .order_by(MediaObject.kind, MediaObject.number)
    ).all()
    keys = {(row.rendition, row.name): row.key for row in rows}
    made = [row.made("init" if row.kind == "init" else "segment") for row in rows]
    scores = {name: Score(*figures) for name, figures in (job.quality or {}).get("vmaf", {}).items()}
    return Material(
        title, plan, _by_rendition(plan, made), lambda item: store.read(keys[item.rendition, item.name]), scores
    )


def _by_rendition(plan: Plan, made: list[Made]) -> dict[str, list[Made]]:
    return {each.name: [item for item in made if item.rendition == each.name] for each in plan.renditions}
