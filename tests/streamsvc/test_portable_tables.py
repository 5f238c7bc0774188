"""Rows as JSON lines."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from streamsvc.portable_tables import read_table, write_table
from transcoder.database import UtcDateTime, prepare_engine

METADATA = MetaData()
NODE = Table(
    "node",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("node.id")),
    Column("name", String(50)),
)
THING = Table(
    "thing",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("at", UtcDateTime),
    Column("data", JSON),
    Column("raw", LargeBinary),
)


@pytest.fixture
def connection(tmp_path):
    engine = prepare_engine(create_engine(f"sqlite:///{tmp_path}/db"))
    METADATA.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def written(connection, table):
    out = io.StringIO()
    write_table(connection, table, out)
    return out.getvalue()


def test_one_line_per_row_whatever_is_in_it(connection):
    row = {
        "id": UUID("11111111-1111-4111-8111-111111111111"),
        "at": datetime(2026, 11, 24, 8, 0, 0, 1, tzinfo=UTC),
        "data": {"ә": ["\n", None]},
        "raw": b"\0\xff",
    }
    connection.execute(insert(THING).values(row))

    assert written(connection, THING) == (
        '{"id":"11111111-1111-4111-8111-111111111111","at":"2026-11-24T08:00:00.000001+00:00",'
        '"data":{"ә":["\\n",null]},"raw":"AP8="}\n'
    )


def test_what_is_written_is_read(connection):
    row = {"id": UUID(int=1), "at": datetime(2026, 11, 24, tzinfo=UTC), "data": [1, "x"], "raw": b""}
    connection.execute(insert(THING).values(row))
    connection.execute(insert(THING).values(id=UUID(int=2), at=None, raw=None, data=text("NULL")))
    lines, rows = written(connection, THING), connection.execute(select(THING)).all()
    connection.execute(THING.delete())

    assert read_table(connection, THING, io.StringIO(lines)) == 2

    assert connection.execute(select(THING)).all() == rows
    assert connection.execute(text("SELECT count(*) FROM thing WHERE data IS NULL")).scalar() == 1


def test_a_row_follows_the_row_it_points_at(connection):
    lines = (
        '{"id":1,"parent_id":2,"name":"a"}\n{"id":2,"parent_id":3,"name":"b"}\n{"id":3,"parent_id":null,"name":"c"}\n'
    )

    assert read_table(connection, NODE, io.StringIO(lines)) == 3
    assert written(connection, NODE) == lines


def test_a_row_that_points_nowhere_is_the_databases_to_refuse(connection):
    with pytest.raises(IntegrityError):
        read_table(connection, NODE, io.StringIO('{"id":1,"parent_id":9,"name":"a"}\n'))


def test_an_empty_table(connection):
    assert written(connection, NODE) == ""
    assert read_table(connection, NODE, io.StringIO("")) == 0


def test_a_value_without_a_portable_form_is_refused_when_it_is_saved_and_not_when_it_is_needed():
    from streamsvc.portable_tables import _encoded

    with pytest.raises(TypeError, match="Decimal"):
        _encoded(Decimal(1))
