"""One Alembic history for the tables of all packages."""

from functools import cache
from importlib import import_module
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

import catalog.database
import streamsvc.database
import transcoder.database
from streamsvc.errors import SchemaOutdated

_TABLE_MODULES = (
    "catalog.organizations",
    "catalog.people",
    "catalog.tokens",
    "catalog.lessons",
    "catalog.audit",
    "transcoder.tables",
    "streamsvc.uploads.tables",
    "streamsvc.playback.sessions",
    "streamsvc.trace.tables",
)

_LOCK = 0x5ABA9
"""Of PostgreSQL's advisory locks: two machines that migrate at once take turns."""


def collect_tables() -> list[MetaData]:
    """Import every module that declares tables, and return the metadata of the three packages."""
    for name in _TABLE_MODULES:
        import_module(name)
    return [catalog.database.Base.metadata, transcoder.database.Base.metadata, streamsvc.database.Base.metadata]


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file: everything it needs is here."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@cache
def newest_revision() -> str | None:
    """The schema that this version of the code wants."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def current_revision(connection: Connection) -> str | None:
    """The schema that the database has; None when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def require_current_schema(engine: Engine) -> None:
    """Raises SchemaOutdated when the database needs `sabaq migrate`."""
    with engine.connect() as connection:
        require_current(connection)


def require_current(connection: Connection) -> None:
    """As `require_current_schema`, on an open connection."""
    wanted, found = newest_revision(), current_revision(connection)
    if wanted != found:
        raise SchemaOutdated(f"schema {found} is not {wanted}", found=found or "-", wanted=wanted or "-")


def is_current(connection: Connection) -> bool:
    """Whether this version of the code and the database fit together."""
    return current_revision(connection) == newest_revision()


def migrate(engine: Engine, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the database to a revision in one transaction; returns the revisions before and after."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            # Better to fail after two seconds than to make every query wait behind us for a table lock.
            connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        before = current_revision(connection)
        command.upgrade(alembic_config(connection), revision)
        return before, current_revision(connection)


def stamp(engine: Engine) -> None:
    """Declare the schema to be the newest, for tables that were created from the models."""
    with engine.begin() as connection:
        command.stamp(alembic_config(connection), "head")
