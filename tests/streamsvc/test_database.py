"""Domain code in transactions off the event loop, and a database that is out of reach as one error of ours."""

import asyncio
import threading

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from streamsvc.database import Database, async_url, translated
from streamsvc.errors import DatabaseUnavailable
from transcoder.database import Message, enqueue

METADATA = MetaData()
NUMBERS = Table("numbers", METADATA, Column("number", Integer, primary_key=True))


def add(session, number, *, then=None):
    session.execute(insert(NUMBERS).values(number=number))
    enqueue(session, Message("work", (str(number),)))
    if then is not None:
        raise then
    return number


def all_numbers(session):
    return list(session.scalars(select(NUMBERS.c.number)))


@pytest.fixture
async def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path}/x.db")
    async with opened.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield opened
    await opened.close()


async def test_messages_come_with_the_commit(database):
    assert await database.write(add, 1) == (1, [Message("work", ("1",))])
    assert await database.read(all_numbers) == [1]


async def test_what_fails_leaves_neither_row_nor_message(database):
    with pytest.raises(KeyError):
        await database.write(add, 1, then=KeyError("x"))

    assert await database.read(all_numbers) == []
    assert await database.write(add, 2) == (2, [Message("work", ("2",))])


async def test_a_database_that_is_not_there_is_an_error_of_ours(tmp_path):
    others = set(threading.enumerate())
    opened = Database(f"sqlite:///{tmp_path}/no/such/folder/x.db")

    with pytest.raises(DatabaseUnavailable):
        await opened.read(all_numbers)
    await opened.close()
    # The driver's thread says goodbye to this loop, which must be there to hear it.
    for thread in set(threading.enumerate()) - others:
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)


async def test_a_broken_rule_stays_what_it_is(database):
    """
    A taken key is no outage.
    """
    await database.write(add, 1)

    with pytest.raises(IntegrityError) as refused:
        await database.write(add, 1)
    assert "hidden" in str(refused.value), "an error in the log shows what stands in a row"


def test_a_connection_that_broke_is_an_outage():
    broken = DBAPIError("SELECT 1", {}, Exception("server closed the connection"), connection_invalidated=True)

    with pytest.raises(DatabaseUnavailable), translated():
        raise broken


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////srv/x.db", "sqlite+aiosqlite:////srv/x.db"),
        ("postgresql+psycopg://a:b@db/sabaq", "postgresql+psycopg://a:b@db/sabaq"),
    ],
)
def test_the_same_database_through_an_async_driver(url, expected):
    assert async_url(url) == expected
