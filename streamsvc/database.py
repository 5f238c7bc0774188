"""The service's own tables' base, and the database as the web sees it: one pool, domain code run by `run_sync`."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session

from catalog.database import NAMING
from catalog.database import UtcDateTime as UtcDateTime
from transcoder.database import Message, prepare_engine, take_sendable

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


class Database:
    """Runs synchronous domain functions in transactions, off the event loop's back."""

    def __init__(self, database_url: str) -> None:
        url = async_url(database_url)
        self.engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        prepare_engine(self.engine.sync_engine)
        self._reading = self.engine.execution_options(sqlite_begin="DEFERRED")

    async def write(
        self, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, list[Message]]:
        """Run in one writing transaction; also return the messages that its commit released."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            async with session.begin():
                result = await session.run_sync(function, *args, **kwargs)
            return result, take_sendable(session.sync_session)

    async def read(self, function: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run in one transaction that never takes SQLite's write lock."""
        async with AsyncSession(self._reading, expire_on_commit=False) as session, session.begin():
            return await session.run_sync(function, *args, **kwargs)

    async def close(self) -> None:
        await self.engine.dispose()
