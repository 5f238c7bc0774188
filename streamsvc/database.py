"""The service's own tables' base, and the database as the web sees it: one pool, domain code run by `run_sync`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session

from catalog.database import NAMING
from catalog.database import UtcDateTime as UtcDateTime
from streamsvc.errors import DatabaseUnavailable
from transcoder.database import Message, engine_options, prepare_engine, take_sendable

P = ParamSpec("P")
R = TypeVar("R")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


def async_url(database_url: str) -> str:
    """The same database through a driver that asyncio can use."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite+aiosqlite")
    return url.render_as_string(hide_password=False)


@contextmanager
def translated() -> Iterator[None]:
    """
    Say in our words that the database is out of reach. Raises DatabaseUnavailable.

    An unknown commit may have happened: whoever repeats a request must be able to, so ids come from the client's side
    or repetition changes nothing.
    """
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, ConnectionError) as exc:
        raise DatabaseUnavailable(type(exc).__name__) from exc
    except DBAPIError as exc:
        if not exc.connection_invalidated:
            raise
        raise DatabaseUnavailable(type(exc).__name__) from exc


class Database:
    """Runs synchronous domain functions in transactions, off the event loop's back."""

    def __init__(self, database_url: str) -> None:
        url = async_url(database_url)
        self.engine = create_async_engine(url, **engine_options(url))
        prepare_engine(self.engine.sync_engine)
        self._reading = self.engine.execution_options(sqlite_begin="DEFERRED")

    async def write(
        self, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, list[Message]]:
        """Run in one writing transaction; also return the messages that its commit released."""
        with translated():
            async with AsyncSession(self.engine, expire_on_commit=False) as session:
                async with session.begin():
                    result = await session.run_sync(function, *args, **kwargs)
                return result, take_sendable(session.sync_session)

    async def read(self, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run in one transaction that never takes SQLite's write lock."""
        with translated():
            async with AsyncSession(self._reading, expire_on_commit=False) as session, session.begin():
                return await session.run_sync(function, *args, **kwargs)

    async def close(self) -> None:
        await self.engine.dispose()
