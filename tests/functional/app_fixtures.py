"""
The real application on a free port, for functional tests.

    from tests.functional.app_fixtures import running_app, server_process  # noqa: F401

`running_app` runs in a thread of this process, `server_process` is `sabaq serve` in a process of its own that a test
may kill. Both come with SQLite, a directory store, a filesystem broker and five people with tokens. Neither starts a
worker.
"""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from aiohttp import web
from sqlalchemy.orm import Session

import catalog.database
import streamsvc.database
import transcoder.database
from catalog import organizations, passwords, people, tokens
from streamsvc.app import build_app, start
from streamsvc.migrating import collect_tables, stamp
from streamsvc.services import Services, utc_now
from streamsvc.settings import Settings, settings_from
from streamsvc.web.requests import SERVICES
from transcoder.database import Sessions, open_sessions

PASSWORD = "a long enough password"
ROLES = {
    "teacher": "teacher",
    "other_teacher": "teacher",
    "pupil": "pupil",
    "curator": "curator",
    "admin": "admin",
}
"""Login → role. Everybody is at school `kz/almaty/bostandyk/s25`, `other_teacher` at `…/s26`."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    """Field names in lower case."""
    body: bytes
    cookies: tuple[str, ...] = ()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Account:
    person_id: UUID
    login: str
    token: str
    role: str
    unit_id: UUID
    unit_path: str
    password: str = PASSWORD


@dataclass
class ServedApp:
    """A service that listens, and what a test needs to talk to it."""

    base_url: str
    """Without a trailing slash."""
    settings: Settings
    environ: dict[str, str]
    """For subprocesses that belong to the same system (a worker, the command line)."""
    accounts: dict[str, Account]
    """By login; see ROLES."""
    sessions: Sessions
    """The same database, for looking behind the service and preparing states."""
    process: "subprocess.Popen[bytes] | None" = None
    application: web.Application | None = None
    """Only of `running_app`."""
    tasks: list[Any] = field(default_factory=list)

    @property
    def api(self) -> str:
        return f"{self.base_url}/api/v1"

    def token(self, login: str = "teacher") -> str:
        return self.accounts[login].token

    def services(self) -> Services:
        assert self.application is not None
        return self.application[SERVICES]

    def request(
        self,
        method: str,
        path: str,
        *,
        login: str | None = "teacher",
        json_body: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, with the bearer token of `login` (None: anonymous). Redirects are not followed."""
        fields = dict(headers or {})
        if login is not None:
            fields["Authorization"] = f"Bearer {self.token(login)}"
        if json_body is not None:
            body = json.dumps(json_body).encode()
            fields.setdefault("Content-Type", "application/json")
        return fetch(self.base_url, method, path, body=body, headers=fields)


