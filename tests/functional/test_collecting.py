"""The collector: what is needed stays, what nobody names goes, also while workers run."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from cdn.layout import SEGMENT_TYPE, made, upload_part
from cdn.stores import open_store
from streamsvc import collecting
from streamsvc.services import open_services, utc_now
from streamsvc.settings import settings_from
from streamsvc.uploads.tables import Upload, UploadPart
from tests.functional import app_states
from tests.functional.app_fixtures import prepare
from transcoder.tables import MediaObject, PartRow

pytestmark = pytest.mark.functional

DAY = timedelta(days=1)


class System:
    """Database and store of a service that does not run, and the collector's view of it."""

    def __init__(self, var, **more):
        self.settings = settings_from({"SABAQ_VAR": str(var), **more})
        self.sessions, self.accounts = prepare(self.settings)
        self.store = open_store(self.settings.storage_url)
        self.now = utc_now()

    def put(self, *keys):
        for key in keys:
            self.store.put(key, b"x" * 100, content_type=SEGMENT_TYPE)

    def stored(self):
        return {item.key for item in self.store.list("")}

    def collect(self, *, after=DAY + timedelta(minutes=1), store=None):
        """As it would go so much later."""
        return self._run(collecting.collect_objects, after, store)

    def expire(self, *, after):
        return self._run(collecting.expire_uploads, after, None)

    def _run(self, round_, after, store):
        async def run():
            opened = open_services(self.settings)
            services = replace(opened, now=lambda: utc_now() + after, store=store or opened.store)
            try:
                return await round_(services)
            finally:
                await services.database.close()

        return asyncio.run(run())

    def lesson(self, state):
        lesson_id = app_states.make_lesson(self, state=state)
        return app_states.asset_of(self, lesson_id)

    def named(self):
        with self.sessions.read() as session:
            return {key for model in (MediaObject, PartRow, UploadPart) for key in session.scalars(select(model.key))}


@pytest.fixture
def system(tmp_path):
    system = System(tmp_path / "var")
    yield system
    system.sessions.engine.dispose()


def litter(asset_id):
    return made(asset_id, app_states.PLAN.digest, "a64", "99.m4s")


def test_what_rows_name_stays_and_the_rest_goes(system):
    asset_id = system.lesson("ready")
    system.put(*system.named())
    lost = {litter(asset_id), litter(uuid4()), "media/no-uuid/x.m4s", upload_part(uuid4(), 0)}
    system.put(*lost)

    collected = system.collect()

    assert system.stored() == system.named()
    assert (collected.objects, collected.bytes) == (len(lost), 100 * len(lost))
    assert system.collect().objects == 0


def test_what_is_young_stays(system):
    system.put(litter(uuid4()))

    assert system.collect(after=DAY - timedelta(minutes=1)).objects == 0
    assert len(system.stored()) == 1


@pytest.mark.parametrize("state", ["waiting", "encoding", "growing"])
def test_nothing_of_an_asset_that_is_being_encoded_goes(system, state):
    """A worker puts an object first and names it afterwards."""
    asset_id = system.lesson(state)
    system.put(litter(asset_id))

    assert system.collect().objects == 0


@pytest.mark.parametrize("state", ["ready", "failed", "cancelled"])
def test_what_a_losing_attempt_left_goes_when_the_encoding_has_ended(system, state):
    asset_id = system.lesson(state)
    system.put(made(asset_id, app_states.PLAN.digest, "a64", "0.m4s", attempt=2))

    assert system.collect().objects == 1


def test_what_is_not_ours_stays(system):
    system.put("backups/of-somebody.bin", "readme.txt")

    assert system.collect().objects == 0


def test_a_key_named_between_listing_and_deleting_stays(system):
    """The question is asked twice; here the row appears in between."""
    key = litter(uuid4())
    system.put(key)
    job_asset = system.lesson("ready")

    class Store:
        """The store, in whose `head` a worker commits."""

        def __getattr__(self, name):
            return getattr(system.store, name)

        def head(self, asked):
            with system.sessions.write.begin() as session:
                row = session.scalars(select(MediaObject)).first()
                values = {column.name: getattr(row, column.name) for column in MediaObject.__table__.columns}
                session.execute(insert(MediaObject).values(**{**values, "name": "new.m4s", "key": asked}))
            return system.store.head(asked)

    assert job_asset
    assert system.collect(store=Store()).objects == 0
    assert key in system.stored()


def test_a_key_put_anew_between_listing_and_deleting_stays(system):
    key = litter(uuid4())
    system.put(key)
    long_ago = (utc_now() - 3 * DAY).timestamp()
    os.utime(system.store.root / key, (long_ago, long_ago))

    class Store:
        def __getattr__(self, name):
            return getattr(system.store, name)

        def head(self, asked):
            system.store.put(asked, b"new", content_type=SEGMENT_TYPE)
            return system.store.head(asked)

    assert system.collect(after=timedelta(0), store=Store()).objects == 0
    assert system.store.read(key) == b"new"


def test_an_object_deleted_by_somebody_faster(system):
    system.put(litter(uuid4()), litter(uuid4()))

    class Store:
        def __getattr__(self, name):
            return getattr(system.store, name)

        def head(self, asked):
            system.store.delete([asked])
            return system.store.head(asked)

    assert system.collect(store=Store()).objects == 0


def test_more_than_a_batch(system):
    asset_id = system.lesson("ready")
    system.put(*system.named())
    for number in range(collecting.BATCH + 20):
        (system.store.root / f"media/{asset_id}/old").mkdir(parents=True, exist_ok=True)
        (system.store.root / f"media/{asset_id}/old/{number}.m4s").write_bytes(b"x")

    assert system.collect().objects == collecting.BATCH + 20
    assert system.stored() == system.named()


def test_an_expired_upload_is_ended_and_its_parts_go(system):
    upload_id, account = uuid4(), system.accounts["teacher"]
    key = upload_part(upload_id, 0)
    system.put(key)
    with system.sessions.write.begin() as session:
        session.add(
            Upload(
                id=upload_id,
                owner_id=account.person_id,
                unit_id=account.unit_id,
                kind="partial",
                state="receiving",
                length=1000,
                stored_bytes=100,
                received_bytes=100,
                reserved_bytes=1000,
                metadata_field="",
                concat_field="partial",
                asset_id=None,
                lesson_id=None,
                joined_into=None,
                node="",
                epoch=0,
                lease_until=system.now,
                created_at=system.now,
                expires_at=system.now + 7 * DAY,
            )
        )
        session.flush()
        session.add(UploadPart(upload_id=upload_id, offset=0, bytes=100, sha256="a" * 64, key=key))

    system.expire(after=6 * DAY)
    assert system.stored() == {key}
    assert system.collect(after=6 * DAY).objects == 0, "an upload lives seven days"

    system.expire(after=8 * DAY)
    assert system.stored() == set()
    with system.sessions.read() as session:
        assert session.get_one(Upload, upload_id).state == "ended"


def test_on_postgresql_and_s3(tmp_path, postgres_url, seaweed):
    system = System(tmp_path / "var", SABAQ_DATABASE_URL=postgres_url, SABAQ_STORAGE_URL=seaweed())
    try:
        asset_id = system.lesson("ready")
        system.put(*system.named(), litter(asset_id), upload_part(uuid4(), 0))

        assert system.collect().objects == 2
        assert system.stored() == system.named()
    finally:
        system.sessions.engine.dispose()
