"""What the tests of uploads share: tus requests by hand, on sockets that can be cut, and a look at what was stored."""

import base64
import hashlib
import http.client
import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from cdn.stores import open_store
from streamsvc.uploads.tables import Upload, UploadPart
from streamsvc.uploads.transfers import source_parts
from tests.functional.app_fixtures import Answer, ServedApp, fetch

UPLOADS = "/api/v1/uploads"
VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def content(size: int, seed: int = 1) -> bytes:
    """Bytes that no shift or repetition leaves the same."""
    return random.Random(seed).randbytes(size)


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def sha1(body: bytes) -> str:
    return "sha1 " + base64.b64encode(hashlib.sha1(body).digest()).decode()


def sha256(body: bytes) -> str:
    return "sha256 " + base64.b64encode(hashlib.sha256(body).digest()).decode()


class Tus:
    """A client that does one request at a time and hides nothing."""

    def __init__(self, app: ServedApp, login: str = "teacher") -> None:
        self.app = app
        self.login = login

    def ask(
        self, method: str, address: str = UPLOADS, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        token = {"Authorization": f"Bearer {self.app.token(self.login)}"}
        return fetch(self.app.base_url, method, address, body=body, headers={**VERSION, **token, **(headers or {})})

    def create(self, length: int, body: bytes | None = None, **headers: str) -> Answer:
        fields = {"Upload-Length": str(length), "Upload-Metadata": metadata(filename="lesson.mp4"), **_dashed(headers)}
        return self.ask("POST", UPLOADS, body, {**fields, **(BYTES if body is not None else {})})

    def created(self, length: int, **headers: str) -> str:
        answer = self.create(length, **headers)
        assert answer.status == 201, answer.body
        return answer.headers["location"]

    def patch(self, url: str, body: bytes, offset: int = 0, **headers: str) -> Answer:
        return self.ask("PATCH", url, body, {**BYTES, "Upload-Offset": str(offset), **_dashed(headers)})

    def head(self, url: str) -> Answer:
        return self.ask("HEAD", url)

    def offset(self, url: str) -> int:
        answer = self.head(url)
        assert answer.status == 200, answer
        return int(answer.headers["upload-offset"])

    def partial(self, body: bytes) -> str:
        """A complete partial upload."""
        url = self.created(len(body), upload_concat="partial")
        assert self.patch(url, body).status == 204
        return url

    def final(self, *urls: str, **headers: str) -> Answer:
        return self.ask("POST", UPLOADS, None, {"Upload-Concat": "final;" + " ".join(urls), **_dashed(headers)})

    @contextmanager
    def open_patch(self, url: str, *, offset: int, announced: int | None, **headers: str) -> Iterator[socket.socket]:
        """A PATCH whose bytes the test sends itself, as slowly as it likes; closing it cuts the line."""
        address = urlsplit(self.app.base_url)
        fields = {
            "Host": address.netloc,
            "Authorization": f"Bearer {self.app.token(self.login)}",
            "Upload-Offset": str(offset),
            **({"Transfer-Encoding": "chunked"} if announced is None else {"Content-Length": str(announced)}),
            **VERSION,
            **BYTES,
            **_dashed(headers),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=30) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(f"PATCH {urlsplit(url).path} HTTP/1.1\r\n{lines}\r\n".encode())
            yield line


def read_answer(line: socket.socket) -> Answer:
    response = http.client.HTTPResponse(line)
    response.begin()
    fields = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, fields, response.read())


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}


def upload_id(url: str) -> UUID:
    return UUID(url.rpartition("/")[2])


def row(app: ServedApp, url: str) -> Upload:
    with app.sessions.read() as session:
        found = session.get(Upload, upload_id(url))
    assert found is not None
    return found


def stored(app: ServedApp, url: str) -> bytes:
    """The bytes of an upload as its list of parts gives them, each checked against its sha256."""
    store = open_store(app.settings.storage_url)
    whole = b""
    with app.sessions.read() as session:
        parts = source_parts(session, upload_id(url))
    for part in parts:
        body = store.read(part.key)
        assert (part.offset, part.bytes) == (len(whole), len(body))
        assert part.sha256 == hashlib.sha256(body).hexdigest()
        whole += body
    return whole


def part_keys(app: ServedApp) -> list[str]:
    with app.sessions.read() as session:
        return list(session.scalars(select(UploadPart.key)))


def store_keys(app: ServedApp) -> list[str]:
    return [info.key for info in open_store(app.settings.storage_url).list("uploads/")]


def code(answer: Answer) -> str:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer
    value = answer.json()["code"]
    assert isinstance(value, str)
    return value
