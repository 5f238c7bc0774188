"""Run by Alembic, with the connection that `streamsvc.migrating` opened."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from catalog.database import UtcDateTime as CatalogTime
from streamsvc.database import UtcDateTime as ServiceTime
from streamsvc.migrating import collect_tables
from transcoder.database import UtcDateTime as TranscoderTime


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A revision tells of the database as it was, so it names no type of ours, which may change."""
    if kind == "type" and isinstance(item, CatalogTime | ServiceTime | TranscoderTime):
        return "sa.DateTime(timezone=True)"
    return False


def compare_type(
    _context: Any, _inspected: Any, _metadata: Any, inspected_type: Any, metadata_type: Any
) -> bool | None:
    """Our times are plain times to the database."""
    if isinstance(metadata_type, CatalogTime | ServiceTime | TranscoderTime):
        return not isinstance(inspected_type, sa.DateTime)
    return None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=collect_tables(),
    render_item=render_item,
    compare_type=compare_type,
    # SQLite cannot change a table in place: batches copy it.
    render_as_batch=True,
    # One transaction for the whole way, opened by the caller: all or nothing.
    transactional_ddl=False,
)
context.run_migrations()
