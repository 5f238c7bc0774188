"""The servers of the tests are real, private, and leave nothing behind."""

import subprocess
from contextlib import closing

import kombu
import psycopg
import pytest
import redis

from tests.functional import servers

pytestmark = pytest.mark.functional


def test_each_postgres_url_is_an_empty_database(postgres_url):
    with closing(psycopg.connect(postgres_url.replace("+psycopg", ""))) as connection:
        tables = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")

        assert tables.fetchone() == (0,)


def test_redis_answers(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.dbsize() == 0


def test_rabbitmq_has_quorum_queues(rabbitmq_url):
    with kombu.Connection(rabbitmq_url, connect_timeout=5) as connection:
        queue = kombu.Queue("here", queue_arguments={"x-queue-type": "quorum"}, channel=connection.channel())

        assert queue.declare() == "here"


def test_chromium_is_there(chromium):
    assert "Chromium" in subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True).stdout


def test_a_server_that_ends_at_once_shows_its_log(tmp_path):
    log = tmp_path / "log"

    with (
        servers.process(["sh", "-c", "echo no such port; exit 3"], log=log) as child,
        pytest.raises(servers.ServerFailed, match=r"(?s)ended with 3.*no such port"),
    ):
        servers._started(child, log, lambda: False)
