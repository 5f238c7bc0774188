"""The engine of workers and commands: what an error shows, and how long a deaf host is listened to."""

import socket

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from transcoder.database import CONNECT_S, engine_options, open_sessions


def test_an_error_does_not_show_what_stood_in_a_row(tmp_path):
    sessions = open_sessions(f"sqlite:///{tmp_path}/x.db")
    with sessions.engine.begin() as connection:
        connection.execute(text("CREATE TABLE person (name TEXT PRIMARY KEY)"))

    twice = text("INSERT INTO person VALUES (:name), (:name)")
    with pytest.raises(IntegrityError) as refused, sessions.engine.begin() as connection:
        connection.execute(twice, {"name": "Айгерім"})
    sessions.engine.dispose()

    assert "hidden" in str(refused.value)
    assert "Айгерім" not in str(refused.value)


def test_a_deaf_database_host_is_given_up():
    """It takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        sessions = open_sessions(f"postgresql+psycopg://a:b@127.0.0.1:{port}/c?connect_timeout=2")

        with pytest.raises(OperationalError), sessions.engine.connect():
            pass


def test_the_patience_with_a_deaf_host_is_ours_unless_the_address_has_its_own():
    address = "postgresql+psycopg://a:b@db/sabaq"

    assert engine_options(address)["connect_args"] == {"connect_timeout": CONNECT_S}
    assert engine_options(f"{address}?connect_timeout=30")["connect_args"] == {}
