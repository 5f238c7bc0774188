"""Objects in memory in front of a store."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cdn.directory import DirectoryStore
from cdn.errors import ObjectMissing, RangeUnsatisfiable, StoreUnavailable
from cdn.hot import OBJECT_BYTES, OVERHEAD_BYTES, HotStore

TYPE = "video/iso.segment"


class Counting:
    """A store that counts what it is asked, and may be held up or fail."""

    def __init__(self, store):
        self.store = store
        self.asked = []
        self.fails = False
        self.gate = threading.Event()
        self.gate.set()

    def head(self, key):
        self.gate.wait(10)
        self.asked.append(("head", key))
        if self.fails:
            raise StoreUnavailable("dead")
        return self.store.head(key)

    def read(self, key, start=0, end=None):
        self.asked.append(("read", key))
        return self.store.read(key, start, end)

    def stream(self, key, start=0, end=None):
        self.asked.append(("stream", key))
        return self.store.stream(key, start, end)


@pytest.fixture
def slow(tmp_path):
    store = DirectoryStore(tmp_path)
    for name in "abc":
        store.put(f"media/{name}", name.encode() * 1000, content_type=TYPE)
    store.put("media/large", bytes(OBJECT_BYTES + 1), content_type=TYPE)
    return Counting(store)


@pytest.fixture
def hot(slow):
    return HotStore(slow, max_bytes=2 * (1000 + OVERHEAD_BYTES))


def test_the_second_reader_asks_nothing(hot, slow):
    first = hot.head("media/a"), hot.read("media/a")
    asked = list(slow.asked)

    assert (hot.head("media/a"), hot.read("media/a")) == first == (slow.store.head("media/a"), b"a" * 1000)
    assert slow.asked == asked == [("head", "media/a"), ("read", "media/a")]


def test_ranges_are_those_of_the_store(hot, slow):
    for start, end in ((0, 1), (5, None), (999, 5000), (0, None)):
        assert hot.read("media/a", start, end) == slow.store.read("media/a", start, end)
    for start in (1000, 2000):
        with pytest.raises(RangeUnsatisfiable):
            hot.read("media/a", start)
    with pytest.raises(ValueError, match="no range"):
        hot.read("media/a", 5, 5)


def test_what_was_asked_for_least_recently_goes_first(hot, slow):
    for key in ("media/a", "media/b", "media/a", "media/c"):
        hot.read(key)
    slow.asked.clear()

    hot.read("media/a")
    hot.read("media/c")
    assert slow.asked == []
    hot.read("media/b")
    assert slow.asked == [("head", "media/b"), ("read", "media/b")]


def test_a_large_object_is_not_kept_but_known(hot, slow):
    hot.head("media/large")
    hot.head("media/large")

    assert b"".join(hot.stream("media/large")) == bytes(OBJECT_BYTES + 1)
    assert hot.read("media/large", 0, 2) == b"\0\0"
    assert slow.asked == [("head", "media/large"), ("stream", "media/large"), ("read", "media/large")]


def test_of_a_class_that_asks_at_once_one_reaches_the_store(hot, slow):
    slow.gate.clear()
    with ThreadPoolExecutor(30) as pool:
        waiting = [pool.submit(hot.read, "media/a") for _ in range(30)]
        slow.gate.set()
        bodies = {future.result() for future in waiting}

    assert bodies == {b"a" * 1000}
    assert slow.asked == [("head", "media/a"), ("read", "media/a")]


def test_a_class_in_front_of_a_dead_store_waits_once(hot, slow):
    slow.fails = True
    slow.gate.clear()
    with ThreadPoolExecutor(30) as pool:
        waiting = [pool.submit(hot.read, "media/a") for _ in range(30)]
        while pool._work_queue.qsize():
            pass
        slow.gate.set()
        failures = [type(future.exception()) for future in waiting]

    assert failures == [StoreUnavailable] * 30
    assert len(slow.asked) < 30


def test_a_failure_is_not_kept(hot, slow):
    slow.fails = True
    with pytest.raises(StoreUnavailable):
        hot.head("media/a")
    slow.fails = False

    assert hot.read("media/a") == b"a" * 1000


def test_what_is_missing_may_come_later(hot, slow):
    with pytest.raises(ObjectMissing):
        hot.head("media/later")
    slow.store.put("media/later", b"now", content_type=TYPE)

    assert hot.read("media/later") == b"now"
    assert hot._asked == {}
