"""
The journey on the parts of a cluster, by configuration alone: the same commands under other addresses.

Service and worker have nothing in common but three URLs: not even a directory.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import amqp
import pytest
import redis

from cdn.stores import open_store
from streamsvc.queueing import QUEUE
from streamsvc.settings import settings_from
from tests.functional import bad_sources
from tests.functional.app_fixtures import (
    PASSWORD,
    QUICK_LADDER,
    Account,
    ServedApp,
    environ_for,
    fetch,
    free_port,
    start_server,
    stop_server,
)
from tests.functional.whole_fixtures import Whole
from tests.functional.worker_fixtures import processes_of
from tests.hls_rules import check as hls_check
from tests.judges import ralph_validate
from tests.xapi_rules import check as xapi_check
from transcoder.database import open_sessions

pytestmark = [pytest.mark.functional, pytest.mark.ffmpeg]

BROKERS = ("rabbitmq", "redis")
UNIT = "kz/almaty/bostandyk/s25"
WATCHED_S = 5.0


LADDERS = {"rabbitmq": "", "redis": QUICK_LADDER}
"""One journey goes through both families of the policy that ships."""


@dataclass
class Journey:
    """What was seen on the way."""

    broker_url: str
    whole: Whole
    said: dict[str, str] = field(default_factory=dict)
    """By command."""
    media: dict[str, Any] = field(default_factory=dict)
    session: dict[str, Any] = field(default_factory=dict)
    broken_rules: list[Any] = field(default_factory=list)
    receipt: dict[str, Any] = field(default_factory=dict)
    statements: str = ""

    @property
    def asset_id(self) -> str:
        """The second part of /media/{token}/{asset}/…"""
        return urlsplit(self.session["url"]).path.split("/")[3]

    def sabaq(self, *arguments: str, given: str = "") -> str:
        """A command, as an operator of the cluster runs it."""
        ended = subprocess.run(
            [sys.executable, "-m", "streamsvc.cli", *arguments],
            env={**os.environ, **self.whole.served.environ},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@contextlib.contextmanager
def run_cluster(directory: Path, **urls: str) -> Iterator[Journey]:
    """From empty servers to a service with two people, and a worker on a disk of its own."""
    environ = environ_for(directory / "service", port=free_port(), **urls)
    settings = settings_from(environ)
    settings.var.mkdir(parents=True)
    sessions = open_sessions(settings.database_url)
    served = ServedApp(f"http://127.0.0.1:{settings.port}", settings, environ, {}, sessions)
    journey = Journey(settings.broker_url, Whole(served))
    journey.said["migrate"] = journey.sabaq("migrate")
    for login in ("teacher", "pupil"):
        who = ("--name", login.title(), "--role", login, "--unit", UNIT, "--create-unit")
        journey.said[login] = journey.sabaq("user", "add", login, *who, given=f"{PASSWORD}\n")
    start_server(served)
    journey.whole.start_worker(SABAQ_VAR=str(directory / "worker"))
    try:
        yield journey
    finally:
        journey.whole.stop_worker()
        stop_server(served)
        sessions.engine.dispose()
    left = processes_of(directory)
    assert not left, left


def sign_in(served: ServedApp, login: str) -> None:
    answer = served.request("POST", "/api/v1/tokens", login=None, json_body={"login": login, "password": PASSWORD})
    assert answer.status == 201, answer
    person = answer.json()["person"]
    unit = person["unit"]
    served.accounts[login] = Account(
        UUID(person["id"]), login, answer.json()["token"], person["role"], UUID(unit["id"]), unit["path"]
    )


def travel(journey: Journey, clip: bytes) -> None:
    """From the teacher's file over the pupil's screen to the lesson's end."""
    whole = journey.whole
    for login in ("teacher", "pupil"):
        sign_in(whole.served, login)
    lesson = whole.upload(clip)
    journey.media = whole.wait(lesson, "ready")
    journey.session = whole.play(lesson).json()
    journey.broken_rules = hls_check(journey.session["url"])
    answer = whole.served.request("POST", journey.session["events"], login="pupil", json_body={"events": viewing()})
    journey.receipt = answer.json()
    assert whole.served.request("DELETE", lesson).status == 204
    journey.statements = journey.sabaq("trace", "export")


def viewing() -> list[dict[str, Any]]:
    began = datetime.now(UTC) - timedelta(seconds=WATCHED_S + 1)

    def event(sequence: int, kind: str, after_s: float, time_s: float, **more: Any) -> dict[str, Any]:
        at = (began + timedelta(seconds=after_s)).isoformat()
        return {"sequence": sequence, "type": kind, "at": at, "time_s": time_s, **more}

    played = {"played": [[0, WATCHED_S]]}
    return [
        event(0, "initialized", 0, 0),
        event(1, "played", 0.1, 0),
        event(2, "paused", WATCHED_S + 0.1, WATCHED_S, **played),
        event(3, "terminated", WATCHED_S + 0.2, WATCHED_S, **played),
    ]


