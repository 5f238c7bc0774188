"""Rows for every table there is, whatever its columns: for tests that must not forget a table."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import JSON, CheckConstraint, insert
from sqlalchemy.orm import Session

from streamsvc.backups import all_tables
from streamsvc.portable_tables import python_type

ROWS = 3
"""Per table; the first has every value, the others NULL where they may."""
_START = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)
_NAMESPACE = UUID("6f1c1d3e-0000-4000-8000-000000000000")
_ONE_OF = re.compile(r"(\w+) IN \(([^)]*)\)")


def fill(session: Session) -> list[str]:
    """Insert rows that refer to each other as the foreign keys want, the last first where a table refers to itself."""
    made: dict[str, list[dict[str, object]]] = {}
    for table in all_tables():
        made[table.name] = [_row(table, number, made) for number in range(ROWS)]
        for row in made[table.name]:
            session.execute(insert(table).values(row))
    return sorted({row["key"] for rows in made.values() for row in rows if isinstance(row.get("key"), str)})


def _row(table, number, made):
    allowed = _allowed(table)
    return {column.name: _value(table, column, number, made, allowed) for column in table.columns}


def _allowed(table):
    texts = [str(check.sqltext) for check in table.constraints if isinstance(check, CheckConstraint)]
    found = [match for text in texts for match in _ONE_OF.finditer(text)]
    return {match[1]: [item.strip().strip("'") for item in match[2].split(",")] for match in found}


def _value(table, column, number, made, allowed):
    for key in column.foreign_keys:
        if key.column.table is table:
            return None if number == 0 else _value(table, key.column, number - 1, made, allowed)
        return made[key.column.table.name][number][key.column.name]
    if number and column.nullable:
        return None
    if column.name == "key" and python_type(column) is str:
        return f"media/{_id(table, column, number)}/{number}.m4s"
    if column.name in allowed:
        return allowed[column.name][number % len(allowed[column.name])]
    if isinstance(column.type, JSON):
        return {"сабақ": [1, 2.5, None, True], "number": number}
    kind = python_type(column)
    values = {
        UUID: _id(table, column, number),
        bool: number % 2 == 0,
        int: 5_000_000_000 + number if "Big" in type(column.type).__name__ else 7 + number,
        float: 0.1 + number,
        bytes: bytes(range(256))[number : number + 32],
        datetime: _START + timedelta(hours=number),
    }
    return values[kind] if kind in values else _text(column, number)


def _id(table, column, number):
    return uuid5(_NAMESPACE, f"{table.name} {column.name} {number}")


def _text(column, number):
    text = f'{number} сынып "ө"\n\\ {column.name}'
    return text[: getattr(column.type, "length", None)]
