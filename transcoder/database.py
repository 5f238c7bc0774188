"""The transcoder's tables' base, sessions over SQLite and PostgreSQL, and the outbox."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite would give back a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive time has no meaning here")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


@dataclass(frozen=True, slots=True)
class Message:
    """A wake-up to be sent after the commit: a task's name and ids, nothing else."""

    task: str
    args: tuple[str, ...] = ()


def enqueue(session: Session, message: Message) -> None:
    """Note a message; it can be sent once the transaction has committed, and is forgotten if it rolls back."""
    session.info.setdefault("outbox", []).append(message)


def take_sendable(session: Session) -> list[Message]:
    """Hand over what committed transactions of this session left to send, each message once."""
    sendable: list[Message] = session.info.pop("sendable", [])
    return sendable


def _mark_sendable(session: Session) -> None:
    session.info.setdefault("sendable", []).extend(session.info.pop("outbox", []))


def _forget(session: Session) -> None:
    session.info.pop("outbox", None)


event.listen(Session, "after_commit", _mark_sendable)
event.listen(Session, "after_rollback", _forget)


CONNECT_S = 5
"""Whole seconds."""


def engine_options(url: str) -> dict[str, Any]:
    """
    How patient and how talkative an engine is, in workers as in the web.

    An error that ends in the log must not show what stood in a row. And a database host that does not answer must
    not hold requests or tasks for as long as TCP is patient.
    """
    quiet = {"hide_parameters": True}
    if make_url(url).get_backend_name() == "sqlite":
        return quiet
    waits = {} if "connect_timeout" in make_url(url).query else {"connect_timeout": CONNECT_S}
    return {**quiet, "pool_pre_ping": True, "connect_args": waits, "pool_timeout": CONNECT_S}


def is_outage(error: BaseException) -> bool:
    """Whether the database is out of reach, rather than asked for something wrong."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def prepare_engine(engine: Engine) -> Engine:
    """
    Give SQLite write-ahead logging, patience and explicit transactions; leave other databases as they are.

    Writing transactions begin IMMEDIATE: a transaction that reads first and writes later would otherwise fail at
    once, without waiting, when another process wrote in between. For an async engine pass its `sync_engine`.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: Any, _record: object) -> None:
    # The driver must not open transactions of its own: `_on_sqlite_begin` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    # The journal mode is kept in the file; asking again while another process writes could meet a lock.
    cursor.execute("PRAGMA journal_mode")
    if cursor.fetchone()[0] != "wal":
        cursor.execute("PRAGMA busy_timeout = 10000")
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_sqlite_begin(connection: Any) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


@dataclass(frozen=True, slots=True)
class Sessions:
    """Two makers over one pool: `write()` takes SQLite's write lock at once, `read()` never does."""

    engine: Engine
    write: sessionmaker[Session]
    read: sessionmaker[Session]


def open_sessions(database_url: str) -> Sessions:
    """For workers and commands; the web has its async twin in `streamsvc.database`."""
    engine = prepare_engine(create_engine(database_url, **engine_options(database_url)))
    reading = engine.execution_options(sqlite_begin="DEFERRED")
    return Sessions(engine, sessionmaker(engine, expire_on_commit=False), sessionmaker(reading, expire_on_commit=False))
