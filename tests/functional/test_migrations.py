"""The history of the schema on PostgreSQL; `tests/streamsvc/test_migrating.py` has the same on SQLite."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect
from sqlalchemy.orm import Session

from streamsvc import migrating
from tests.old_rows import AT, add_old_rows
from transcoder import jobs
from transcoder.claims import Worker, claim

pytestmark = pytest.mark.functional


@pytest.fixture
def engine(postgres_url):
    opened = create_engine(postgres_url)
    yield opened
    opened.dispose()


def test_the_history_leads_to_the_models_and_back(engine):
    migrating.migrate(engine)
    migrating.require_current_schema(engine)
    with engine.begin() as connection:
        command.check(migrating.alembic_config(connection))

    with engine.begin() as connection:
        command.downgrade(migrating.alembic_config(connection), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]


def test_a_database_of_the_version_before_is_brought_here_with_its_lessons(engine):
    migrating.migrate(engine, "0001")
    rows = add_old_rows(engine)

    migrating.migrate(engine)

    with Session(engine) as session:
        assert jobs.current_publication(session, rows.published).id == rows.publication
        states = [jobs.media_status(session, asset, AT).state for asset in (rows.published, rows.half, rows.waiting)]
        assert states == ["ready", "waiting", "waiting"]
        assert claim(session, Worker("host", 2), now=AT, lease_s=60).kind == "probe"


def test_machines_that_migrate_at_once_take_turns(engine):
    """
    Each container of a cluster may begin with `sabaq migrate`.
    """
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: migrating.migrate(engine), range(4)))

    newest = migrating.newest_revision()
    assert sorted(outcomes, key=str) == sorted([(None, newest), *[(newest, newest)] * 3], key=str)
