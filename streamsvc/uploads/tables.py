"""What the database keeps of an upload: the session, its parts in the store, and the room people have reserved."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from streamsvc.database import Base, UtcDateTime

Kind = Literal["whole", "partial", "final"]
State = Literal["receiving", "complete", "ended"]


class Upload(Base):
    """
    One tus upload.

    It is `receiving` until all its bytes stand in the store, then `complete`; `ended` means terminated, expired or
    given up with its lesson, and keeps the row for a while so that we answer 410. The node that receives bytes holds
    a lease; `epoch` rises whenever another node takes over, and every write names the epoch it believes in.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("kind IN ('whole', 'partial', 'final')", name="kind"),
        CheckConstraint("state IN ('receiving', 'complete', 'ended')", name="state"),
        CheckConstraint("stored_bytes <= length", name="stored_bytes"),
        Index("ix_upload_state_expires_at", "state", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    unit_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(10))
    length: Mapped[int] = mapped_column(BigInteger)
    """In bytes."""
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    """The sum of the parts. What was received beyond it lies in the holder's spool."""
    received_bytes: Mapped[int] = mapped_column(BigInteger)
    """As last acknowledged; the holder may have a little more."""
    reserved_bytes: Mapped[int] = mapped_column(BigInteger)
    """This upload's share of its owner's and school's reservations."""
    metadata_field: Mapped[str] = mapped_column(Text)
    concat_field: Mapped[str] = mapped_column(Text)
    asset_id: Mapped[UUID | None] = mapped_column(Uuid, unique=True)
    """None for a partial upload, which becomes no lesson of its own."""
    lesson_id: Mapped[UUID | None] = mapped_column(Uuid)
    joined_into: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    """The final upload that took over a partial one's parts."""
    node: Mapped[str] = mapped_column(String(36), index=True)
    """Who holds it; empty when nobody does, and then everything received is in the store."""
    epoch: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UploadPart(Base):
    """A run of bytes of one upload that stands in the store; a final upload lists the parts of its partial ones."""

    __tablename__ = "upload_part"

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(200), index=True)


class UploadQuota(Base):
    """The room that one person or one school has reserved: all their open uploads and their lessons' sources."""

    __tablename__ = "upload_quota"

    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """A person's or a unit's id."""
    reserved_bytes: Mapped[int] = mapped_column(BigInteger)
