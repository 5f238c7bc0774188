"""The service while its database, broker or place in the network is gone, and after it is back."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy.engine import make_url

from tests.functional.app_fixtures import PASSWORD, run_app, run_server
from tests.functional.app_states import change, make_lesson
from tests.functional.fault_proxy import Fault, fault_proxy

pytestmark = pytest.mark.functional


def _wait_for(done, within_s=30.0):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if done():
            return
        time.sleep(0.1)
    raise AssertionError("not within the time")


def test_a_database_that_goes_and_comes_back(tmp_path, postgres_server, postgres_url):
    """
    Requests end with 503 and a sentence, the process lives, and all is well as soon as the database is.
    """
    address = make_url(postgres_url)
    with fault_proxy(postgres_server.port) as proxy:
        proxied = address.set(port=proxy.port).render_as_string(hide_password=False)
        with run_app(tmp_path / "var", SABAQ_DATABASE_URL=proxied) as app:
            assert app.request("GET", "/api/v1/me").status == 200

            proxy.fault = Fault(answer_bytes=0)
            with closing(postgres_server.connect()) as connection:
                ours = "datname = %s AND pid <> pg_backend_pid()"
                connection.execute(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}", [address.database]
                )
            answer = app.request("GET", "/api/v1/me")
            assert (answer.status, answer.json()["code"]) == (503, "database_unavailable")
            assert app.request("GET", "/healthz", login=None).status == 200
            assert app.request("GET", "/metrics", login=None).status == 200
            _wait_for(lambda: app.request("GET", "/readyz", login=None).json()["checks"]["database"] == "unavailable")

            proxy.fault = Fault()
            _wait_for(lambda: app.request("GET", "/api/v1/me").status == 200)
            _wait_for(lambda: app.request("GET", "/readyz", login=None).status == 200)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_guesses_at_once_are_as_many_guesses(tmp_path, request, database):
    """
    Forty at the same moment: five are compared, the others have to wait, and nobody meets an error.
    """
    more = {"SABAQ_DATABASE_URL": request.getfixturevalue("postgres_url")} if database == "postgresql" else {}
    with run_app(tmp_path / "var", **more) as app:

        def guess(number):
            body = {"login": "teacher", "password": f"guess number {number}"}
            return app.request("POST", "/api/v1/tokens", login=None, json_body=body).status

        with ThreadPoolExecutor(40) as pool:
            assert Counter(pool.map(guess, range(40))) == {401: 5, 429: 35}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_class_that_signs_in_together_gets_in(tmp_path, request, database):
    """
    From one address and with one account, which is the worst case for the counters.
    """
    more = {"SABAQ_DATABASE_URL": request.getfixturevalue("postgres_url")} if database == "postgresql" else {}
    with run_app(tmp_path / "var", **more) as app:

        def sign_in(number):
            body = {"login": ["pupil", "teacher", "curator", "admin"][number % 4], "password": PASSWORD}
            return app.request("POST", "/api/v1/tokens", login=None, json_body=body).status

        with ThreadPoolExecutor(16) as pool:
            assert Counter(pool.map(sign_in, range(16))) == {201: 16}


@pytest.mark.parametrize("broker_url", ["amqp://guest@127.0.0.1:1//", "redis://127.0.0.1:1/0"])
def test_a_broker_that_is_gone_costs_a_moment_and_no_work(tmp_path, broker_url):
    """
    The row is the work; the message was only a hint, and the reconciler sends another.
    """
    with run_app(tmp_path / "var", SABAQ_BROKER_URL=broker_url) as app:
        lesson_id = make_lesson(app, state="failed")

        answer = app.request("POST", f"/api/v1/lessons/{lesson_id}/retry")

        assert (answer.status, answer.json()["media"]["state"]) == (202, "waiting")
        ready = app.request("GET", "/readyz", login=None)
        assert (ready.status, ready.json()["checks"]["broker"]) == (200, "unavailable")


def test_an_operators_stop_is_quick_and_clean(tmp_path):
    """
    SIGTERM: exit 0, the port is free, nothing in the log but words.
    """
    with run_server(tmp_path / "var") as served:
        served.request("GET", "/api/v1/me")
        served.process.send_signal(signal.SIGTERM)

        assert served.process.wait(30) == 0
        assert "Traceback" not in (served.settings.var / "serve.log").read_text()
        with pytest.raises(ConnectionRefusedError):
            served.request("GET", "/healthz")


def test_people_who_leave_in_the_middle_are_no_error(tmp_path):
    """
    Pupils close laptops all day: the log stays readable, and what is an error there is one.
    """
    with run_server(tmp_path / "var") as served:
        head = b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        lesson_id = make_lesson(served, state="encoding")
        stream = (
            f"GET /api/v1/lessons/{lesson_id}/progress HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.token()}"
        )
        for text in (
            head + b"Content-Length: 100\r\n\r\n{",
            head + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{",
            stream.encode() + b"\r\n\r\n",
        ):
            with socket.create_connection((served.settings.host, served.settings.port), timeout=30) as connection:
                connection.sendall(text)
                connection.settimeout(0.5)
                with contextlib.suppress(TimeoutError):
                    connection.recv(1)
        change(served, lesson_id, "ready")
        _wait_for(lambda: _accesses(served) >= 4)
        log = (served.settings.var / "serve.log").read_text()

    assert "unexpected error" not in log
    assert "Traceback" not in log


def _accesses(served):
    return (served.settings.var / "serve.log").read_text().count('"streamsvc.access"')


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with run_server(tmp_path / "var") as served:
        second = subprocess.run(
            [sys.executable, "-m", "streamsvc.cli", "serve"],
            env={**served.environ, "LANG": "en_US.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert second.returncode == 2
    assert "[bad_setting]" in second.stderr
    assert "Traceback" not in second.stderr
