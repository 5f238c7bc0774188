"""Every table as JSON lines, in and out of SQLite and PostgreSQL alike."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import IO, Any
from uuid import UUID

from sqlalchemy import JSON, Column, Connection, MetaData, Table, TypeDecorator, Uuid, func, insert, select, text

BATCH = 1000


def write_table(connection: Connection, table: Table, out: IO[str]) -> int:
    """One line per row, in the order of the primary key; returns how many."""
    names = [column.name for column in table.columns]
    rows = connection.execution_options(yield_per=BATCH).execute(select(table).order_by(*table.primary_key.columns))
    count = 0
    for row in rows:
        values = {name: _encoded(value) for name, value in zip(names, row, strict=True)}
        out.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
        count += 1
    return count


def read_table(connection: Connection, table: Table, lines: Iterable[str]) -> int:
    """Insert what `write_table` wrote; returns how many rows. A row that points at its own table follows its target."""
    copy = _nulls_stay_null(table)
    rows: Iterator[dict[str, Any]] = (_decoded(table, json.loads(line)) for line in lines)
    for column, target in _own_references(table):
        rows = iter(_targets_first(list(rows), column, target))
    count = 0
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(copy), batch)
        count += len(batch)
    _continue_counting(connection, table)
    return count


def row_count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _encoded(value: object) -> object:
    match value:
        case None | bool() | int() | float() | str() | dict() | list():
            return value
        case UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _:
            raise TypeError(f"{type(value).__name__} has no portable form yet")


def _decoded(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if value is None else _decoder(table.columns[name])(value) for name, value in values.items()}


def _decoder(column: Column[Any]) -> Callable[[Any], Any]:
    decoders: dict[type, Callable[[Any], Any]] = {
        UUID: UUID,
        datetime: datetime.fromisoformat,
        date: date.fromisoformat,
        bytes: base64.b64decode,
    }
    return decoders.get(python_type(column), lambda value: value)


def python_type(column: Column[Any]) -> type:
    """What a value of the column is in Python; a type of ours says it by what it wraps."""
    kind = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return UUID if isinstance(kind, Uuid) else kind.python_type


def _nulls_stay_null(table: Table) -> Table:
    """The same table, where None in a JSON column means SQL's NULL, as it was, and not JSON's `null`."""
    copy = table.to_metadata(MetaData())
    for column in copy.columns:
        if isinstance(column.type, JSON):
            column.type = JSON(none_as_null=True)
    return copy


def _own_references(table: Table) -> list[tuple[str, str]]:
    return [(key.parent.name, key.column.name) for key in table.foreign_keys if key.column.table is table]


def _targets_first(rows: Sequence[dict[str, Any]], column: str, target: str) -> list[dict[str, Any]]:
    ordered: list[dict[str, Any]] = []
    waiting, known = list(rows), {None}
    while waiting:
        ready = [row for row in waiting if row[column] in known]
        if not ready:
            return ordered + waiting  # A circle: the database is to say what it thinks of it.
        ordered += ready
        known.update(row[target] for row in ready)
        waiting = [row for row in waiting if row[target] not in known]
    return ordered


def _continue_counting(connection: Connection, table: Table) -> None:
    """PostgreSQL's counters do not see the numbers that we bring along."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    sequence = connection.execute(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": f'"{table.name}"', "column": column.name}
    ).scalar()
    if sequence is not None:
        newest = select(func.setval(sequence, func.coalesce(func.max(column), 0) + 1, False))
        connection.execute(newest)
