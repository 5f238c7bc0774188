"""
A tus client for a bad line: it sends what is missing, asks how far the server came, and goes on there.

    lesson_id = upload_file(path, api="https://sabaq.example/api/v1", token=token, title="Fractions")

Nothing but the standard library. What it does, any tus client can do.
"""

import http.client
import json
import random
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from streamsvc.errors import AnswerUnexpected, LessonFileUnusable, ServiceUnreachable

TIMEOUT_S = 120.0
BLOCK_BYTES = 64 * 1024
ATTEMPTS = 10
"""In a row without a single new byte; then the last error is the caller's."""
LONGEST_WAIT_S = 30.0
_GONE = {404, 410}
_AGAIN = {408, 409, 423, 460, 500, 502, 503, 504, 507}

Progress = Callable[[int, int], None]
"""Hears how many bytes have left, and how many there are."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that the server knows: what to keep in order to go on with it another day."""

    url: str
    lesson_id: str


@dataclass(frozen=True, slots=True)
class Sender:
    """One person's line to one service."""

    api: str
    """Without a trailing slash."""
    token: str
    language: str = "en"
    sleep: Callable[[float], None] = time.sleep

    def begin(self, path: Path, *, title: str) -> Begun:
        """Create the upload and with it the lesson. Raises AnswerUnexpected, ServiceUnreachable."""
        values = {"filename": path.name, "title": title}
        fields = {
            "Upload-Length": str(path.stat().st_size),
            "Upload-Metadata": ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items()),
        }
        reply = self._ask("POST", f"{self.api}/uploads", fields)
        if reply.status != 201:
            raise refused(reply)
        return Begun(urljoin(self.api, reply.headers["location"]), _lesson_id(reply))

    def resume(self, url: str, *, length: int) -> Begun | None:
        """The upload of another day, if the server still has it and it is as long as the file."""
        reply = self._ask("HEAD", url, {})
        if reply.status in _GONE or reply.headers.get("upload-length") != str(length):
            return None
        if reply.status not in {200, 204}:
            raise refused(reply)
        return Begun(url, _lesson_id(reply))

    def send(self, begun: Begun, path: Path, *, on_progress: Progress) -> None:
        """
        Bring the upload to its end, however often the line breaks.

        Raises AnswerUnexpected for what waiting does not mend, or when nothing moved in ten attempts; then
        ServiceUnreachable if no answer came at all.
        """
        length, reached, attempt = path.stat().st_size, 0, 0
        while True:
            offset, error = self._go_on(begun.url, path, length=length, on_progress=on_progress)
            if offset == length:
                return
            attempt = 0 if offset > reached else attempt + 1
            reached = max(offset, reached)
            if error is not None and (attempt >= ATTEMPTS or not _passing(error)):
                raise error
            self.sleep(_wait_s(attempt))

    def _go_on(
        self, url: str, path: Path, *, length: int, on_progress: Progress
    ) -> tuple[int, AnswerUnexpected | ServiceUnreachable | None]:
        """Send from the server's offset on. Returns that offset, and what stopped us."""
        offset = -1
        try:
            reply = self._exchange("HEAD", url, {})
            if reply.status not in {200, 204}:
                return offset, refused(reply)
            offset = int(reply.headers["upload-offset"])
            on_progress(offset, length)
            if offset < length:
                reply = self._patch(url, path, offset=offset, on_progress=on_progress)
                return offset, None if reply.status == 204 else refused(reply)
        except ServiceUnreachable as error:
            return offset, error
        return offset, None

    def _patch(self, url: str, path: Path, *, offset: int, on_progress: Progress) -> Reply:
        length = path.stat().st_size
        fields = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length - offset),
        }
        return self._exchange("PATCH", url, fields, _blocks(path, offset=offset, on_progress=on_progress))

    def _ask(self, method: str, url: str, fields: Mapping[str, str]) -> Reply:
        """A small exchange, repeated while the line or the server is away."""
        for attempt in range(ATTEMPTS):
            try:
                reply = self._exchange(method, url, fields)
            except ServiceUnreachable:
                if attempt + 1 == ATTEMPTS:
                    raise
            else:
                if reply.status not in _AGAIN or attempt + 1 == ATTEMPTS:
                    return reply
            self.sleep(_wait_s(attempt + 1))
        raise AssertionError("unreachable")

    def _exchange(self, method: str, url: str, fields: Mapping[str, str], body: Iterator[bytes] | None = None) -> Reply:
        address = urlsplit(url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=TIMEOUT_S)
        common = {
            "Tus-Resumable": "1.0.0",
            "Authorization": f"Bearer {self.token}",
            "Accept-Language": self.language,
        }
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                # The server may have answered before it had read everything, and then its answer is waiting.
                connection.request(method, address.path, body=body, headers={**common, **fields})
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as exc:
            raise ServiceUnreachable(f"{url}: {exc}", url=self.api, reason=str(exc)) from exc
        finally:
            connection.close()


