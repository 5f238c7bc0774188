"""The last task of a job: nothing is published before every object is proved to be there."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from cdn import layout
from cdn.errors import ObjectExists
from cdn.storage import ObjectStore
from transcoder import media_playlists, playlists
from transcoder.claims import Claim, update_held
from transcoder.errors import EncodeCancelled, ObjectsLost, OutputInvalid
from transcoder.growing import SUFFIX, as_made, relative
from transcoder.keeping import damaged
from transcoder.measuring import queue_measure
from transcoder.media import Made, Plan
from transcoder.offering import offered
from transcoder.pulse import Pulse
from transcoder.renewing import switch_to
from transcoder.resounding import published_plan, published_sound
from transcoder.settling import leave_round, lock_job, reopen
from transcoder.station import Station
from transcoder.status import rendition_status
from transcoder.tables import MediaAsset, MediaObject
from transcoder.tallies import Tally
from transcoder.verify import verify_asset

PLAYLISTS = "playlists"


@dataclass(frozen=True, slots=True)
class PlaylistFile:
    """One playlist of a publication, in the store."""

    name: str
    key: str
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def do_publish(station: Station, held: Claim, pulse: Pulse) -> None:
    """
    Read every object back, write the VOD playlists, publish in one transaction.

    Lost or damaged objects are made again by the tasks that made them. Each attempt has a publication id of its own,
    so that a playlist, once written, is never another.
    """
    plan, rows = station.read(published_plan, held.job_id), station.read(objects_of, held.job_id)
    broken = damaged(station.store, rows, cancelled=pulse.cancelled)
    if broken and held.attempts >= station.settings.max_attempts:
        raise ObjectsLost(f"{len(broken)} objects of job {held.job_id} are lost", count=len(broken))
    if broken:
        station.commit(reopen, held, {row.task_id for row in broken}, now=station.now())
        return
    made = _by_rendition([as_made(row) for row in rows])
    findings = verify_asset(plan, made, sound=station.read(published_sound, held.job_id))
    if findings:
        raise OutputInvalid(str(findings[0]), rule=findings[0].rule)
    plan = offered(plan, made)
    publication_id = uuid4()
    files = written(plan, made, {row.key: as_made(row) for row in rows}, held.asset_id, publication_id)
    put_playlists(station.store, files)
    if pulse.lost:
        raise EncodeCancelled("the claim was lost while playlists were written")
    measured = bool(plan.video) and station.settings.measured_segments > 0
    station.commit(publish, held, plan, made, publication_id, files, now=station.now(), measured=measured)
    if not measured:
        # Nothing more is made of it here; copies on other hosts go when their disks need room.
        station.workspace.forget(held.asset_id)


def put_playlists(store: ObjectStore, files: Iterable[PlaylistFile]) -> None:
    """The publication's id is new: what stands there already is a request of ours whose answer got lost."""
    for file in files:
        with suppress(ObjectExists):
            store.put(file.key, file.body, content_type=layout.PLAYLIST_TYPE, if_absent=True)


def objects_of(session: Session, job_id: UUID) -> list[MediaObject]:
    """All but playlists."""
    kinds = ("init", "segment", "still")
    return list(session.scalars(select(MediaObject).where(MediaObject.job_id == job_id, MediaObject.kind.in_(kinds))))


def _by_rendition(made: list[Made]) -> dict[str, list[Made]]:
    found: dict[str, list[Made]] = {}
    for item in made:
        found.setdefault(item.rendition, []).append(item)
    return found


def written(
    plan: Plan, made: dict[str, list[Made]], keys: dict[str, Made], asset_id: UUID, publication_id: UUID
) -> list[PlaylistFile]:
    """The VOD playlists of one publication, with measured rates."""
    key_of = {(item.rendition, item.name): key for key, item in keys.items()}
    target_s = media_playlists.target_duration(plan)

    def uri(item: Made) -> str:
        return relative(asset_id, key_of[item.rendition, item.name])

    texts = _multivariants(plan, made)
    for rendition in plan.renditions:
        texts[_playlist_name(rendition.name)] = media_playlists.media_playlist(
            made[rendition.name], target_s=target_s, uri=uri
        )
    for rung in plan.video:
        texts[_iframes_name(rung.name)] = media_playlists.iframe_playlist(made[rung.name], target_s=target_s, uri=uri)
    return [
        PlaylistFile(name, layout.published(asset_id, publication_id, name), text.encode())
        for name, text in texts.items()
    ]


def _multivariants(plan: Plan, made: dict[str, list[Made]]) -> dict[str, str]:
    """One for each choice of families; what the lesson has in one family only gets no playlist for the other."""
    there = set(playlists.families_of(plan))
    return {
        name: playlists.multivariant(plan, made, uri=_playlist_name, iframes_uri=_iframes_name, families=families)
        for name, families in playlists.MULTIVARIANTS.items()
        if there & set(families)
    }


def _playlist_name(rendition: str) -> str:
    return rendition + SUFFIX


def _iframes_name(rendition: str) -> str:
    return f"{rendition}-iframes{SUFFIX}"


def publish(
    session: Session,
    held: Claim,
    plan: Plan,
    made: dict[str, list[Made]],
    publication_id: UUID,
    files: list[PlaylistFile],
    *,
    now: datetime,
    measured: bool = False,
) -> None:
    """
    The one transaction that makes the lesson ready; it will then be `measured`.

    Raises EncodeCancelled when the claim was lost.
    """
    # The asset before the job, as everybody else locks them.
    asset = session.get_one(MediaAsset, held.asset_id, with_for_update=True)
    job = lock_job(session, held.job_id)
    if not update_held(session, held, state="done", progress=1.0, finished_at=now, lease_until=None, error_code=None):
        raise EncodeCancelled("the claim was lost before publication")
    for file in files:
        session.merge(_playlist_row(held, file))
    job.state, job.publication_id, job.finished_at = "ready", publication_id, now
    job.summary = summary(plan, made)
    switch_to(session, asset, job, now=now)
    if measured:
        queue_measure(session, job)
    leave_round(session, held.job_id)


def _playlist_row(held: Claim, file: PlaylistFile) -> MediaObject:
    return MediaObject(
        job_id=held.job_id,
        rendition=PLAYLISTS,
        name=file.name,
        kind="playlist",
        key=file.key,
        bytes=len(file.body),
        sha256=file.sha256,
        task_id=held.task_id,
        fence=held.fence,
    )


def summary(plan: Plan, made: dict[str, list[Made]]) -> list[dict[str, object]]:
    """The renditions with measured rates, as the status shows them from now on."""
    target_s = media_playlists.target_duration(plan)
    rows = []
    for rendition in plan.renditions:
        files = made[rendition.name]
        rate = playlists.rendition_rate(files, target_s=target_s)
        rows.append(asdict(rendition_status(plan, rendition, _tally(files), rate)))
    return rows


def _tally(files: list[Made]) -> Tally:
    segments = [item for item in files if item.kind == "segment"]
    return Tally(
        segments=len(segments),
        bytes=sum(item.bytes for item in files),
        seconds=float(sum(item.duration_s for item in segments)),
        first=0,
        codec=max(item.codec for item in files),
    )
