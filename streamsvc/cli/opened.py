"""The database as subcommands use it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from streamsvc.database import translated
from streamsvc.instance import make_var
from streamsvc.migrating import require_current_schema
from streamsvc.settings import settings_from
from transcoder.database import Sessions, open_sessions


@contextmanager
def opened_sessions(environ: Mapping[str, str], *, any_schema: bool = False) -> Iterator[Sessions]:
    """Sessions on the database of the settings. Raises DatabaseUnavailable, SchemaOutdated unless `any_schema`."""
    settings = settings_from(environ)
    make_var(settings.var)
    sessions = open_sessions(settings.database_url)
    try:
        with translated():
            if not any_schema:
                require_current_schema(sessions.engine)
            yield sessions
    finally:
        sessions.engine.dispose()
