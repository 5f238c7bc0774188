"""A report reads what pupils get: the publication's plan, its files by their keys, what was measured."""

from uuid import uuid4

import pytest

from cdn.stores import open_store
from tests.transcoder.queue_fixtures import plan_of
from transcoder.errors import MediaNotReady
from transcoder.reporting.material import Score
from transcoder.reporting.stored import read_published
from transcoder.tables import TranscodeJob

LESSON_S = 20.0


@pytest.fixture
def store(tmp_path):
    return open_store(f"file://{tmp_path}/store")


def test_a_published_lesson_is_read_with_its_files_and_figures(queue, store):
    asset_id = queue.published(LESSON_S)
    plan = plan_of(LESSON_S)
    rung = plan.video[0].name
    with queue.write() as session:
        session.get(TranscodeJob, queue.job(asset_id).id).quality = {"vmaf": {rung: [81.5, 60.25]}}
    store.put(f"media/{asset_id}/{plan.digest}/{rung}/1.m4s", b"second", content_type="video/mp4")

    with queue.read() as session:
        material = read_published(session, store, asset_id, title="Fractions")

    assert (material.title, material.plan) == ("Fractions", plan)
    assert set(material.made) == {rendition.name for rendition in plan.renditions}
    assert [item.number for item in material.segments(rung)] == list(range(plan.segment_count))
    assert material.made[rung][0].kind == "init"
    assert material.read(material.segments(rung)[1]) == b"second"
    assert material.scores == {rung: Score(81.5, 60.25)}


def test_what_is_not_published_has_no_report(queue, store):
    waiting = queue.submit()

    for asset_id in (waiting, uuid4()):
        with queue.read() as session, pytest.raises(MediaNotReady):
            read_published(session, store, asset_id, title="")


def test_a_plan_of_an_earlier_form_says_so(queue, store):
    asset_id = queue.published(LESSON_S)
    with queue.write() as session:
        session.get(TranscodeJob, queue.job(asset_id).id).plan = {"ladder": "old"}

    with queue.read() as session, pytest.raises(MediaNotReady, match="earlier version"):
        read_published(session, store, asset_id, title="")
