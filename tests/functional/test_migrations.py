"""The one Alembic history, on both databases."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from catalog.database import UtcDateTime as CatalogTime
from streamsvc.errors import SchemaOutdated
from streamsvc.migrating import alembic_config, collect_tables, is_current, migrate, require_current_schema
from transcoder.database import UtcDateTime as TranscoderTime
from transcoder.database import open_sessions

pytestmark = pytest.mark.functional


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/m.db"
    sessions = open_sessions(url)
    yield sessions.engine
    sessions.engine.dispose()


def same_type(_context, _inspected, _metadata, inspected_type, metadata_type):
    if isinstance(metadata_type, CatalogTime | TranscoderTime):
        return not isinstance(inspected_type, sa.DateTime)
    return None


def test_the_history_leads_to_the_models(engine):
    """
    After all revisions nothing is left that autogenerate would change.
    """
    migrate(engine)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": same_type})
        assert compare_metadata(context, collect_tables()) == []
        assert is_current(connection)


def test_an_empty_database_is_refused_until_it_is_migrated(engine):
    """
    Service and workers do not touch a schema that they do not know.
    """
    with pytest.raises(SchemaOutdated):
        require_current_schema(engine)
    assert migrate(engine)[0] is None
    require_current_schema(engine)
    assert migrate(engine)[0] == migrate(engine)[1]


def test_the_history_leads_back(engine):
    """
    Down to nothing, and up again.
    """
    migrate(engine)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    migrate(engine)
    require_current_schema(engine)
