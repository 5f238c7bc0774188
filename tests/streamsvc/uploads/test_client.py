"""Our own tus client against a server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from streamsvc.errors import AnswerUnexpected, LessonFileUnusable, ServiceUnreachable
from streamsvc.uploads.client import ATTEMPTS, Begun, Sender, upload_file


class Served(ThreadingHTTPServer):
    """One upload, and what goes wrong with it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.received = b""
        self.length = -1
        self.seen: list[str] = []
        self.cut_after: list[int] = []
        """Of the next PATCH requests: bytes that are kept before the line is cut."""
        self.refuse: list[tuple[str, int]] = []
        """What the next request of a method is answered."""

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1"


class Answers(BaseHTTPRequestHandler):
    server: Served
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the base class
        pass

    def _told(self) -> bool:
        self.server.seen.append(self.command)
        assert self.headers["Authorization"] == "Bearer secret"
        assert self.headers["Tus-Resumable"] == "1.0.0"
        if not self.server.refuse or self.server.refuse[0][0] != self.command:
            return False
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, status = self.server.refuse.pop(0)
        self._answer(status, body=json.dumps({"detail": "sorry", "code": "some_code"}).encode())
        return True

    def do_POST(self) -> None:
        if not self._told():
            self.server.length = int(self.headers["Upload-Length"])
            self.server.received = b""
            self._answer(201, Location="/api/v1/uploads/1")

    def do_HEAD(self) -> None:
        if not self._told():
            self._answer(
                200, **{"Upload-Offset": str(len(self.server.received)), "Upload-Length": str(self.server.length)}
            )

    def do_PATCH(self) -> None:
        if self._told():
            return
        assert int(self.headers["Upload-Offset"]) == len(self.server.received)
        length = int(self.headers["Content-Length"])
        if self.server.cut_after:
            self.server.received += self.rfile.read(min(length, self.server.cut_after.pop(0)))
            self.close_connection = True
            return
        self.server.received += self.rfile.read(length)
        self._answer(204)

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Location": "/api/v1/lessons/L", **headers}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Served]:
    with Served() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.shutdown()
        thread.join(10)


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    path = tmp_path / "lesson.mp4"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def sender(server: Served, waits: list[float]) -> Sender:
    return Sender(server.api, "secret", sleep=waits.append)


def test_file_arrives_and_progress_is_told(server: Served, lesson: Path):
    told: list[tuple[int, int]] = []

    lesson_id = upload_file(
        lesson, api=server.api, token="secret", title="L", on_progress=lambda sent, length: told.append((sent, length))
    )

    assert lesson_id == "L"
    assert server.received == lesson.read_bytes()
    assert told[-1] == (256_000, 256_000)
    assert told == sorted(told)


def test_cut_line_goes_on_at_the_servers_offset(server: Served, lesson: Path, sender: Sender, waits: list[float]):
    server.cut_after = [100_000, 1, 50_000]

    sender.send(sender.begin(lesson, title="L"), lesson, on_progress=lambda *_: None)

    assert server.received == lesson.read_bytes()
    assert server.seen.count("PATCH") == 4
    assert len(waits) >= 3


@pytest.mark.parametrize("status", [409, 423, 500, 503, 507])
def test_passing_trouble_is_waited_for_longer_and_longer(
    server: Served, lesson: Path, sender: Sender, waits: list[float], status: int
):
    begun = sender.begin(lesson, title="L")
    server.refuse = [("HEAD", status), ("PATCH", status)] * 3

    sender.send(begun, lesson, on_progress=lambda *_: None)

    assert server.received == lesson.read_bytes()
    assert waits[4] > waits[2] > waits[0]


def test_trouble_that_does_not_pass_is_told_in_the_services_words(server: Served, lesson: Path, sender: Sender):
    begun = sender.begin(lesson, title="L")
    server.refuse = [("PATCH", 503)] * (ATTEMPTS + 1)

    with pytest.raises(AnswerUnexpected) as refused:
        sender.send(begun, lesson, on_progress=lambda *_: None)

    assert refused.value.params == {"status": 503, "reason": "sorry", "refusal": "some_code"}


@pytest.mark.parametrize("status", [401, 403, 413, 415])
def test_refusal_is_told_at_once(server: Served, lesson: Path, status: int):
    server.refuse = [("POST", status)]

    with pytest.raises(AnswerUnexpected):
        upload_file(lesson, api=server.api, token="secret", title="L")

    assert server.seen == ["POST"]


def test_service_that_is_away_is_told(lesson: Path, waits: list[float]):
    sender = Sender("http://127.0.0.1:9/api/v1", "secret", sleep=waits.append)

    with pytest.raises(ServiceUnreachable):
        sender.send(Begun("http://127.0.0.1:9/api/v1/uploads/1", "L"), lesson, on_progress=lambda *_: None)

    assert len(waits) == ATTEMPTS - 1


def test_stopped_upload_is_continued_by_the_next_run(server: Served, lesson: Path, tmp_path: Path):
    memory = tmp_path / "state" / "uploads.json"
    server.cut_after = [100_000]
    # A person presses Ctrl-C: the first run ends in the middle of the file.
    with pytest.raises(KeyboardInterrupt):
        upload_file(lesson, api=server.api, token="secret", title="L", memory=memory, on_progress=_stop_in_the_middle)
    begun_at = len(server.received)

    upload_file(lesson, api=server.api, token="secret", title="L", memory=memory)

    assert server.received == lesson.read_bytes()
    assert server.seen.count("POST") == 1
    assert begun_at <= 256_000
    assert json.loads(memory.read_text()) == {}


def _stop_in_the_middle(sent: int, length: int) -> None:
    if sent > length / 2:
        raise KeyboardInterrupt


@pytest.mark.parametrize("forgotten", [404, 410])
def test_upload_that_the_server_forgot_begins_anew(server: Served, lesson: Path, tmp_path: Path, forgotten: int):
    memory = tmp_path / "uploads.json"
    with pytest.raises(KeyboardInterrupt):
        upload_file(lesson, api=server.api, token="secret", title="L", memory=memory, on_progress=_stop_in_the_middle)
    server.refuse = [("HEAD", forgotten)]

    upload_file(lesson, api=server.api, token="secret", title="L", memory=memory)

    assert server.seen.count("POST") == 2
    assert server.received == lesson.read_bytes()


def test_broken_memory_costs_a_new_upload_only(server: Served, lesson: Path, tmp_path: Path):
    memory = tmp_path / "uploads.json"
    memory.write_text("not json")

    assert upload_file(lesson, api=server.api, token="secret", title="L", memory=memory) == "L"


def test_missing_file_is_told(tmp_path: Path):
    with pytest.raises(LessonFileUnusable):
        upload_file(tmp_path / "none.mp4", api="http://127.0.0.1:9/api/v1", token="secret", title="L")
