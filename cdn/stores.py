"""The one place that turns a storage URL into a store."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from cdn.directory import DirectoryStore
from cdn.errors import BadStorageUrl
from cdn.s3 import S3Store
from cdn.s3_address import s3_address
from cdn.storage import ObjectStore


def open_store(url: str) -> ObjectStore:
    """
    Open `file:///DIRECTORY` or `s3://KEY:SECRET@HOST:PORT/BUCKET?…` (see `cdn.s3_address`).

    Asks nothing of the network: a store that is down shows at its first use, or at `check()`.
    Raises BadStorageUrl.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return S3Store(s3_address(url))
    if parts.scheme == "file":
        return DirectoryStore(_directory(url))
    raise BadStorageUrl(f"{parts.scheme!r} is no kind of store", reason="it must begin with s3:// or file:///")


def _directory(url: str) -> Path:
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if (
        parts.netloc not in {"", "localhost"}
        or parts.query
        or parts.fragment
        or not path.is_absolute()
        or path == Path("/")
    ):
        raise BadStorageUrl(f"{url!r} names no directory", reason="write file:///full/path")
    return path
