"""
What lies within a unit, as predicates in SQL: the one place that builds them.

Paths are compared as ranges of bytes, which an index serves, so a column needs the type `catalog.database.UNIT_PATH`.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, false, or_
from sqlalchemy.orm import InstrumentedAttribute

PathColumn = ColumnElement[str] | InstrumentedAttribute[str]


def within(column: PathColumn, path: str) -> ColumnElement[bool]:
    """The unit at `path` and everything below it."""
    # "0" follows "/" in ASCII, and slugs have neither: these are all texts that begin with the path and a slash.
    return or_(column == path, and_(column >= f"{path}/", column < f"{path}0"))


def within_any(column: PathColumn, paths: Iterable[str]) -> ColumnElement[bool]:
    """Within at least one of the units; of no units nothing is."""
    return or_(false(), *(within(column, path) for path in paths))
