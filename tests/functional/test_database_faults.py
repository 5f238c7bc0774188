"""PostgreSQL breaks connections in the middle of a worker's transactions, as a restart does."""

from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import event, update

from tests.functional import worker_fixtures
from tests.functional.worker_fixtures import now, run_works
from transcoder.claims import Worker
from transcoder.pipeline import work_once
from transcoder.station import Station
from transcoder.tables import ChunkTask
from transcoder.workspace import Workspace

pytestmark = pytest.mark.functional
clips = worker_fixtures.clips

BEGINS_WORK = "UPDATE transcode_job SET"
SETTLES = "FOR NO KEY UPDATE"


@pytest.fixture
def works(postgres_url, tmp_path):
    """One attempt only: a single one that is counted ends the lesson."""
    with run_works(tmp_path / "var", SABAQ_DATABASE_URL=postgres_url, SABAQ_MAX_ATTEMPTS="1") as system:
        yield system


def station_of(works):
    """A worker's slot in this very process."""
    encoding = works.settings.transcoder
    space = Workspace(encoding.workspace, encoding.reserve_bytes)
    return Station(
        Worker("here", 1), works.sessions, works.store, space, encoding, now, lambda messages: None, lambda: False
    )


@contextmanager
def breaking(works, *statements):
    """PostgreSQL ends the connection when a statement has these words, one after the other; yields those."""
    broken = []

    def before(connection, _cursor, statement, _parameters, _context, _many):
        if len(broken) < len(statements) and statements[len(broken)] in statement:
            broken.append(statement)
            victim = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(works.settings.database_url.replace("+psycopg", "")) as killer:
                killer.execute("SELECT pg_terminate_backend(%s)", [victim])

    event.listen(works.sessions.engine, "before_cursor_execute", before)
    try:
        yield broken
    finally:
        event.remove(works.sessions.engine, "before_cursor_execute", before)


def probe_of(works, asset_id):
    return works.tasks(asset_id, "probe")[0]


@pytest.mark.parametrize("faults", [[BEGINS_WORK], [BEGINS_WORK, SETTLES]], ids=["once", "and again when written down"])
def test_a_broken_connection_costs_no_attempt(works, clips, faults):
    asset_id = works.submit(clips(8))
    station = station_of(works)

    for times in (1, 2, 3):
        with breaking(works, *faults) as broken:
            assert work_once(station)
        assert len(broken) == len(faults)
        probe = probe_of(works, asset_id)
        assert (probe.state, probe.attempts, probe.postponed) == ("ready", 0, times)
        assert probe.error_code == "database_away"
        works.write(lambda session: session.execute(update(ChunkTask).values(not_before=None)))
    assert work_once(station)

    assert probe_of(works, asset_id).state == "done"
    assert works.status(asset_id).state == "encoding"


def test_a_question_that_is_wrong_is_counted(works, clips):
    """A mistake of ours is no outage: it must not be asked for ever."""
    asset_id = works.submit(clips(8))
    works.write(lambda session: session.connection().exec_driver_sql("ALTER TABLE source_part RENAME TO mislaid"))

    with pytest.raises(Exception, match="source_part"):
        work_once(station_of(works))

    assert works.status(asset_id).state == "failed"
