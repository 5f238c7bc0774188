"""The heartbeat: what it writes, and what it learns."""

import pytest
from sqlalchemy import text

from tests.transcoder.queue_fixtures import LEASE_S
from transcoder import jobs
from transcoder.pulse import Pulse
from transcoder.settings import TranscoderSettings
from transcoder.station import Station
from transcoder.workspace import Workspace


@pytest.fixture
def pulse(queue, tmp_path):
    """Of a claimed probe; its thread does not run, each beat is a call."""
    queue.submit()
    return Pulse(station(queue, tmp_path), queue.claim())


def station(queue, tmp_path, *, task_limit_s=60.0):
    return Station(
        worker=queue.worker,
        sessions=queue.sessions,
        store=None,
        workspace=Workspace(tmp_path / "work", 1),
        settings=TranscoderSettings(workspace=tmp_path / "work", lease_s=LEASE_S, task_limit_s=task_limit_s),
        now=lambda: queue.clock,
        send=lambda messages: len(messages),
        stopping=lambda: False,
    )


def test_a_beat_keeps_the_lease_and_reports_progress(queue, pulse):
    pulse.progress = 0.4
    queue.later(LEASE_S - 1)

    pulse._renew()

    task = queue.tasks(pulse.held.asset_id)[0]
    assert (task.progress, (task.lease_until - queue.clock).total_seconds()) == (0.4, LEASE_S)
    assert not pulse.cancelled()


def test_a_beat_learns_of_the_cancellation(queue, pulse):
    with queue.write() as session:
        jobs.cancel(session, pulse.held.asset_id, queue.clock)

    pulse._renew()

    assert pulse.cancelled()


def test_a_database_that_is_down_for_a_moment_stops_nothing(queue, pulse):
    with queue.sessions.engine.begin() as connection:
        connection.execute(text("ALTER TABLE chunk_task RENAME TO gone"))
    pulse._renew()
    assert not pulse.cancelled()

    with queue.sessions.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO chunk_task"))
    pulse._renew()
    assert not pulse.cancelled()


def test_a_task_that_is_not_heard_of_for_a_whole_lease_stops(queue, pulse):
    with queue.sessions.engine.begin() as connection:
        connection.execute(text("ALTER TABLE chunk_task RENAME TO gone"))
    pulse._renewed -= LEASE_S

    pulse._renew()

    assert pulse.cancelled()


def test_no_task_may_take_longer_than_the_limit(queue, tmp_path):
    queue.submit()

    pulse = Pulse(station(queue, tmp_path, task_limit_s=-1.0), queue.claim())

    assert (pulse.overdue, pulse.cancelled()) == (True, True)


def test_the_heartbeat_ends_with_its_task(pulse):
    with pulse:
        assert pulse._thread.is_alive()

    assert not pulse._thread.is_alive()
