"""The life of an upload in the database: who holds it, what was stored, when it is complete."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from catalog.lessons import Lesson
from streamsvc.uploads import transfers
from streamsvc.uploads.errors import (
    QuotaPersonExceeded,
    UploadBusy,
    UploadGone,
    UploadMissing,
    UploadTakenOver,
    UploadTooLarge,
)
from streamsvc.uploads.transfers import Holder
from tests.streamsvc.uploads.books import LEASE, NOW, Books, part
from tests.streamsvc.uploads.books import books as books  # a fixture
from transcoder.tables import TranscodeJob

HOUR = timedelta(hours=1)


def jobs_of(books: Books, upload: transfers.Upload) -> list[TranscodeJob]:
    with books.sessions.read() as session:
        return list(session.scalars(select(TranscodeJob).where(TranscodeJob.asset_id == upload.asset_id)))


def test_whole_upload_has_its_lesson_from_the_beginning(books: Books):
    upload = books.create(10)

    with books.sessions.read() as session:
        lesson = session.get_one(Lesson, upload.lesson_id)
    assert (lesson.asset_id, lesson.owner_id, lesson.title) == (upload.asset_id, books.teacher.person_id, "Lesson")
    assert upload.expires_at == NOW + HOUR
    assert jobs_of(books, upload) == []


def test_too_large_or_beyond_the_quota_leaves_nothing(books: Books):
    with pytest.raises(UploadTooLarge):
        books.create(1001)
    books.create(1000), books.create(1000)
    with pytest.raises(QuotaPersonExceeded) as refused:
        books.create(1)

    assert refused.value.params == {"size_mb": 1, "left_mb": 0}
    with books.sessions.read() as session:
        assert len(list(session.scalars(select(Lesson)))) == 2


def test_last_part_completes_and_submits_in_one_transaction(books: Books):
    upload = books.create(10)
    books.hold(upload)

    assert books.add(upload, 0, 6).state == "receiving"
    done = books.add(upload, 6, 4)

    assert (done.state, done.node, done.received_bytes) == ("complete", "", 10)
    assert [job.source_bytes for job in jobs_of(books, upload)] == [10]
    with books.sessions.read() as session:
        assert transfers.source_parts(session, upload.id) == [part(upload, 0, 6), part(upload, 6, 4)]


def test_same_part_again_changes_nothing(books: Books):
    upload = books.create(10)
    books.hold(upload)
    for _ in range(3):
        assert books.add(upload, 0, 6).stored_bytes == 6
    for _ in range(3):
        assert books.add(upload, 6, 4).state == "complete"

    assert len(jobs_of(books, upload)) == 1


def test_part_at_another_place_is_refused(books: Books):
    upload = books.create(10)
    books.hold(upload)

    with pytest.raises(UploadTakenOver):
        books.add(upload, 3, 4)


def test_another_node_waits_for_the_lease(books: Books):
    upload = books.create(10)
    books.hold(upload, "a")

    with pytest.raises(UploadBusy) as busy:
        books.hold(upload, "b", at=NOW + LEASE - timedelta(seconds=10))

    assert busy.value.params == {"retry_after_s": 11}
    assert books.hold(upload, "a", at=NOW).epoch == 1


def test_silent_node_is_taken_over_and_can_write_no_more(books: Books):
    upload = books.create(10)
    books.hold(upload, "a")
    books.add(upload, 0, 4)
    books.do(transfers.acknowledge, upload.id, 7, holder=Holder("a", 1, LEASE), now=NOW)

    taken = books.hold(upload, "b", at=NOW + LEASE)

    assert (taken.node, taken.epoch, taken.received_bytes) == ("b", 2, 4)
    for late in (
        lambda: books.add(upload, 4, 3),
        lambda: books.do(transfers.acknowledge, upload.id, 8, holder=Holder("a", 1, LEASE), now=NOW),
    ):
        with pytest.raises(UploadTakenOver):
            late()
    assert books.add(upload, 4, 6, node="b", epoch=2).state == "complete"


def test_upload_that_was_let_go_is_anybodys_at_once(books: Books):
    upload = books.create(10)
    books.hold(upload, "a")
    books.add(upload, 0, 4)
    books.do(transfers.let_go, upload.id, holder=Holder("a", 1, LEASE))

    assert books.hold(upload, "b").epoch == 1


def test_dead_nodes_spool_is_inherited_without_loss(books: Books):
    upload = books.create(10)
    books.hold(upload, "dead")
    books.do(transfers.acknowledge, upload.id, 7, holder=Holder("dead", 1, LEASE), now=NOW)

    def inherit(node: str, epoch: int, dead: str = "dead") -> str | None:
        return books.do(transfers.inherit, upload.id, Holder(node, epoch, LEASE), dead=dead, now=NOW)

    assert [inherit("b", 2), inherit("b", 1, "other"), inherit("b", 1), inherit("b", 1)] == [None, None, "dead", "b"]
    kept = books.again(upload)
    assert (kept.node, kept.epoch, kept.received_bytes) == ("b", 1, 7)
    assert inherit("c", 1) is None


def test_only_a_lease_that_runs_low_is_renewed(books: Books):
    upload = books.hold(books.create(10), "a")

    def needed(node: str, after_s: float) -> bool:
        return transfers.needs_hold(upload, node=node, lease=LEASE, now=NOW + timedelta(seconds=after_s))

    assert [needed("a", 0), needed("a", 14), needed("a", 16), needed("b", 0)] == [False, False, True, True]


def test_leases_of_a_living_node_are_renewed(books: Books):
    mine, other = books.create(10), books.create(10)
    books.hold(mine, "a"), books.hold(other, "b")

    books.do(transfers.renew, [mine.id, other.id], node="a", until=NOW + HOUR)

    assert [books.again(upload).lease_until for upload in (mine, other)] == [NOW + HOUR, NOW + LEASE]
    with books.sessions.read() as session:
        assert [upload.id for upload in transfers.held_by(session, "a")] == [mine.id]
        assert transfers.held_by(session, "a", upload_id=other.id) == []


def test_strangers_and_late_comers_find_nothing(books: Books):
    upload = books.create(10)

    for owner_id, at, refusal in ((uuid4(), NOW, UploadMissing), (upload.owner_id, NOW + HOUR, UploadGone)):
        with pytest.raises(refusal):
            books.do(transfers.find, upload.id, owner_id, now=at)
    with pytest.raises(UploadMissing):
        books.do(transfers.find, uuid4(), upload.owner_id, now=NOW)


def test_progress_of_what_is_still_uploaded(books: Books):
    running, done = books.create(10), books.filled(10)
    books.hold(running)
    books.do(transfers.acknowledge, running.id, 7, holder=Holder("a", 1, LEASE), now=NOW)

    with books.sessions.read() as session:
        assert transfers.progress(session, [running.asset_id, done.asset_id, uuid4()]) == {running.asset_id: (7, 10)}
