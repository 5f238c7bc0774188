"""One history for all tables, and it says what the models say."""

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.orm import Session

from cdn.errors import ObjectMissing
from streamsvc import migrating
from streamsvc.errors import SchemaOutdated
from tests.old_rows import AT, add_old_rows
from transcoder import jobs
from transcoder.claims import Worker, claim
from transcoder.database import prepare_engine
from transcoder.tables import MediaAsset


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


def test_what_was_published_before_plays_on(engine):
    migrating.migrate(engine, "0001")
    rows = add_old_rows(engine)

    migrating.migrate(engine)

    with Session(engine) as session:
        publication = jobs.current_publication(session, rows.published)
        status = jobs.media_status(session, rows.published, AT)
        again = jobs.reencode(session, rows.published, AT, digest_of=lambda _: "f" * 32)
    assert (publication.id, publication.growing, publication.duration_s) == (rows.publication, False, 8.0)
    assert publication.codecs == ("avc1.64001e",)
    assert (status.state, status.playable, status.progress) == ("ready", True, 1.0)
    assert [(row.name, row.average_bps, row.vmaf) for row in status.renditions] == [("v360", 50_000, None)]
    assert again


def test_what_was_half_made_before_begins_anew(engine):
    """
    Its plan is of a form that is not read any more.
    """
    migrating.migrate(engine, "0001")
    rows = add_old_rows(engine)

    migrating.migrate(engine)

    with Session(engine) as session:
        for asset_id in (rows.half, rows.waiting):
            status = jobs.media_status(session, asset_id, AT)
            assert (status.state, status.error, status.playable, status.renditions) == ("waiting", None, False, ())
        held = [claim(session, Worker("host", 2), now=AT, lease_s=60) for _ in range(3)]
    assert {(one.kind, one.asset_id) for one in held[:2]} == {("probe", rows.half), ("probe", rows.waiting)}
    assert [one.attempts for one in held[:2] if one.asset_id == rows.half] == [1]
    assert held[2] is None


def test_players_of_what_grew_before_are_told_that_it_is_over(engine):
    migrating.migrate(engine, "0001")
    rows = add_old_rows(engine)
    migrating.migrate(engine)

    with Session(engine) as session:
        for asset_id in (rows.published, rows.half):
            job_id = session.get_one(MediaAsset, asset_id).job_id
            with pytest.raises(ObjectMissing):
                jobs.growing_playlist(session, asset_id, job_id, "avc.m3u8")


def test_the_way_back_leaves_nothing(engine):
    migrating.migrate(engine)

    with engine.begin() as connection:
        command.downgrade(migrating.alembic_config(connection), "base")

    assert inspect(engine).get_table_names() == ["alembic_version"]
