"""Transactions that meet over many uploads on PostgreSQL wait for each other and never for one another in a ring."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from catalog.audit_who import stranger
from catalog.errors import LessonMissing
from catalog.lessons import Lesson
from streamsvc.uploads import ending, quotas
from streamsvc.uploads.errors import UploadGone
from streamsvc.uploads.tables import Upload
from streamsvc.web import lesson_work
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


WHO = stranger("")


@dataclass(frozen=True)
class _Acting:
    person_id: UUID
    role: str = "teacher"


def _delete(books: Books, upload: Upload) -> str:
    try:
        books.do(lesson_work.delete, upload.lesson_id, acting=_Acting(upload.owner_id), who=WHO, now=NOW)
    except LessonMissing:
        return "missing"
    return "deleted"


def _terminate(books: Books, upload: Upload) -> str:
    try:
        books.do(ending.terminate, upload.id, upload.owner_id, now=NOW)
    except UploadGone:
        return "gone"
    return "ended"


def test_lesson_is_deleted_while_its_upload_is_ended(books: Books):
    outcomes = []
    for _ in range(15):
        upload = books.create(1)
        outcomes.append(tuple(_together(lambda of=upload: _delete(books, of), lambda of=upload: _terminate(books, of))))

    assert set(outcomes) <= {("deleted", "gone"), ("missing", "ended")}
    assert _reserved(books, books.teacher.person_id) == 0


def test_lessons_are_deleted_while_their_uploads_expire(books: Books):
    for _ in range(ROUNDS):
        uploads = [books.create(1) for _ in range(20)]

        _together(
            lambda: books.do(ending.expire, NOW + HOUR),
            lambda of=uploads: [_delete(books, upload) for upload in of],
            lambda of=uploads: [_delete(books, upload) for upload in reversed(of)],
        )

        with books.sessions.read() as session:
            assert all(session.get_one(Upload, upload.id).state == "ended" for upload in uploads)
            assert all(session.get_one(Lesson, upload.lesson_id).deleted_at is not None for upload in uploads)
        assert _reserved(books, books.teacher.person_id) == 0
