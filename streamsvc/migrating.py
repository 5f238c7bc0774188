"""One Alembic history for the tables of all packages."""

from importlib import import_module
from importlib.util import find_spec

from sqlalchemy import MetaData

import catalog.database
import streamsvc.database
import transcoder.database

_TABLE_MODULES = (
    "catalog.organizations",
    "catalog.people",
    "catalog.tokens",
    "catalog.lessons",
    "transcoder.jobs",
    "streamsvc.uploads.tables",
    "streamsvc.uploads.transfers",
    "streamsvc.playback.sessions",
    "streamsvc.trace.tables",
    "streamsvc.trace.store",
)


def collect_tables() -> list[MetaData]:
    """Import every module that declares tables, and return the metadata of the three packages."""
    for name in _TABLE_MODULES:
        if find_spec(name):
            import_module(name)
    return [catalog.database.Base.metadata, transcoder.database.Base.metadata, streamsvc.database.Base.metadata]
