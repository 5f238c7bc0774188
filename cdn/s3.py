"""Objects in any S3: the only door to boto3."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from io import SEEK_END
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody

from cdn.errors import ObjectExists, ObjectMissing, RangeUnsatisfiable, StoreFull, StoreUnavailable
from cdn.layout import checked, checked_prefix
from cdn.s3_address import S3Address
from cdn.storage import PIECE_BYTES, ObjectInfo, checked_end

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

ATTEMPTS = 3
"""Of one request, the first counted; with growing pauses between them."""
DELETE_AT_ONCE = 1000
"""The most that DeleteObjects takes."""
_MISSING = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
_TAKEN = {"412", "PreconditionFailed"}
_OUTSIDE = {"416", "InvalidRange"}
_FULL = {"507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"}
_BUCKET_IS_OURS = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


class S3Store:
    """
    Fits `cdn.storage.ObjectStore`. One client, shared by all threads, made without asking the network anything.

    A missing bucket is made when something is put or checked; until then it is merely empty.
    """

    def __init__(self, address: S3Address) -> None:
        self.address = address
        self._bucket = address.bucket
        self._client: S3Client = _client(address)

    def put(self, key: str, body: bytes, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        checked(key)
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        return self._put(key, body, digest, content_type=content_type, if_absent=if_absent)

    def put_file(self, key: str, path: Path, *, content_type: str, if_absent: bool = False) -> ObjectInfo:
        checked(key)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, _md5).digest()
            file.seek(0)
            return self._put(key, file, digest, content_type=content_type, if_absent=if_absent)

    def head(self, key: str) -> ObjectInfo:
        checked(key)
        with _translated(key):
            found = self._client.head_object(Bucket=self._bucket, Key=key)
            kind = found.get("ContentType", "")
            return ObjectInfo(key, found["ContentLength"], found["ETag"], kind, found["LastModified"])

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return b"".join(self.stream(key, start, end))

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        checked(key)
        pieces = self._pieces(key, start, checked_end(start, end))
        try:
            next(pieces)  # Here the object is asked for.
        except RangeUnsatisfiable:
            if start == 0:  # Every range lies outside an empty object.
                return iter(())
            raise
        return pieces

    def delete(self, keys: Iterable[str]) -> None:
        rest = iter(keys)
        while some := list(islice(rest, DELETE_AT_ONCE)):
            with _translated(some[0]), suppress(ObjectMissing):
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": checked(key)} for key in some], "Quiet": True}
                )
                failed = [error for error in answer.get("Errors", []) if error.get("Code") not in _MISSING]
                if failed:
                    reason = failed[0].get("Code", "unknown")
                    raise StoreUnavailable(f"{len(failed)} objects were not deleted: {reason}", reason=reason)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=checked_prefix(prefix)
        )
        with suppress(ObjectMissing), _translated(prefix):
            for page in pages:
                for found in page.get("Contents", []):
                    yield ObjectInfo(found["Key"], found["Size"], found["ETag"], "", found["LastModified"])

    def check(self) -> None:
        try:
            with _translated(""):
                self._client.head_bucket(Bucket=self._bucket)
        except ObjectMissing:
            self._make_bucket()

    def _put(self, key: str, body: bytes | BinaryIO, md5: bytes, *, content_type: str, if_absent: bool) -> ObjectInfo:
        try:
            return self._put_once(key, body, md5, content_type=content_type, if_absent=if_absent)
        except ObjectMissing:
            # The one thing that a PUT can miss is its bucket.
            self._make_bucket()
        if not isinstance(body, bytes):
            body.seek(0)
        return self._put_once(key, body, md5, content_type=content_type, if_absent=if_absent)

    def _put_once(
        self, key: str, body: bytes | BinaryIO, md5: bytes, *, content_type: str, if_absent: bool
    ) -> ObjectInfo:
        """
        A request whose answer got lost is sent again; with `if_absent` the second may then meet the first's object
        and raise ObjectExists. Callers compare the sha256 in that case, as they must in any race.
        """
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if if_absent else {}
        with _translated(key):
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                # The server refuses bytes that changed on the way; every S3 knows this header.
                ContentMD5=base64.b64encode(md5).decode("ascii"),
                **condition,
            )
            size = len(body) if isinstance(body, bytes) else body.seek(0, SEEK_END)
            stored_at = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
            return ObjectInfo(key, size, answer["ETag"], content_type, stored_at)

    def _make_bucket(self) -> None:
        with _translated(self._bucket):
            try:
                self._client.create_bucket(Bucket=self._bucket, **_location(self.address))
            except ClientError as exc:
                if exc.response["Error"]["Code"] not in _BUCKET_IS_OURS:
                    raise

    def _pieces(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        """
        The bytes, asked for again from where a dying connection stopped.

        The first value is empty: it comes when the store has begun to answer.
        """
        answer = self._get(key, start, end)
        position, stop, etag = start, start + answer["ContentLength"], answer["ETag"]
        body, failures = answer["Body"], 0
        try:
            yield b""
            while position < stop:
                try:
                    piece = body.read(PIECE_BYTES)
                except (BotoCoreError, OSError) as exc:
                    failures += 1
                    if failures == ATTEMPTS:
                        raise StoreUnavailable(f"{key} breaks off at byte {position}", reason=str(exc)) from exc
                    body.close()
                    body = self._get_rest(key, position, stop, etag)
                    continue
                position += len(piece)
                yield piece
        finally:
            body.close()

    def _get_rest(self, key: str, start: int, end: int, etag: str) -> StreamingBody:
        """Of the same object: half of one and half of another would be neither."""
        try:
            return self._get(key, start, end, etag=etag)["Body"]
        except (ObjectExists, ObjectMissing) as exc:
            raise StoreUnavailable(f"{key} changed while it was read", reason="changed while it was read") from exc

    def _get(self, key: str, start: int, end: int | None, *, etag: str | None = None) -> "GetObjectOutputTypeDef":
        some: dict[str, Any] = (
            {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
        )
        same: dict[str, Any] = {"IfMatch": etag} if etag else {}
        with _translated(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **some, **same)
            if some:
                answer["ContentRange"]  # A server that ignores ranges would give other bytes than were asked for.
            return answer


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)


def _client(address: S3Address) -> "S3Client":
    return boto3.session.Session().client(
        "s3",
        endpoint_url=address.endpoint,
        aws_access_key_id=address.access_key,
        aws_secret_access_key=address.secret_key,
        region_name=address.region,
        verify=str(address.ca) if address.ca else None,
        config=Config(
            s3={"addressing_style": address.style},
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=min(5.0, address.timeout_s),
            read_timeout=address.timeout_s,
            max_pool_connections=64,
            # Checksums that newer clients add by themselves are unknown to many an S3; we send Content-MD5.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _location(address: S3Address) -> dict[str, Any]:
    """Amazon wants to hear the region again when a bucket is made, unless it is the first one."""
    if address.endpoint is not None or address.region == "us-east-1":
        return {}
    return {"CreateBucketConfiguration": {"LocationConstraint": address.region}}


@contextmanager
def _translated(key: str) -> Iterator[None]:
    """The vendor's errors in our words."""
    try:
        yield
    except ClientError as exc:
        code, status = str(exc.response["Error"].get("Code")), exc.response["ResponseMetadata"].get("HTTPStatusCode")
        if code in _MISSING:
            raise ObjectMissing(key) from exc
        if code in _TAKEN:
            raise ObjectExists(key) from exc
        if code in _OUTSIDE:
            raise RangeUnsatisfiable(str(exc), key=key) from exc
        if code in _FULL or status == HTTPStatus.INSUFFICIENT_STORAGE:
            raise StoreFull(str(exc)) from exc
        raise StoreUnavailable(f"the store answers {code}: {exc}", reason=code) from exc
    except (BotoCoreError, OSError) as exc:
        raise StoreUnavailable(f"the store does not answer: {exc}", reason=str(exc)) from exc
    except (ResponseParserError, KeyError) as exc:
        raise StoreUnavailable(f"the store answers nonsense: {exc}", reason=str(exc)) from exc
