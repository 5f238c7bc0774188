"""Statements out of the store, as JSON lines."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from streamsvc.trace.tables import StoredStatement


def export(
    session: Session,
    *,
    since: datetime | None = None,
    lesson_id: UUID | None = None,
    session_id: UUID | None = None,
) -> Iterator[str]:
    """
    Statements as JSON, one a line without its newline, oldest first.

    `since` compares when a statement was stored: what a school sent late, about last week, is new all the same.
    """
    query = select(StoredStatement.body).order_by(
        StoredStatement.timestamp, StoredStatement.session_id, StoredStatement.sequence
    )
    if since is not None:
        query = query.where(StoredStatement.stored >= since)
    if lesson_id is not None:
        query = query.where(StoredStatement.lesson_id == lesson_id)
    if session_id is not None:
        query = query.where(StoredStatement.session_id == session_id)
    yield from session.scalars(query.execution_options(yield_per=1000))
