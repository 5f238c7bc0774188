"""Transactions that meet over many uploads on PostgreSQL wait for each other and never for one another in a ring."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from streamsvc.uploads import ending, quotas
from tests.streamsvc.uploads.books import NOW, Books, Teacher, open_books

pytestmark = pytest.mark.functional

HOUR = timedelta(hours=1)
ROUNDS = 3


@pytest.fixture
def books(postgres_url: str, tmp_path: Path) -> Iterator[Books]:
    with open_books(postgres_url, tmp_path / "spool") as opened:
        yield opened


def _together(*actions):
    """Begin all at the same moment; their results in order, or what one of them raised."""
    barrier = Barrier(len(actions))

    def act(action):
        barrier.wait(30)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def _reserved(books: Books, account_id: UUID) -> int:
    with books.sessions.read() as session:
        return quotas.reserved(session, account_id)


def test_uploads_of_a_school_expire_while_its_people_begin_others(books: Books):
    school = uuid4()
    people = [replace(books, teacher=Teacher(unit_id=school)) for _ in range(4)]

    def begin_many(of: Books) -> None:
        for _ in range(20):
            of.create(1, "partial", at=NOW + HOUR)

    for done in range(1, ROUNDS + 1):
        for _ in range(15):
            for of in people:
                of.create(1, "partial")

        _together(
            lambda: books.do(ending.expire, NOW + HOUR),
            *[lambda of=of: begin_many(of) for of in people],
        )

        assert [_reserved(books, of.teacher.person_id) for of in people] == [20 * done] * 4
        assert _reserved(books, school) == 80 * done
