"""
Answers one request for media. Pure, besides asking the store.

The path carries everything: `/media/{token}/{asset}/…`. There is no cookie, no query and never a redirect (Apple's
HLS authoring specification, item 8.18), so the same paths can be served by this process, an edge node or nginx.
"""

import gzip
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

from cdn import caching
from cdn.errors import AssetWithdrawn, BadKey, LinkRefused
from cdn.layout import PLAYLIST_TYPE, content_type
from cdn.signing import Verifier
from cdn.storage import ObjectInfo

WHOLE_BYTES = 2 * 1024 * 1024
"""Up to this size an object is read at once; a larger one is streamed."""

CORS = {
    # Bytes are protected by the path alone, so a player on any origin may ask; no credentials are ever looked at.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, ETag",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
ALLOW = "GET, HEAD, OPTIONS"

_PATH = re.compile(
    r"/media/(?P<token>[A-Za-z0-9_-]{1,200})"
    r"/(?P<asset>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"/(?P<rest>(?P<scope>[0-9a-f-]{32,36})/[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,2})"
)

_DIGEST = re.compile(r"[0-9a-f]{32}")


class Readable(Protocol):
    """The part of a store that answering needs."""

    def head(self, key: str) -> ObjectInfo: ...
    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes: ...
    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, complete but for what the server itself adds (Date, Connection)."""

    status: int
    headers: dict[str, str]
    """Content-Length is there whenever a body is, or would be for GET."""
    body: bytes | Iterator[bytes]
    """Pieces of a large object are fetched while they are taken; each may block and may raise StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a permitted path names."""

    asset_id: UUID
    scope: str
    """The plan's digest, or for playlists the publication (while it grows: the job)."""
    key: str
    name: str
    """The last part of the key."""


def answer(
    store: Readable,
    withdrawn: Container[UUID],
    *,
    verifier: Verifier,
    path: str,
    method: str,
    headers: Mapping[str, str],
    now: datetime,
) -> Answer:
    """
    Answer GET, HEAD or OPTIONS for a media path.

    `path` is the request target's path as it came over the wire, not percent-decoded: no address of ours contains
    a `%`. `headers` is case-insensitive. Raises BadKey and ObjectMissing (404), LinkRefused (403), LinkExpired and
    AssetWithdrawn (410), StoreUnavailable (503); the errors' answers need `CORS` and `no-store` too.
    """
    if (refusal := without_media(method)) is not None:
        return refusal
    wanted = permitted(path, verifier=verifier, withdrawn=withdrawn, now=now)
    if content_type(wanted.key) == PLAYLIST_TYPE:
        info = store.head(wanted.key)
        body = store.read(wanted.key)
        return playlist(body, etag=info.etag, modified_at=info.modified_at, method=method, headers=headers)
    return _stored(store, wanted.key, method=method, headers=headers)


def without_media(method: str) -> Answer | None:
    """The answer to what asks for no media: a preflight, or a method that we do not have. None for GET and HEAD."""
    if method in {"GET", "HEAD"}:
        return None
    if method == "OPTIONS":
        # Conditional and range fields need this permission; a day is as long as browsers remember it.
        allowed = {
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match, If-Modified-Since",
            "Access-Control-Max-Age": "86400",
        }
        return Answer(HTTPStatus.NO_CONTENT, {**CORS, **allowed, "Allow": ALLOW}, b"")
    return _empty(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": ALLOW, "Cache-Control": caching.NEVER})


def permitted(path: str, *, verifier: Verifier, withdrawn: Container[UUID], now: datetime) -> Wanted:
    """
    Return what the path names, if its token allows it.

    The token must be of this asset. A playlist must be of the token's publication; what the playlists name lies
    under a plan's digest and belongs to the asset. Raises as `answer` does.
    """
    parts = _PATH.fullmatch(path)
    if parts is None:
        raise BadKey(path)
    claims = verifier.verify(parts["token"], now)
    if parts["asset"] != str(claims.asset_id):
        raise LinkRefused("the link is for another asset")
    key = f"media/{parts['asset']}/{parts['rest']}"
    of_a_plan = _DIGEST.fullmatch(parts["scope"]) is not None and content_type(key) != PLAYLIST_TYPE
    if not of_a_plan and parts["scope"] != str(claims.publication_id):
        raise LinkRefused("the link is for another publication")
    if claims.asset_id in withdrawn:
        raise AssetWithdrawn(f"asset {claims.asset_id} is withdrawn")
    return Wanted(claims.asset_id, parts["scope"], key, key.rpartition("/")[2])


def playlist(
    body: bytes,
    *,
    etag: str,
    modified_at: datetime | None,
    method: str,
    headers: Mapping[str, str],
    cache_control: str = caching.IMMUTABLE,
) -> Answer:
    """Answer with a playlist, gzipped for whoever takes it (Apple's item 10.1). Ranges of it are not offered."""
    zipped = caching.accepts_gzip(headers.get("Accept-Encoding", ""))
    tag = caching.variant(etag, "gzip") if zipped else etag
    fields = {
        "Content-Type": PLAYLIST_TYPE,
        "ETag": tag,
        "Cache-Control": cache_control,
        "Vary": "Accept-Encoding",
    }
    if modified_at is not None:
        fields["Last-Modified"] = caching.http_date(modified_at)
    found = caching.Representation(tag, modified_at, len(body))
    if (early := _early(headers, found, fields)) is not None:
        return early
    # Without a time inside, the same playlist gives the same bytes for the same tag.
    sent = gzip.compress(body, mtime=0) if zipped else body
    encoding = {"Content-Encoding": "gzip"} if zipped else {}
    length = {"Content-Length": str(len(sent))}
    return Answer(HTTPStatus.OK, {**CORS, **fields, **encoding, **length}, sent if method == "GET" else b"")


def _stored(store: Readable, key: str, *, method: str, headers: Mapping[str, str]) -> Answer:
    info = store.head(key)
    fields = {
        "Content-Type": content_type(key),
        "ETag": info.etag,
        "Last-Modified": caching.http_date(info.modified_at),
        "Cache-Control": caching.IMMUTABLE,
        "Accept-Ranges": "bytes",
    }
    found = caching.Representation(info.etag, info.modified_at, info.size)
    if (early := _early(headers, found, fields)) is not None:
        return early
    try:
        part = caching.wanted_range(headers, found) if method == "GET" else None
    except ValueError:
        outside = {"Content-Range": f"bytes */{info.size}", "Cache-Control": caching.NEVER}
        return _empty(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, outside)
    status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
    if part is not None:
        fields["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{info.size}"
    part = part or caching.Range(0, info.size)
    fields["Content-Length"] = str(part.end - part.start)
    return Answer(status, {**CORS, **fields}, _bytes(store, key, part) if method == "GET" else b"")


def _bytes(store: Readable, key: str, part: caching.Range) -> bytes | Iterator[bytes]:
    if part.start == part.end:
        return b""
    take = store.read if part.end - part.start <= WHOLE_BYTES else store.stream
    return take(key, part.start, part.end)


def _early(headers: Mapping[str, str], found: caching.Representation, fields: Mapping[str, str]) -> Answer | None:
    """304 or 412, if the client's conditions ask for it."""
    match caching.verdict(headers, found):
        case caching.Verdict.NOT_MODIFIED:
            kept = {name: value for name, value in fields.items() if name not in {"Content-Type", "Last-Modified"}}
            return Answer(HTTPStatus.NOT_MODIFIED, {**CORS, **kept}, b"")
        case caching.Verdict.PRECONDITION_FAILED:
            return _empty(HTTPStatus.PRECONDITION_FAILED, {"Cache-Control": caching.NEVER})
        case _:
            return None


def _empty(status: HTTPStatus, fields: Mapping[str, str]) -> Answer:
    return Answer(status, {**CORS, **fields, "Content-Length": "0"}, b"")
