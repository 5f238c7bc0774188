"""The port to a store of objects. `cdn.directory` and `cdn.s3` fit it; one set of contract tests runs on both."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

PIECE_BYTES = 256 * 1024
"""The most that a stream holds in memory."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store knows of one object."""

    key: str
    size: int
    """In bytes."""
    etag: str
    """Quoted, as RFC 9110 section 8.8.3 writes it; changes when the bytes change."""
    content_type: str
    modified_at: datetime


def checked_end(start: int, end: int | None) -> int | None:
    """Return `end`; an empty or backward range is a mistake of the caller, and would mean "all" to some servers."""
    if start < 0 or (end is not None and end <= start):
        raise ValueError(f"[{start}, {end}) is no range")
    return end


class ObjectStore(Protocol):
    """
    Whole objects under keys. Every method may raise StoreUnavailable.

    Keys are those of `cdn.layout` (`layout.checked` says what is one); another raises BadKey, before anything is
    asked. No key may be the folder of another. Everything here is synchronous; the web calls it in a thread.
    """

    def put(self, key: str, body: bytes, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        """
        Store `body`, durable when this returns.

        Raises ObjectExists when `if_absent` and the key is taken (nothing is changed), StoreFull.
        """
        ...

    def put_file(self, key: str, path: Path, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        """As `put`, from a file."""
        ...

    def head(self, key: str) -> ObjectInfo:
        """Raises ObjectMissing."""
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """
        Return the bytes `[start, end)`, cut at the object's end.

        Raises ObjectMissing, and RangeUnsatisfiable when `start` is neither 0 nor inside the object.
        """
        ...

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """
        As `read`, in pieces of at most 256 KiB. The object is asked for before this returns, so that what is
        missing is known before an answer has begun; a store that fails later raises StoreUnavailable.
        """
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove the objects; a key without an object is no error."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """
        Every object whose key starts with `prefix`, each once, those of one folder in key order.

        `content_type` may be empty here. What is put or deleted meanwhile may be in the list or not.
        """
        ...

    def check(self) -> None:
        """Ask the store whether it would serve us. Raises StoreUnavailable with a reason."""
        ...
