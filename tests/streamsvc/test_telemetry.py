"""Logs are JSON lines that nobody can forge; metrics have names that stay."""

import json
import logging
import sys

import pytest

from streamsvc.telemetry import JsonFormatter, Telemetry, without_raw_requests


def record(message, *args, exc_info=None, **fields):
    made = logging.LogRecord("streamsvc.x", logging.INFO, __file__, 1, message, args, exc_info)
    made.fields = fields
    return made


def test_a_line_is_one_json_object():
    line = json.loads(JsonFormatter().format(record("%s ends", "all", status=200, took_ms=1.5)))

    assert line.pop("at").endswith("+00:00")
    assert line == {"level": "info", "logger": "streamsvc.x", "message": "all ends", "status": 200, "took_ms": 1.5}


@pytest.mark.parametrize("text", ['a\r\n{"level": "forged"}', "\x1b[31mred\x1b[0m", "a\x00b", "\u2028x\u2029", "\x85"])
def test_nobody_forges_a_line_or_colours_a_terminal(text):
    written = JsonFormatter().format(record(text, path=text))

    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written)["path"] == text


def test_values_are_cut():
    """
    What people send must not fill the disk.
    """
    assert len(JsonFormatter().format(record("x" * 100_000, path="y" * 100_000))) < 1000


def test_an_exception_is_told_in_the_same_line():
    try:
        raise ValueError("broken\nline")
    except ValueError:
        written = JsonFormatter().format(record("failed", exc_info=sys.exc_info()))

    assert "\n" not in written
    assert "broken\nline" in json.loads(written)["traceback"]


def test_other_errors_of_the_server_keep_their_traceback():
    made = record("Error handling request", exc_info=(ValueError, ValueError("x"), None))

    assert without_raw_requests(made)
    assert made.exc_info


def test_two_applications_in_one_process_count_apart():
    first, second = Telemetry(), Telemetry()

    first.playback_sessions.inc()

    assert b"sabaq_playback_sessions_total 1.0" in first.page()[0]
    assert b"sabaq_playback_sessions_total 0.0" in second.page()[0]
