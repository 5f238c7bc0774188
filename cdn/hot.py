"""Objects kept in memory in front of a store: a class of thirty plays the same segments within seconds."""

from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock

from cdn.delivery import Readable
from cdn.errors import RangeUnsatisfiable
from cdn.storage import ObjectInfo, checked_end

OBJECT_BYTES = 2 * 1024 * 1024
"""A larger object is not kept."""
OVERHEAD_BYTES = 1024
"""What the bookkeeping of one object takes, so that many tiny ones count too."""


@dataclass(frozen=True, slots=True)
class _Kept:
    info: ObjectInfo
    body: bytes | None
    """None for an object that is too large."""

    @property
    def weight(self) -> int:
        return OVERHEAD_BYTES + len(self.body or b"")


class HotStore:
    """
    Fits `cdn.delivery.Readable`; only for keys whose bytes never change.

    Keeps what was asked for last, up to `max_bytes`. Of many that ask for one object at once, one asks the store and
    the others get its answer. Shared by all threads.
    """

    def __init__(self, store: Readable, *, max_bytes: int) -> None:
        self._store, self._max_bytes = store, max_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._asked: dict[str, Future[_Kept]] = {}

    def head(self, key: str) -> ObjectInfo:
        return self._get(key).info

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        checked_end(start, end)
        kept = self._get(key)
        if kept.body is None:
            return self._store.read(key, start, end)
        if start and start >= kept.info.size:
            raise RangeUnsatisfiable(f"{key} has {kept.info.size} bytes", key=key, bytes=kept.info.size)
        return kept.body[start:end]

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        return self._store.stream(key, start, end)

    def _get(self, key: str) -> _Kept:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            asked = self._asked.get(key)
            if asked is None:
                self._asked[key] = Future()
        # Whoever comes while it is asked for shares the answer, a failure too: thirty pupils in front of a dead store
        # must not wait for thirty timeouts in a row.
        return self._ask(key) if asked is None else asked.result()

    def _ask(self, key: str) -> _Kept:
        try:
            kept = self._fetch(key)
        except BaseException as exc:
            self._answer(key).set_exception(exc)
            raise
        self._answer(key).set_result(kept)
        return kept

    def _answer(self, key: str) -> Future[_Kept]:
        with self._lock:
            return self._asked.pop(key)

    def _fetch(self, key: str) -> _Kept:
        info = self._store.head(key)
        kept = _Kept(info, self._store.read(key) if info.size <= OBJECT_BYTES else None)
        with self._lock:
            self._kept[key] = kept
            self._bytes += kept.weight
            while self._bytes > self._max_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].weight
        return kept
