"""The port to a store of objects. `cdn.directory` and `cdn.s3` fit it; one set of contract tests runs on both."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


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


class ObjectStore(Protocol):
    """
    Whole objects under keys. Every method may raise StoreUnavailable.

    Keys are those of `cdn.layout`: relative, `/` between the parts, no `..`.
    Everything here is synchronous; the web calls it in a thread.
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
        """Return the bytes `[start, end)`, cut at the object's end. Raises ObjectMissing, RangeUnsatisfiable."""
        ...

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """As `read`, in pieces of at most 256 KiB; the first piece is fetched before this returns."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove the objects; a key without an object is no error."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object whose key starts with `prefix`, in key order. `content_type` may be empty here."""
        ...

    def check(self) -> None:
        """Ask the store whether it would serve us. Raises StoreUnavailable with a reason."""
        ...
