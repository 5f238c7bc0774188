"""The tree of units: ministry → oblast → district → school, each with a materialised path."""

import re
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String, Uuid, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.database import Base, UtcDateTime
from catalog.errors import BadUnit, UnitMissing

UnitKind = Literal["ministry", "oblast", "district", "school"]
KINDS: tuple[UnitKind, ...] = get_args(UnitKind)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Unit(Base):
    """A node of the tree. `path` is its ancestors' slugs and its own, as `kz/almaty/bostandyk/s25`."""

    __tablename__ = "catalog_unit"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("catalog_unit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(400), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


def child_kind(parent_kind: str | None) -> UnitKind:
    """The only kind that may stand below `parent_kind`; None stands above the ministry. Raises BadUnit."""
    position = 0 if parent_kind is None else [*KINDS].index(parent_kind) + 1  # type: ignore[arg-type]  # a kind
    if position >= len(KINDS):
        raise BadUnit("nothing stands below a school", reason="school")
    return KINDS[position]


def create_unit(session: Session, slug: str, *, name: str, parent: Unit | None, now: datetime) -> Unit:
    """Add a node below `parent`. Raises BadUnit for a slug that is no slug or is taken."""
    if not _SLUG.fullmatch(slug) or len(slug) > 60:
        raise BadUnit(f"{slug!r} is no slug", reason=slug)
    path = f"{parent.path}/{slug}" if parent else slug
    if session.scalar(select(Unit.id).where(Unit.path == path)):
        raise BadUnit(f"{path!r} exists", reason=path)
    unit = Unit(
        id=uuid4(),
        parent_id=parent.id if parent else None,
        kind=child_kind(parent.kind if parent else None),
        name=name,
        path=path,
        created_at=now,
    )
    session.add(unit)
    session.flush()
    return unit


def unit_by_path(session: Session, path: str) -> Unit:
    """Raises UnitMissing."""
    unit = session.scalar(select(Unit).where(Unit.path == path))
    if unit is None:
        raise UnitMissing(f"no unit {path!r}", path=path)
    return unit


def ensure_unit(session: Session, path: str, *, now: datetime) -> Unit:
    """Return the unit at `path`, made with all its missing ancestors, which are named by their slugs."""
    unit: Unit | None = None
    walked = ""
    for slug in path.split("/"):
        walked = f"{walked}/{slug}" if walked else slug
        found = session.scalar(select(Unit).where(Unit.path == walked))
        unit = found or create_unit(session, slug, name=slug, parent=unit, now=now)
    if unit is None:
        raise BadUnit("an empty path", reason=path)
    return unit
