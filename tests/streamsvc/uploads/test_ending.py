"""How uploads end, and what they give back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from catalog.lessons import Lesson
from streamsvc.uploads import ending, joining, quotas
from streamsvc.uploads.errors import PartialsRefused, UploadGone
from streamsvc.uploads.joining import Joined
from streamsvc.uploads.tables import Upload, UploadPart
from tests.streamsvc.uploads.books import NOW, Books, part
from tests.streamsvc.uploads.books import books as books  # a fixture

HOUR = timedelta(hours=1)


def reserved(books: Books) -> int:
    with books.sessions.read() as session:
        person, school = books.teacher.person_id, books.teacher.unit_id
        both = {quotas.reserved(session, person), quotas.reserved(session, school)}
    assert len(both) == 1
    return both.pop()


def lesson_is_there(books: Books, upload: Upload) -> bool:
    with books.sessions.read() as session:
        return session.get_one(Lesson, upload.lesson_id).deleted_at is None


def join(books: Books, *partials: Upload) -> Upload:
    ids = tuple(partial.id for partial in partials)
    joined = Joined(ids, "Lesson", "", "final;" + " ".join(map(str, ids)))
    return books.do(joining.join, joined, owner=books.teacher, limits=books.limits, now=NOW)


def terminate(books: Books, upload: Upload) -> list[str]:
    return books.do(ending.terminate, upload.id, upload.owner_id, now=NOW)


def test_terminated_upload_gives_all_back(books: Books):
    upload = books.create(10)
    books.hold(upload)
    books.add(upload, 0, 6)

    assert terminate(books, upload) == [part(upload, 0, 6).key]
    assert (reserved(books), lesson_is_there(books, upload)) == (0, False)
    with pytest.raises(UploadGone):
        books.add(upload, 6, 4)
    with pytest.raises(UploadGone):
        terminate(books, upload)


def test_terminating_a_finished_upload_leaves_lesson_source_and_room(books: Books):
    upload = books.filled(10)

    assert terminate(books, upload) == []
    assert (reserved(books), lesson_is_there(books, upload)) == (10, True)
    assert books.do(ending.referenced, [part(upload, 0, 10).key]) == {part(upload, 0, 10).key}


def test_expired_uploads_end_and_lessons_stay(books: Books):
    late, partial, joined = books.create(10), books.filled(20, "partial"), books.filled(30, "partial")
    done, final, fresh = books.filled(40), join(books, joined), books.create(50, at=NOW + HOUR)
    books.hold(late)
    books.add(late, 0, 6)

    keys = books.do(ending.expire, NOW + HOUR)

    assert set(keys) == {part(late, 0, 6).key, part(partial, 0, 20).key}
    assert reserved(books) == 30 + 40 + 50
    states = [books.again(upload).state for upload in (late, partial, joined, done, final, fresh)]
    assert states == ["ended", "ended", "ended", "complete", "complete", "receiving"]
    assert [lesson_is_there(books, upload) for upload in (late, done, final)] == [False, True, True]
    assert books.do(ending.expire, NOW + HOUR) == []


def test_ended_uploads_are_forgotten_after_a_while(books: Books):
    late, done = books.create(10), books.filled(10)
    terminate(books, done)
    books.do(ending.expire, NOW + HOUR)

    books.do(ending.expire, NOW + HOUR + ending.KEEP_ENDED)

    # The terminated one is the record of its lesson's room.
    assert books.again(late) is None
    assert books.again(done).reserved_bytes == 10


def test_expiry_works_in_batches(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ending, "BATCH", 2)
    for _ in range(5):
        books.create(10)

    for left in (30, 10, 0):
        books.do(ending.expire, NOW + HOUR)
        assert reserved(books) == left


def test_deleted_lesson_gives_its_room_back_once(books: Books):
    running, done = books.create(10), books.filled(20)
    books.hold(running)
    books.add(running, 0, 6)

    assert books.do(ending.forget_asset, running.asset_id, now=NOW) == [part(running, 0, 6).key]
    assert books.do(ending.forget_asset, done.asset_id, now=NOW) == []
    assert books.do(ending.forget_asset, done.asset_id, now=NOW) == []
    assert reserved(books) == 0
    with books.sessions.read() as session:
        assert list(session.scalars(select(UploadPart))) == []


def test_lesson_that_was_deleted_first_is_no_trouble(books: Books):
    upload = books.create(10)

    def delete_lesson(session) -> None:
        session.get_one(Lesson, upload.lesson_id).deleted_at = NOW

    books.do(delete_lesson)

    assert terminate(books, upload) == []


def test_final_moves_parts_in_the_order_asked_for(books: Books):
    one, two = books.filled(10, "partial"), books.filled(20, "partial")

    final = join(books, two, one)

    with books.sessions.read() as session:
        rows = session.scalars(select(UploadPart).where(UploadPart.upload_id == final.id).order_by(UploadPart.offset))
        found = [(row.offset, row.bytes, row.key) for row in rows]
    assert found == [(0, 20, part(two, 0, 20).key), (20, 10, part(one, 0, 10).key)]
    assert reserved(books) == 30


def test_partials_are_used_once(books: Books):
    one, two = books.filled(10, "partial"), books.filled(20, "partial")
    final = join(books, one)

    assert join(books, one).id == final.id
    for partials in ((one, two), (two, one)):
        with pytest.raises(PartialsRefused):
            join(books, *partials)


def test_expired_partials_make_no_lesson(books: Books):
    one = books.filled(10, "partial")
    joined = Joined((one.id,), "Lesson", "", "final;x")

    with pytest.raises(PartialsRefused):
        books.do(joining.join, joined, owner=books.teacher, limits=books.limits, now=NOW + HOUR)
