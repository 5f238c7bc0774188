"""
The life of an upload in the database: created, held by a node while bytes come, grown by parts, complete.

    create → hold → add_part … → complete, in the transaction of the last part, together with the lesson's submission

Every function locks the row it changes, so that requests, nodes and collectors that meet have one outcome.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog import lessons
from streamsvc.settings import UploadSettings
from streamsvc.uploads import quotas
from streamsvc.uploads.errors import UploadBusy, UploadGone, UploadMissing, UploadTakenOver, UploadTooLarge
from streamsvc.uploads.tables import Kind, Upload, UploadPart
from transcoder import jobs
from transcoder.jobs import SourcePart

NOBODY = ""


class Owner(Protocol):
    """Who uploads, and for which school."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def unit_id(self) -> UUID: ...
    @property
    def unit_path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for when it creates an upload."""

    kind: Kind
    length: int
    """In bytes."""
    title: str
    metadata_field: str
    concat_field: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """A node's claim on an upload; every write names it and is refused when another took over."""

    node: str
    epoch: int
    lease: timedelta


def create(session: Session, wanted: Wanted, *, owner: Owner, limits: UploadSettings, now: datetime) -> Upload:
    """
    Reserve the room and open the upload; a whole one gets its lesson now. An empty one is complete at once.

    Raises UploadTooLarge, QuotaPersonExceeded, QuotaSchoolExceeded.
    """
    check_size(wanted.length, limits=limits)
    quotas.reserve(
        session,
        wanted.length,
        owner_id=owner.person_id,
        unit_id=owner.unit_id,
        person_limit=limits.person_quota_bytes,
        school_limit=limits.school_quota_bytes,
    )
    upload = opened(session, wanted, owner=owner, limits=limits, now=now)
    if upload.length == 0:
        complete(session, upload, now=now)
    return upload


def check_size(length: int, *, limits: UploadSettings) -> None:
    if length > limits.max_bytes:
        raise UploadTooLarge(f"{length} bytes", size_mb=-(-length // quotas.MB), limit_mb=limits.max_bytes // quotas.MB)


def opened(session: Session, wanted: Wanted, *, owner: Owner, limits: UploadSettings, now: datetime) -> Upload:
    """The row of a new upload whose room is reserved already, and its lesson unless it is a partial one."""
    upload = Upload(
        id=uuid4(),
        owner_id=owner.person_id,
        unit_id=owner.unit_id,
        kind=wanted.kind,
        state="receiving",
        length=wanted.length,
        stored_bytes=0,
        received_bytes=0,
        reserved_bytes=wanted.length,
        metadata_field=wanted.metadata_field,
        concat_field=wanted.concat_field,
        node=NOBODY,
        epoch=1,
        lease_until=now,
        created_at=now,
        expires_at=now + timedelta(seconds=limits.lifetime_s),
    )
    if wanted.kind != "partial":
        upload.asset_id = uuid4()
        lesson = lessons.create(
            session,
            wanted.title,
            owner_id=owner.person_id,
            unit_id=owner.unit_id,
            unit_path=owner.unit_path,
            asset_id=upload.asset_id,
            now=now,
        )
        upload.lesson_id = lesson.id
    session.add(upload)
    session.flush()
    return upload


def find(session: Session, upload_id: UUID, owner_id: UUID, *, now: datetime, lock: bool = False) -> Upload:
    """Raises UploadMissing for what never was or is another's, UploadGone for what has expired or was ended."""
    upload = session.get(Upload, upload_id, with_for_update=lock, populate_existing=True)
    if upload is None or upload.owner_id != owner_id:
        raise UploadMissing(f"no upload {upload_id}")
    if upload.state == "ended" or upload.expires_at <= now:
        raise UploadGone(f"upload {upload_id} is over")
    return upload


def hold(session: Session, upload_id: UUID, owner_id: UUID, *, node: str, lease: timedelta, now: datetime) -> Upload:
    """
    Make `node` the holder, or renew its lease; a complete upload is held by nobody.

    From a silent node the upload is taken over when the lease has run out: what that node alone had is given up, so
    the offset is what stands in the store. Raises UploadMissing, UploadGone, UploadBusy.
    """
    upload = find(session, upload_id, owner_id, now=now, lock=True)
    if upload.state != "receiving":
        return upload
    if upload.node not in {NOBODY, node} and upload.lease_until > now:
        wait_s = (upload.lease_until - now).total_seconds()
        raise UploadBusy(f"held by {upload.node}", retry_after_s=int(wait_s) + 1)
    if upload.node not in {NOBODY, node}:
        upload.epoch, upload.received_bytes = upload.epoch + 1, upload.stored_bytes
    upload.node, upload.lease_until = node, now + lease
    return upload


def needs_hold(upload: Upload, *, node: str, lease: timedelta, now: datetime) -> bool:
    """Whether `hold` would change anything that matters: small requests spare themselves a write."""
    return upload.state == "receiving" and (upload.node != node or upload.lease_until < now + lease / 2)


def add_part(session: Session, upload_id: UUID, part: SourcePart, *, holder: Holder, now: datetime) -> Upload:
    """
    Note a part that stands in the store; the last one completes the upload and submits its asset.

    Adding the same part again changes nothing. Raises UploadGone, UploadTakenOver.
    """
    upload = session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if upload is not None and upload.state == "complete":
        return upload
    upload = _held(upload, holder=holder)
    if _has(session, upload_id, part):
        return upload
    if part.offset != upload.stored_bytes:
        raise UploadTakenOver(f"part at {part.offset}, stored {upload.stored_bytes}")
    session.add(UploadPart(upload_id=upload_id, **_columns(part)))
    upload.stored_bytes += part.bytes
    upload.received_bytes = max(upload.received_bytes, upload.stored_bytes)
    upload.lease_until = now + holder.lease
    session.flush()
    if upload.stored_bytes == upload.length:
        complete(session, upload, now=now)
    return upload


def acknowledge(session: Session, upload_id: UUID, received_bytes: int, *, holder: Holder, now: datetime) -> Upload:
    """Note how far the holder's disk has come, unless it is all there. Raises UploadGone, UploadTakenOver."""
    upload = session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if upload is not None and upload.state == "complete":
        return upload
    upload = _held(upload, holder=holder)
    upload.received_bytes = received_bytes
    upload.lease_until = now + holder.lease
    return upload


def let_go(session: Session, upload_id: UUID, *, holder: Holder) -> None:
    """Free an upload whose received bytes all stand in the store, so that any node may go on with it."""
    session.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.node == holder.node, Upload.epoch == holder.epoch)
        .where(Upload.state == "receiving")
        .values(node=NOBODY, received_bytes=Upload.stored_bytes)
    )


