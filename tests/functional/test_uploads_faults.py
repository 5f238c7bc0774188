"""Uploads when lines break, processes are killed, disks fill and requests meet: nothing acknowledged is asked again."""

import asyncio
import hashlib
import random
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import update

from cdn.errors import StoreFull
from cdn.storage import ObjectInfo, ObjectStore
from streamsvc.app import build_app, start
from streamsvc.settings import settings_from
from streamsvc.uploads import ending, lines, quotas
from streamsvc.uploads.spool import NodeSpool
from streamsvc.uploads.tables import Upload
from streamsvc.web.handlers.uploads import RECEIVER
from tests.functional.app_fixtures import (
    ServedApp,
    free_port,
    kill_server,
    run_app,
    run_server,
    start_server,
    stop_server,
)
from tests.functional.tus_fixtures import Tus, code, content, read_answer, row, store_keys, stored, upload_id

pytestmark = pytest.mark.functional

KIB = 1024
MIB = 1024 * KIB


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with run_app(tmp_path_factory.mktemp("faults") / "var") as served:
        yield served


@pytest.fixture
def tus(app: ServedApp) -> Tus:
    return Tus(app)


def until(done: Callable[[], bool], *, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def finish(tus: Tus, url: str, body: bytes) -> None:
    """
    As clients do: ask, go on there, and ask again after a conflict, for what was sent last on a broken line may be
    served after the question.
    """
    for _ in range(5):
        offset = tus.offset(url)
        if offset == len(body) or tus.patch(url, body[offset:], offset).status == 204:
            return
    raise AssertionError("five conflicts")


def kill_in_the_middle(served: ServedApp, url: str, body: bytes, *, at: int) -> None:
    """SIGKILL the service when it has received so many bytes of a request that goes on, full parts in the store."""
    parts = at - at % (8 * MIB)
    with Tus(served).open_patch(url, offset=0, announced=len(body)) as line:
        line.sendall(body[:at])
        until(lambda: (row(served, url).stored_bytes, _spooled(served, url)) == (parts, at - parts))
        kill_server(served)


# Lines that break


def test_cut_at_every_place_of_a_small_file(app: ServedApp, tus: Tus):
    body = content(64 * KIB)
    url = tus.created(len(body))
    known = 0
    for sent in range(256, len(body), 256):
        offset = tus.offset(url)
        assert known <= offset < sent
        known = offset
        with tus.open_patch(url, offset=offset, announced=len(body) - offset) as line:
            line.sendall(body[offset:sent])

    finish(tus, url, body)
    assert stored(app, url) == body


def test_cut_request_keeps_what_had_come(app: ServedApp, tus: Tus):
    url = tus.created(1000)
    with tus.open_patch(url, offset=0, announced=1000) as line:
        line.sendall(b"x" * 700)

    until(lambda: row(app, url).received_bytes == 700)
    assert tus.offset(url) == 700


def test_cut_request_with_a_checksum_keeps_nothing(app: ServedApp, tus: Tus):
    body = content(1000)
    url = tus.created(len(body))
    with tus.open_patch(url, offset=0, announced=1000, upload_checksum="sha1 " + "A" * 27 + "=") as line:
        line.sendall(body[:700])

    assert tus.offset(url) == 0
    assert tus.patch(url, body).status == 204
    assert stored(app, url) == body


def test_slow_line_is_waited_for_and_holds_up_nobody(app: ServedApp, tus: Tus):
    url, quick = tus.created(100), tus.created(100_000)
    with tus.open_patch(url, offset=0, announced=100) as line:
        for _ in range(100):
            line.sendall(b"x")
            time.sleep(0.005)
        assert tus.patch(quick, content(100_000)).status == 204
        answer = read_answer(line)

    assert (answer.status, answer.headers["upload-offset"]) == (204, "100")


def test_silent_line_is_given_up_and_keeps_its_bytes(tus: Tus, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lines, "SILENCE_S", 0.3)
    url = tus.created(1000)
    with tus.open_patch(url, offset=0, announced=1000) as line:
        line.sendall(b"x" * 400)
        answer = read_answer(line)

    assert (answer.status, code(answer), answer.headers["upload-offset"]) == (408, "upload_stalled", "400")
    assert tus.offset(url) == 400


def test_chunked_request_is_taken_and_stopped_at_the_length(app: ServedApp, tus: Tus):
    body = content(70_000)
    url, short = tus.created(len(body)), tus.created(1000)

    whole = _chunked(tus, url, body)
    beyond = _chunked(tus, short, body)

    assert whole.status == 204
    assert stored(app, url) == body
    assert (beyond.status, code(beyond)) == (413, "upload_overflow")
    assert tus.offset(short) == 1000


# Requests that meet


def test_head_ends_a_patch_whose_line_is_dead(app: ServedApp, tus: Tus):
    body = content(1000)
    url = tus.created(1000)
    with tus.open_patch(url, offset=0, announced=1000) as dead:
        dead.sendall(body[:300])
        until(lambda: _spooled(app, url) > 0)
        offset = tus.offset(url)
        ended = read_answer(dead)

        assert offset == int(ended.headers["upload-offset"]) == 300
        assert (ended.status, code(ended)) == (409, "upload_interrupted")
        assert tus.patch(url, body[offset:], offset).status == 204


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_nobody_else_can_end_a_patch(app: ServedApp, tus: Tus, method: str):
    body, other = content(1000), Tus(app, "other_teacher")
    url = tus.created(1000)
    with tus.open_patch(url, offset=0, announced=1000) as line:
        line.sendall(body[:300])
        until(lambda: _spooled(app, url) > 0)
        answer = other.patch(url, b"x", 300) if method == "PATCH" else other.ask(method, url)
        line.sendall(body[300:])
        ended = read_answer(line)

    assert answer.status == 404
    assert (ended.status, ended.headers["upload-offset"]) == (204, "1000")
    assert stored(app, url) == body


def test_two_writers_never_mix(app: ServedApp, tus: Tus):
    body, other = content(400_000, 1), content(400_000, 2)
    url = tus.created(len(body))
    with tus.open_patch(url, offset=0, announced=len(body)) as first:
        first.sendall(body[:200_000])
        until(lambda: _spooled(app, url) > 0)
        answer = tus.patch(url, other)
        ended = read_answer(first)

    offset = int(answer.headers["upload-offset"])
    assert (answer.status, code(answer)) == (409, "upload_offset_conflict")
    assert (ended.status, ended.headers["upload-offset"]) == (409, str(offset))
    assert 0 < offset <= 200_000
    assert tus.patch(url, body[offset:], offset).status == 204
    assert stored(app, url) == body


def test_many_writers_at_once_leave_one_whole_file(app: ServedApp, tus: Tus):
    body = content(3 * MIB)
    url = tus.created(len(body))

    def push() -> None:
        while (offset := tus.offset(url)) < len(body):
            tus.patch(url, body[offset : offset + 300_000], offset)

    writers = [threading.Thread(target=push) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert not any(writer.is_alive() for writer in writers)
    assert stored(app, url) == body


def test_delete_ends_a_patch(app: ServedApp, tus: Tus):
    url = tus.created(1000)
    with tus.open_patch(url, offset=0, announced=1000) as line:
        line.sendall(b"x" * 300)
        until(lambda: _spooled(app, url) > 0)
        assert tus.ask("DELETE", url).status == 204
        assert read_answer(line).status in {409, 410}

    assert tus.head(url).status == 410
    assert row(app, url).reserved_bytes == 0


def test_upload_that_expires_under_a_patch_is_over(app: ServedApp, tus: Tus):
    reserved = _reserved(app)
    created = tus.create(20 * MIB)
    url = created.headers["location"]
    with tus.open_patch(url, offset=0, announced=20 * MIB) as line:
        line.sendall(content(9 * MIB))
        until(lambda: row(app, url).stored_bytes > 0)
        _expire(app, url)
        line.sendall(content(9 * MIB))
        answer = read_answer(line)

    assert (answer.status, code(answer)) == (410, "upload_gone")
    assert app.request("GET", created.headers["content-location"]).status == 404
    assert _reserved(app) == reserved
    until(lambda: not list(app.settings.uploads.spool.rglob(f"{upload_id(url)}*")))


def test_upload_that_was_complete_first_does_not_expire(app: ServedApp, tus: Tus):
    created = tus.create(3, b"abc")
    url = created.headers["location"]

    _expire(app, url)

    assert row(app, url).state == "complete"
    assert stored(app, url) == b"abc"
    assert app.request("GET", created.headers["content-location"]).status == 200


# Disks and stores


def test_disk_below_its_reserve_refuses_and_recovers(app: ServedApp, tus: Tus, monkeypatch: pytest.MonkeyPatch):
    body = content(300_000)
    url = tus.created(len(body))
    tus.patch(url, body[:100_000])
    with monkeypatch.context() as full:
        full.setattr(NodeSpool, "free_bytes", lambda _: 999_999)
        created, patched = tus.create(10), tus.patch(url, body[100_000:], 100_000)

        assert (created.status, code(created)) == (507, "storage_full")
        assert (patched.status, patched.headers["upload-offset"]) == (507, "100000")
        assert patched.headers["retry-after"] == "60"
        assert tus.offset(url) == 100_000

    assert tus.patch(url, body[100_000:], 100_000).status == 204
    assert stored(app, url) == body


def test_creation_counts_what_the_store_on_the_same_disk_will_need(
    app: ServedApp, tus: Tus, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(NodeSpool, "free_bytes", lambda _: 5_000_000)

    assert tus.create(4_000_001).status == 507
    assert tus.create(4_000_000).status == 201


def test_disk_that_takes_no_more_keeps_what_it_took(app: ServedApp, tus: Tus):
    """
    The operating system itself refuses: a limit on the size of files stands in for a full disk.
    """
    body = content(8 * MIB)
    url = tus.created(len(body))
    with _largest_file(6 * MIB):
        answer = tus.patch(url, body)

        assert (answer.status, code(answer)) == (507, "storage_full")
        assert tus.offset(url) == int(answer.headers["upload-offset"]) == 6 * MIB

    assert tus.patch(url, body[6 * MIB :], 6 * MIB).status == 204
    assert stored(app, url) == body


def test_full_disk_under_a_checksum_keeps_nothing(app: ServedApp, tus: Tus):
    body = content(8 * MIB)
    url = tus.created(len(body))
    with _largest_file(6 * MIB):
        assert tus.patch(url, body, upload_checksum="sha1 " + "A" * 27 + "=").status == 507

    assert tus.offset(url) == 0


def test_full_store_keeps_bytes_in_the_spool(app: ServedApp, tus: Tus):
    body = content(18 * MIB)
    url = tus.created(len(body))
    with _store(app, FullStore):
        answer = tus.patch(url, body)

        assert (answer.status, code(answer)) == (507, "storage_full")
        offset = tus.offset(url)
        assert offset >= 8 * MIB

    assert tus.patch(url, body[offset:], offset).status == 204
    assert stored(app, url) == body


def test_dead_store_is_told_and_the_upload_completes_when_it_is_back(app: ServedApp, tus: Tus):
    body = content(3 * MIB)
    url = tus.created(len(body))
    folder = Path(app.settings.storage_url.removeprefix("file://"))
    folder.mkdir(exist_ok=True)
    away = folder.rename(folder.with_name("away"))
    folder.write_bytes(b"a file where the store should be")
    answer = tus.patch(url, body)
    offset = tus.offset(url)
    folder.unlink()
    away.rename(folder)

    assert (answer.status, code(answer)) == (503, "store_unavailable")
    assert offset == len(body)
    until(lambda: row(app, url).state == "complete")
    assert stored(app, url) == body


def test_store_that_hangs_holds_up_neither_questions_nor_the_lease(app: ServedApp, tus: Tus):
    body = content(100_000)
    url = tus.created(len(body))
    with _store(app, HangingStore) as store, tus.open_patch(url, offset=0, announced=len(body)) as line:
        line.sendall(body)
        assert store.asked.wait(20)
        held_until = row(app, url).lease_until

        assert tus.offset(url) == len(body)
        until(lambda: row(app, url).lease_until > held_until)
        store.go_on.set()
        assert read_answer(line).status == 204

    assert stored(app, url) == body


# Processes that are killed


def test_cut_at_every_64_kib_with_ten_kills_gives_the_same_file(tmp_path: Path):
    body = content(5 * MIB)
    chance = random.Random(20)
    cuts = range(0, len(body), 64 * KIB)
    kills = set(chance.sample(list(cuts), 10))
    with run_server(tmp_path / "var") as served:
        tus = Tus(served)
        url = tus.created(len(body))
        known = 0
        for cut in cuts:
            offset = tus.offset(url)
            assert offset >= known, "acknowledged bytes were asked for again"
            known = offset
            with tus.open_patch(url, offset=offset, announced=len(body) - offset) as line:
                line.sendall(body[offset : max(offset, cut + 64 * KIB)])
                if cut in kills:
                    time.sleep(chance.random() * 0.05)
                    kill_server(served)
            if cut in kills:
                start_server(served)
        finish(tus, url, body)

        whole = stored(served, url)
        assert hashlib.sha256(whole).digest() == hashlib.sha256(body).digest()
        assert row(served, url).state == "complete"


def test_kill_between_the_last_byte_and_the_commit_is_finished_by_the_next_start(tmp_path: Path):
    body = content(9 * MIB)
    with run_server(tmp_path / "var") as served:
        tus = Tus(served)
        url = tus.created(len(body))
        kill_in_the_middle(served, url, body, at=8 * MIB + 100)
        # What a process leaves that was killed after the fsync of the last byte.
        (folder,) = served.settings.uploads.spool.glob(f"*/{upload_id(url)}.1")
        (folder / f"{8 * MIB:015d}").write_bytes(body[8 * MIB :])

        start_server(served)

        until(lambda: row(served, url).state == "complete")
        assert stored(served, url) == body
        until(lambda: not folder.exists())


def test_one_process_inherits_what_two_left_on_the_disk(tmp_path: Path):
    body = content(200_000)
    with run_server(tmp_path / "var") as served:
        tus = Tus(served)
        url = tus.created(len(body))
        kill_in_the_middle(served, url, body, at=150_000)
        spool = served.settings.uploads.spool
        (node,) = spool.iterdir()
        # The next start finds another node's folder first, and this one beside it.
        (spool / "0-another-node").mkdir()

        start_server(served)

        assert tus.offset(url) == 150_000
        assert not node.exists()
        assert tus.patch(url, body[150_000:], 150_000).status == 204
        assert stored(served, url) == body


def test_service_that_is_asked_to_stop_hands_its_bytes_over(tmp_path: Path):
    body = content(3 * MIB)
    with run_server(tmp_path / "var") as served:
        tus = Tus(served)
        url = tus.created(len(body))
        with tus.open_patch(url, offset=0, announced=len(body)) as line:
            line.sendall(body[:MIB])
            until(lambda: _spooled(served, url) > 0)
            stop_server(served)
            ended = read_answer(line)

        assert (ended.status, code(ended)) == (409, "upload_interrupted")
        kept = row(served, url)
        assert (kept.node, kept.stored_bytes) == ("", int(ended.headers["upload-offset"]))
        assert not list(served.settings.uploads.spool.rglob(f"{upload_id(url)}*"))
        start_server(served)
        offset = tus.offset(url)
        assert offset == kept.stored_bytes
        assert tus.patch(url, body[offset:], offset).status == 204
        assert stored(served, url) == body


# Two nodes


def test_another_node_goes_on_when_the_first_has_handed_over(app: ServedApp, tus: Tus, tmp_path: Path):
    body = content(200_000)
    url = tus.created(len(body))
    path = url.removeprefix(app.base_url)
    with second_node(app, tmp_path / "spool") as other:
        there = Tus(other)
        with tus.open_patch(url, offset=0, announced=len(body)) as line:
            line.sendall(body[:150_000])
            until(lambda: _spooled(app, url) == 150_000)

            busy = there.patch(path, body[150_000:], 150_000)
            assert (busy.status, code(busy)) == (423, "upload_busy")
            assert 1 <= int(busy.headers["retry-after"]) <= 3
        # Nobody sends for half a lease: the first node brings its bytes to the store and lets go.
        until(lambda: there.head(path).status == 200)
        assert there.offset(path) == 150_000
        assert there.patch(path, body[150_000:], 150_000).status == 204

    assert stored(app, url) == body


def test_node_that_died_for_good_is_taken_over_and_comes_back_to_nothing(app: ServedApp, tmp_path: Path):
    body = content(9 * MIB)
    with run_server(tmp_path / "var") as served:
        tus = Tus(served)
        url = tus.created(len(body))
        kill_in_the_middle(served, url, body, at=8 * MIB + 100)
        with second_node(served, tmp_path / "spool") as other:
            there = Tus(other)
            path = url.removeprefix(served.base_url)
            until(lambda: there.head(path).status == 200)
            # The hundred bytes were in the dead node's spool only; the store's part counts.
            assert there.offset(path) == 8 * MIB
            start_server(served)
            until(lambda: not list(served.settings.uploads.spool.rglob(f"{upload_id(url)}*")))
            assert there.patch(path, body[8 * MIB :], 8 * MIB).status == 204

        assert row(served, url).epoch == 2
        assert stored(served, url) == body
        assert len(store_keys(served)) == 2


class FullStore:
    """The store when its disk is full: it reads and refuses to write."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, key: str, body: bytes, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        raise StoreFull("no room")


class HangingStore(FullStore):
    """The store when its line is dead: it takes the request and does not answer."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self.asked, self.go_on = threading.Event(), threading.Event()

    def put(self, key: str, body: bytes, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        self.asked.set()
        assert self.go_on.wait(30)
        return self._store.put(key, body, content_type=content_type, if_absent=if_absent)


S = TypeVar("S", bound=FullStore)


@contextmanager
def _store(app: ServedApp, wrap: Callable[[ObjectStore], S]) -> Iterator[S]:
    assert app.application is not None
    holding = app.application[RECEIVER].holding
    whole = holding.services
    wrapped = wrap(whole.store)
    holding.services = replace(whole, store=wrapped)
    try:
        yield wrapped
    finally:
        holding.services = whole


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def second_node(app: ServedApp, spool: Path) -> Iterator[ServedApp]:
    """Another service over the same database and store, with a disk of its own."""
    environ = {**app.environ, "SABAQ_PORT": str(free_port()), "SABAQ_UPLOAD_SPOOL": str(spool)}
    settings = settings_from(environ)
    application = build_app(settings)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    starting = start(application, host=settings.host, port=settings.port)
    runner = asyncio.run_coroutine_threadsafe(starting, loop).result(30)
    try:
        yield replace(app, base_url=f"http://{settings.host}:{settings.port}", settings=settings, process=None)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def _chunked(tus: Tus, url: str, body: bytes):
    with tus.open_patch(url, offset=0, announced=None) as line:
        for start_at in range(0, len(body), 5000):
            piece = body[start_at : start_at + 5000]
            line.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        line.sendall(b"0\r\n\r\n")
        return read_answer(line)


def _expire(app: ServedApp, url: str) -> None:
    now = app.services().now()
    with app.sessions.write.begin() as session:
        session.execute(update(Upload).where(Upload.id == upload_id(url)).values(expires_at=now - timedelta(seconds=1)))
    with app.sessions.write.begin() as session:
        ending.expire(session, now)


def _spooled(app: ServedApp, url: str) -> int:
    return sum(path.stat().st_size for path in app.settings.uploads.spool.rglob(f"{upload_id(url)}.*/0*"))


def _reserved(app: ServedApp) -> int:
    with app.sessions.read() as session:
        return quotas.reserved(session, app.accounts["teacher"].person_id)