def fetch(
    base_url: str, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """A plain HTTP/1.1 exchange on a connection of its own. `path` may also be an absolute URL below `base_url`."""
    path = path.removeprefix(base_url)
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        cookies = tuple(value for name, value in response.getheaders() if name.lower() == "set-cookie")
        return Answer(response.status, fields, response.read(), cookies)
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


QUICK_LADDER = str(Path(__file__).parents[1] / "data" / "ladders" / "quick.toml")
"""Two rungs of one family, for tests that do not care about ladders. An empty SABAQ_LADDER is the policy that ships."""


def environ_for(var: Path, *, port: int, **more: str) -> dict[str, str]:
    """Settings of a small system below `var`, with leases of two seconds and a quick ladder."""
    return {
        "SABAQ_VAR": str(var),
        "SABAQ_PORT": str(port),
        "SABAQ_LADDER": QUICK_LADDER,
        "SABAQ_MEASURED_SEGMENTS": "0",
        "SABAQ_LEASE_S": "2",
        "SABAQ_UPLOAD_LEASE_S": "2",
        "SABAQ_UPLOAD_RESERVE_BYTES": "1000000",
        "SABAQ_WORK_RESERVE_BYTES": "1000000",
        **more,
    }


def create_schema(database_url: str) -> None:
    """All tables of all packages."""
    collect_tables()
    sessions = open_sessions(database_url)
    for base in (catalog.database.Base, transcoder.database.Base, streamsvc.database.Base):
        base.metadata.create_all(sessions.engine)
    stamp(sessions.engine)
    sessions.engine.dispose()


_HASH: list[str] = []


def add_people(session: Session) -> dict[str, Account]:
    """One person for each of ROLES, with a token good for an hour."""
    now = utc_now()
    if not _HASH:
        _HASH.append(passwords.make_hash(PASSWORD))
    accounts = {}
    for login, role in ROLES.items():
        school = "s26" if login == "other_teacher" else "s25"
        unit = organizations.ensure_unit(session, f"kz/almaty/bostandyk/{school}", now=now)
        person = people.create_person(
            session,
            login,
            display_name=login.replace("_", " ").title(),
            role=role,
            unit=unit,
            password_hash=_HASH[0],
            now=now,
        )
        issued = tokens.issue(session, person.id, lifetime=timedelta(hours=1), now=now)
        accounts[login] = Account(person.id, login, issued.token, role, unit.id, unit.path)
    return accounts


def prepare(settings: Settings) -> tuple[Sessions, dict[str, Account]]:
    """A database with the schema and the people."""
    settings.var.mkdir(parents=True, exist_ok=True)
    create_schema(settings.database_url)
    sessions = open_sessions(settings.database_url)
    with sessions.write.begin() as session:
        accounts = add_people(session)
    return sessions, accounts


@contextmanager
def run_app(var: Path, **more: str) -> Iterator[ServedApp]:
    """The application in a thread of this process; `more` are further SABAQ_… settings."""
    environ = environ_for(var, port=free_port(), **more)
    settings = settings_from(environ)
    sessions, accounts = prepare(settings)
    app = build_app(settings)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="running-app", daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(app, host=settings.host, port=settings.port), loop).result(30)
    base_url = f"http://{settings.host}:{settings.port}"
    try:
        yield ServedApp(base_url, settings, environ, accounts, sessions, application=app)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
        sessions.engine.dispose()


@contextmanager
def run_server(var: Path, **more: str) -> Iterator[ServedApp]:
    """`sabaq serve` as a process; `more` are further SABAQ_… settings. Its log is `var/serve.log`."""
    environ = environ_for(var, port=free_port(), **more)
    settings = settings_from(environ)
    sessions, accounts = prepare(settings)
    served = ServedApp(f"http://{settings.host}:{settings.port}", settings, environ, accounts, sessions)
    start_server(served)
    try:
        yield served
    finally:
        stop_server(served)
        sessions.engine.dispose()


def start_server(served: ServedApp) -> None:
    """Start (again, after a kill) and wait until it answers."""
    log = (served.settings.var / "serve.log").open("ab")
    served.process = subprocess.Popen(
        [sys.executable, "-m", "streamsvc.cli", "serve"],
        env={**os.environ, **served.environ},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    log.close()
    wait_until_alive(served)


def wait_until_alive(served: ServedApp, *, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        assert served.process is None or served.process.poll() is None, (served.settings.var / "serve.log").read_text()
        try:
            if fetch(served.base_url, "GET", "/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no answer within {within_s} s: " + (served.settings.var / "serve.log").read_text())


def kill_server(served: ServedApp) -> None:
    """As a power cut: SIGKILL."""
    assert served.process is not None
    served.process.kill()
    served.process.wait(30)


def stop_server(served: ServedApp) -> None:
    """As an operator: SIGTERM, and wait."""
    if served.process is None or served.process.poll() is not None:
        return
    served.process.send_signal(signal.SIGTERM)
    served.process.wait(30)


@pytest.fixture
def running_app(tmp_path: Path) -> Iterator[ServedApp]:
    with run_app(tmp_path / "var") as served:
        yield served


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[ServedApp]:
    with run_server(tmp_path / "var") as served:
        yield served
