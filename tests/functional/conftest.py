"""Servers for every functional test: started once, when first asked for, and gone at the end."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.functional import servers
from tests.system_packages import CHROMIUM, required


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator[servers.Seaweed]:
    with servers.short_directory("sabaq-store") as directory, servers.seaweed(directory) as server:
        yield server


@pytest.fixture
def seaweed(seaweed_server: servers.Seaweed) -> Callable[[], str]:
    """Each call gives the storage URL of another bucket, empty and not made yet."""
    return lambda: seaweed_server.url(f"t{secrets.token_hex(6)}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    with servers.postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: servers.Postgres) -> Iterator[str]:
    """A database of this test alone."""
    name = postgres_server.make_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """Empty at the test's start."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """One for all tests: what is left in a queue is a hint about rows that are gone, and does no harm."""
    with servers.short_directory("sabaq-rabbitmq") as directory, servers.rabbitmq(directory) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Debian's browser."""
    return required(CHROMIUM)