def upload_file(
    path: Path,
    *,
    api: str,
    token: str,
    title: str,
    on_progress: Progress = lambda sent, length: None,
    memory: Path | None = None,
    language: str = "en",
) -> str:
    """
    Upload a file as a lesson and return the lesson's id.

    `memory` is a file in which unfinished uploads are kept, so that the same command goes on where it was stopped.
    Raises LessonFileUnusable, AnswerUnexpected, ServiceUnreachable.
    """
    if not path.is_file():
        raise LessonFileUnusable(f"{path} is no file", path=str(path), reason="no such file")
    sender = Sender(api.rstrip("/"), token, language)
    known = _read(memory)
    key = _memory_key(path, api=sender.api)
    begun = sender.resume(known[key], length=path.stat().st_size) if key in known else None
    if begun is None:
        begun = sender.begin(path, title=title)
        _write(memory, {**known, key: begun.url})
    sender.send(begun, path, on_progress=on_progress)
    _write(memory, {other: url for other, url in _read(memory).items() if other != key})
    return begun.lesson_id


def refused(reply: Reply) -> AnswerUnexpected:
    """The error that a refusal becomes; its reason is the problem's `detail`, meant for people (RFC 9457)."""
    try:
        problem = json.loads(reply.body)
        reason, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        words = reply.body[:200].decode("utf-8", "replace")
        reason, code = words or http.client.responses.get(reply.status, ""), ""
    return AnswerUnexpected(f"{reply.status}: {reason}", status=reply.status, reason=reason, refusal=code)


def _passing(error: AnswerUnexpected | ServiceUnreachable) -> bool:
    return isinstance(error, ServiceUnreachable) or error.params.get("status") in _AGAIN


def _wait_s(attempt: int) -> float:
    """Longer and longer, and never all clients at once; at once after progress."""
    return 0.0 if attempt == 0 else random.uniform(0.5, 1.0) * min(LONGEST_WAIT_S, 2.0 ** (attempt - 1))


def _lesson_id(reply: Reply) -> str:
    return reply.headers.get("content-location", "").rpartition("/")[2]


def _blocks(path: Path, *, offset: int, on_progress: Progress) -> Iterator[bytes]:
    length = path.stat().st_size
    with path.open("rb") as file:
        file.seek(offset)
        while block := file.read(BLOCK_BYTES):
            yield block
            offset += len(block)
            on_progress(offset, length)


def _memory_key(path: Path, *, api: str) -> str:
    """The same file in the same state, for the same service."""
    status = path.stat()
    return f"{api} {path.resolve()} {status.st_size} {status.st_mtime_ns}"


def _read(memory: Path | None) -> dict[str, str]:
    if memory is None or not memory.is_file():
        return {}
    try:
        return {str(key): str(url) for key, url in json.loads(memory.read_text("utf-8")).items()}
    except (ValueError, AttributeError):
        return {}  # a broken memory costs a new upload, nothing else


def _write(memory: Path | None, known: Mapping[str, str]) -> None:
    if memory is None:
        return
    memory.parent.mkdir(parents=True, exist_ok=True)
    fresh = memory.with_suffix(".new")
    fresh.write_text(json.dumps(known), "utf-8")
    fresh.replace(memory)