def renew(session: Session, upload_ids: Collection[UUID], *, node: str, until: datetime) -> None:
    """Keep the leases of a node that is alive."""
    session.execute(
        update(Upload)
        .where(Upload.id.in_(upload_ids), Upload.node == node, Upload.state == "receiving")
        .values(lease_until=until)
    )


def inherit(session: Session, upload_id: UUID, holder: Holder, *, dead: str, now: datetime) -> str | None:
    """
    Take over an upload together with the spool of a dead node on our disk: nothing is lost, so the epoch stays.

    Returns the node that held it, which may be ourselves if we were interrupted at it; None when it is not to be had.
    """
    upload = session.get(Upload, upload_id, with_for_update=True, populate_existing=True)
    if upload is None or upload.state != "receiving" or upload.epoch != holder.epoch:
        return None
    before = upload.node
    if before not in {dead, holder.node}:
        return None
    upload.node, upload.lease_until = holder.node, now + holder.lease
    return before


def held_by(session: Session, node: str, *, upload_id: UUID | None = None) -> list[Upload]:
    """What a node has to look after, also after it was killed; or only that one upload, if it does."""
    chosen = select(Upload).where(Upload.node == node, Upload.state == "receiving")
    return list(session.scalars(chosen if upload_id is None else chosen.where(Upload.id == upload_id)))


def complete(session: Session, upload: Upload, *, now: datetime) -> None:
    """All bytes stand in the store: hand the list of parts to the transcoder, unless it is a partial upload."""
    upload.state, upload.node, upload.received_bytes = "complete", NOBODY, upload.length
    if upload.asset_id is not None:
        jobs.submit(session, upload.asset_id, source_parts(session, upload.id), now=now)


def source_parts(session: Session, upload_id: UUID) -> list[SourcePart]:
    """The parts in the order of their bytes."""
    rows = session.scalars(select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(UploadPart.offset))
    return [SourcePart(key=row.key, offset=row.offset, bytes=row.bytes, sha256=row.sha256) for row in rows]


def progress(session: Session, asset_ids: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """Of assets still being uploaded: bytes received as last acknowledged, and bytes in all."""
    rows = session.execute(
        select(Upload.asset_id, Upload.received_bytes, Upload.length).where(
            Upload.asset_id.in_(list(asset_ids)), Upload.state == "receiving"
        )
    )
    return {asset_id: (received, length) for asset_id, received, length in rows if asset_id is not None}


def _held(upload: Upload | None, *, holder: Holder) -> Upload:
    if upload is None or upload.state != "receiving":
        raise UploadGone("the upload was ended meanwhile")
    if (upload.node, upload.epoch) != (holder.node, holder.epoch):
        raise UploadTakenOver(f"node {upload.node} took over in epoch {upload.epoch}")
    return upload


def _has(session: Session, upload_id: UUID, part: SourcePart) -> bool:
    known = session.get(UploadPart, (upload_id, part.offset))
    return known is not None and (known.bytes, known.sha256, known.key) == (part.bytes, part.sha256, part.key)


def _columns(part: SourcePart) -> dict[str, object]:
    return {"offset": part.offset, "bytes": part.bytes, "sha256": part.sha256, "key": part.key}
