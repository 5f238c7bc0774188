"""Uploading a file over tus 1.0.0, going on at the server's offset after every interruption."""

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from streamsvc.demo.client import Answer, Client, refused
from streamsvc.errors import ServiceUnreachable

TUS = {"Tus-Resumable": "1.0.0"}
PIECE_BYTES = 8 * 1024 * 1024
BLOCK_BYTES = 64 * 1024
ATTEMPTS = 8
"""Without a single new byte; then the error is shown."""
GONE = {403, 404, 410}
TRY_AGAIN = {409, 423, 460, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that exists at the server."""

    url: str
    lesson_id: str


def begin(client: Client, path: Path, *, title: str) -> Begun:
    """Create the upload, and with it the lesson (tus: creation). Raises AnswerUnexpected."""
    metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in _metadata(path, title))
    headers = {**TUS, "Upload-Length": str(path.stat().st_size), "Upload-Metadata": metadata}
    answer = client.send("POST", "api/v1/uploads", headers=headers)
    if answer.status != 201:
        raise refused(answer)
    return Begun(answer.headers["location"], answer.headers["content-location"].rsplit("/", 1)[-1])


def _metadata(path: Path, title: str) -> tuple[tuple[str, str], ...]:
    return (("filename", path.name), ("title", title))


def offset_of(client: Client, url: str) -> int | None:
    """How many bytes the server holds; None for an upload that it does not know (any more)."""
    answer = client.send("HEAD", url, headers=TUS)
    if answer.status in GONE:
        return None
    if answer.status not in {200, 204}:
        raise refused(answer)
    return int(answer.headers["upload-offset"])


def send_rest(
    client: Client,
    url: str,
    path: Path,
    *,
    on_bytes: Callable[[int], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """
    Send what the server does not hold yet. `on_bytes` hears how many bytes have left.

    Raises AnswerUnexpected for a refusal that waiting does not mend, ServiceUnreachable after too many cuts.
    """
    total, attempts, reached = path.stat().st_size, 0, -1
    while True:
        answer: Answer | None = None
        try:
            offset = offset_of(client, url)
            if offset is None:
                raise refused(Answer(410, {}, b"the upload has expired"))
            if offset == total:
                return
            if offset > reached:
                attempts, reached = 0, offset
            answer = _send_piece(client, url, path, offset=offset, on_bytes=on_bytes)
            if answer.status == 204:
                continue
            if answer.status not in TRY_AGAIN:
                raise refused(answer)
        except ServiceUnreachable:
            if attempts + 1 >= ATTEMPTS:
                raise
        attempts += 1
        if attempts >= ATTEMPTS and answer is not None:
            raise refused(answer)
        sleep(min(5.0, 0.2 * 2**attempts))


def _send_piece(client: Client, url: str, path: Path, *, offset: int, on_bytes: Callable[[int], None]) -> Answer:
    length = min(PIECE_BYTES, path.stat().st_size - offset)
    headers = {
        **TUS,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(length),
    }
    blocks = _blocks(path, offset=offset, length=length, on_bytes=on_bytes)
    return client.send("PATCH", url, headers=headers, body=blocks)


def _blocks(path: Path, *, offset: int, length: int, on_bytes: Callable[[int], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while length > 0 and (block := file.read(min(BLOCK_BYTES, length))):
            yield block
            offset, length = offset + len(block), length - len(block)
            on_bytes(offset)
