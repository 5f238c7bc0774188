"""
tus 1.0.0 as decisions over header fields: core, creation, expiration, checksum, termination, concatenation. Pure.

Everything here comes from outside and is hostile. What cannot be understood raises BadRequest.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from streamsvc.errors import BadRequest
from streamsvc.uploads.errors import TusVersionRefused

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination,concatenation"
CHECKSUM_ALGORITHMS = "sha1,sha256"
BODY_TYPE = "application/offset+octet-stream"

LONGEST_METADATA = 4096
"""Characters of Upload-Metadata; HEAD returns the field unchanged, so it is kept as it is."""
MOST_PARTIALS = 256

# Sixteen digits are nine petabytes: enough, and every such number fits a signed 64-bit column.
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)
_METADATA_KEY = re.compile(r"[!-+\--~]+", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Partial:
    """`Upload-Concat: partial`."""


@dataclass(frozen=True, slots=True)
class Final:
    """`Upload-Concat: final;URL URL …`, the partial uploads in their order."""

    partials: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Checksum:
    """`Upload-Checksum`: what the bytes of one request must hash to."""

    algorithm: str
    digest: bytes

    def matches(self, hashed: "hashlib._Hash") -> bool:
        return hashed.name == self.algorithm and hashed.digest() == self.digest


def check_version(field: str | None) -> None:
    """Raises TusVersionRefused unless the client speaks our version; to be asked before anything is done (U1)."""
    if field != VERSION:
        raise TusVersionRefused(f"Tus-Resumable {field!r}", version=VERSION)


def number(field: str | None, *, name: str) -> int:
    """A count of bytes: Upload-Length, Upload-Offset."""
    if field is None or _NUMBER.fullmatch(field) is None:
        raise BadRequest(f"{name} must be a whole number of bytes", reason=name)
    return int(field)


def metadata(field: str | None) -> dict[str, bytes]:
    """
    Upload-Metadata: a list of `key base64` with commas between (U7).

    Keys are not empty, ASCII, without space or comma, and unique; a value may be empty, with or without its space.
    """
    if not field:
        return {}
    if len(field) > LONGEST_METADATA or _PRINTABLE.fullmatch(field) is None:
        raise BadRequest("Upload-Metadata is too long or holds strange characters", reason="Upload-Metadata")
    found: dict[str, bytes] = {}
    for item in field.split(","):
        key, _, value = item.strip(" ").partition(" ")
        if _METADATA_KEY.fullmatch(key) is None or key in found:
            raise BadRequest("Upload-Metadata has an empty or repeated key", reason="Upload-Metadata")
        found[key] = _base64(value, name="Upload-Metadata")
    return found


def concatenation(field: str | None, *, base_path: str) -> Partial | Final | None:
    """Upload-Concat (U12). `base_path` is the collection's path; hosts are not compared, proxies rename them."""
    if field is None:
        return None
    if field.strip() == "partial":
        return Partial()
    kind, separator, rest = field.partition(";")
    addresses = rest.split()
    # HEAD sends the field back, so it must be one that can be sent.
    known = kind.strip() == "final" and separator and _PRINTABLE.fullmatch(field)
    if not known or not 0 < len(addresses) <= MOST_PARTIALS:
        raise BadRequest("Upload-Concat is neither partial nor final;URL …", reason="Upload-Concat")
    partials = tuple(upload_id(address, base_path=base_path) for address in addresses)
    if len(set(partials)) != len(partials):
        raise BadRequest("Upload-Concat names a partial upload twice", reason="Upload-Concat")
    return Final(partials)


def upload_id(address: str, *, base_path: str) -> UUID:
    """The upload that an absolute URL or an absolute path names."""
    try:
        path = urlsplit(address).path
        folder, _, name = path.rpartition("/")
        if folder != base_path or len(name) != 36:
            raise ValueError(path)
        return UUID(name)
    except ValueError as exc:
        raise BadRequest("Upload-Concat names something that is no upload of ours", reason="Upload-Concat") from exc


def checksum(field: str | None) -> Checksum | None:
    """Upload-Checksum: `algorithm base64` (U10)."""
    if field is None:
        return None
    algorithm, _, encoded = field.strip(" ").partition(" ")
    if algorithm not in CHECKSUM_ALGORITHMS.split(","):
        raise BadRequest(f"Upload-Checksum: we know {CHECKSUM_ALGORITHMS}", reason="Upload-Checksum")
    if not encoded:
        raise BadRequest("Upload-Checksum has no digest", reason="Upload-Checksum")
    return Checksum(algorithm, _base64(encoded, name="Upload-Checksum"))


def _base64(text: str, *, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadRequest(f"{name} is not base64", reason=name) from exc


OVERRIDES = frozenset({"PATCH", "DELETE", "HEAD"})


def method(actual: str, override: str | None) -> str:
    """
    X-HTTP-Method-Override (U5), for lines whose proxies let only GET and POST through.

    Only a POST may become something else, so a request that browsers and our own cookie check hold for harmless (GET,
    HEAD) never turns into one that changes things; each handler checks rights after this decision.
    """
    if override is None or override.upper() == actual:
        return actual
    if actual != "POST" or override.upper() not in OVERRIDES:
        raise BadRequest("X-HTTP-Method-Override is understood on POST only", reason="X-HTTP-Method-Override")
    return override.upper()


def options(max_bytes: int) -> Mapping[str, str]:
    """What OPTIONS tells (U2)."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_bytes),
        "Tus-Checksum-Algorithm": CHECKSUM_ALGORITHMS,
    }


def http_date(moment: datetime) -> str:
    """An RFC 9110 date, for Upload-Expires (U9)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
