"""One history for all tables, and it says what the models say."""

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text

from streamsvc import migrating
from streamsvc.errors import SchemaOutdated
from transcoder.database import prepare_engine


@pytest.fixture
def engine(tmp_path):
    opened = prepare_engine(create_engine(f"sqlite:///{tmp_path}/sabaq.db"))
    yield opened
    opened.dispose()


def test_a_fresh_database_is_refused_until_it_is_migrated(engine):
    with pytest.raises(SchemaOutdated):
        migrating.require_current_schema(engine)

    before, after = migrating.migrate(engine)

    assert before is None
    assert after == migrating.newest_revision()
    migrating.require_current_schema(engine)


def test_migrating_again_changes_nothing(engine):
    migrating.migrate(engine)

    before, after = migrating.migrate(engine)

    assert before == after


def test_the_history_leads_to_the_models(engine):
    """
    A changed model without its revision fails here.
    """
    migrating.migrate(engine)

    with engine.begin() as connection:
        command.check(migrating.alembic_config(connection))


def test_every_table_belongs_to_one_package():
    names = [name for metadata in migrating.collect_tables() for name in metadata.tables]

    assert len(names) == len(set(names))
    assert len(names) > 10


def test_a_migration_that_fails_leaves_nothing_behind(engine):
    """
    All or nothing: the next attempt starts where this one did.
    """
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE catalog_unit (x INTEGER)"))

    with pytest.raises(Exception, match="catalog_unit"):
        migrating.migrate(engine)

    assert inspect(engine).get_table_names() == ["catalog_unit"]


def test_the_way_back_leaves_nothing(engine):
    migrating.migrate(engine)

    with engine.begin() as connection:
        command.downgrade(migrating.alembic_config(connection), "base")

    assert inspect(engine).get_table_names() == ["alembic_version"]
