"""Fixtures of the transcoder's tests."""

from tests.transcoder.queue_fixtures import queue as queue