@pytest.fixture(scope="module")
def journeys(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Journey]]:
    """Both clusters side by side, on one PostgreSQL and one SeaweedFS; each journey up to the lesson's deletion."""
    postgres, seaweed = request.getfixturevalue("postgres_server"), request.getfixturevalue("seaweed_server")
    brokers = {"rabbitmq": request.getfixturevalue("rabbitmq_url"), "redis": request.getfixturevalue("redis_server")}
    with redis.Redis.from_url(brokers["redis"]) as client:
        client.flushall()
    directory = tmp_path_factory.mktemp("cluster")
    bad_sources.lesson(directory / "lesson.mp4")
    with contextlib.ExitStack() as stack:
        running = {}
        for name, broker_url in brokers.items():
            database = postgres.make_database()
            stack.callback(postgres.drop_database, database)
            running[name] = stack.enter_context(
                run_cluster(
                    directory / name,
                    SABAQ_DATABASE_URL=postgres.url(database),
                    SABAQ_BROKER_URL=broker_url,
                    SABAQ_STORAGE_URL=seaweed.url(f"cluster-{name}"),
                    SABAQ_LADDER=LADDERS[name],
                )
            )
        for journey in running.values():
            travel(journey, (directory / "lesson.mp4").read_bytes())
        yield running


@pytest.fixture(params=BROKERS)
def journey(request: pytest.FixtureRequest, journeys: dict[str, Journey]) -> Journey:
    return journeys[request.param]


def test_the_commands_set_a_cluster_up(journey: Journey) -> None:
    """
    A second `sabaq migrate` finds nothing to do.
    """
    assert "was: empty" in journey.said["migrate"]
    assert "nothing to do" in journey.sabaq("migrate")
    assert journey.said["teacher"] == f"teacher: teacher at {UNIT}\n"
    ready = journey.whole.served.request("GET", "/readyz", login=None)
    assert (ready.status, set(ready.json()["checks"].values())) == (200, {"ok"})


def test_the_lesson_keeps_the_rules(journey: Journey) -> None:
    assert journey.broken_rules == []
    assert {rendition["type"] for rendition in journey.media["renditions"]} == {"video", "audio"}
    families = {rendition["codec"].partition(".")[0] for rendition in journey.media["renditions"]}
    assert families == {"avc1", "mp4a"} | (set() if journey.whole.served.environ["SABAQ_LADDER"] else {"av01", "Opus"})
    assert journey.media["duration_s"] == pytest.approx(6, abs=0.3)
    assert not (journey.whole.var / "store").exists()
    assert not (journey.whole.var / "broker").exists()


def test_the_trace_is_accepted(journeys: dict[str, Journey]) -> None:
    for journey in journeys.values():
        assert journey.receipt == {"accepted": 4, "repeated": 0, "rejected": []}
        statements = [json.loads(line) for line in journey.statements.splitlines()]
        assert len(statements) == 4
        assert xapi_check(statements) == []
    judged = ralph_validate("".join(journey.statements for journey in journeys.values()))
    assert judged.returncode == 0, judged.stderr
    assert len(judged.stdout.splitlines()) == 4 * len(journeys)


def test_a_deleted_lesson_is_gone_with_its_bytes(journey: Journey) -> None:
    """
    The link stops at once or with the next look at the list of withdrawn assets; the worker frees the bytes.
    """
    whole, url = journey.whole, journey.session["url"]
    store = open_store(whole.served.settings.storage_url)

    def kept() -> list[str]:
        return [info.key for prefix in (f"media/{journey.asset_id}/", "uploads/") for info in store.list(prefix)]

    whole.until(lambda: fetch(whole.served.base_url, "GET", url).status != 200, lambda: "the link stops")
    answer = fetch(whole.served.base_url, "GET", url)
    assert (answer.status, answer.json()["code"]) == (410, "asset_withdrawn")
    whole.until(lambda: kept() == [], lambda: str(kept()))


def test_rabbitmqs_queue_is_a_quorum_queue(journeys: dict[str, Journey]) -> None:
    """
    RabbitMQ refuses to declare a queue anew as another type, and says what it is.
    """
    address = urlsplit(journeys["rabbitmq"].broker_url)
    host = f"{address.hostname}:{address.port}"
    with amqp.Connection(host, userid=address.username or "", password=address.password or "") as connection:
        declare = connection.channel().queue_declare
        with pytest.raises(amqp.PreconditionFailed, match="current is 'quorum'"):
            declare(QUEUE, durable=True, auto_delete=False, arguments={"x-queue-type": "classic"})
