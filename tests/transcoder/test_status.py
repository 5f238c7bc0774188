"""What a person sees of an asset, from the upload to the publication, and what a playback session gets."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.transcoder.queue_fixtures import SHA256, made_of, plan_of, started_of
from transcoder import jobs
from transcoder.claims import renew
from transcoder.errors import MediaFailed, MediaNotReady
from transcoder.planning import adopt_plan, note_source
from transcoder.settling import record_early


def publication_of(queue, asset_id):
    with queue.read() as session:
        return jobs.current_publication(session, asset_id)


def begin(queue, duration_s=60, *, sound_segments=4):
    """Its starter rung exists for chunk 0, and so many segments of sound."""
    plan = plan_of(duration_s)
    asset_id = queue.planned(duration_s)
    starter = queue.claimed("video")
    queue.finish(starter, made_of(plan, plan.video[0].name, plan.segments_of(plan.chunks[0])))
    held = queue.claimed("audio")
    if sound_segments:
        with queue.write() as session:
            record_early(session, held, made_of(plan, plan.audio[0].name, range(sound_segments)))
    return asset_id, held


def test_an_asset_whose_upload_has_not_ended_waits(queue):
    status = queue.status(uuid4())

    assert (status.state, status.playable, status.progress, status.source) == ("waiting", False, 0.0, None)


def test_a_submitted_asset_waits_for_its_probe(queue):
    asset_id = queue.submit()

    status = queue.status(asset_id)

    assert (status.state, status.duration_s, status.source, status.renditions) == ("waiting", None, None, ())


def test_a_planned_asset_knows_its_length_source_and_renditions(queue):
    asset_id = queue.planned(60)

    status = queue.status(asset_id)

    assert (status.state, status.duration_s, status.source.sha256) == ("encoding", 60.0, SHA256)
    assert [(rung.name, rung.state, rung.bytes) for rung in status.renditions] == [
        (rendition.name, "waiting", 0) for rendition in plan_of(60).renditions
    ]
    assert (round(status.progress, 2), status.seconds_left) == (0.0, None)


def test_pictures_without_their_sound_are_not_playable(queue):
    asset_id, _ = begin(queue, sound_segments=0)

    assert not queue.status(asset_id).playable
    with pytest.raises(MediaNotReady):
        publication_of(queue, asset_id)


def test_starter_rung_and_its_sound_make_a_lesson_playable(queue):
    asset_id, held = begin(queue)

    assert queue.status(asset_id).playable
    publication = publication_of(queue, asset_id)
    assert (publication.id, publication.growing) == (held.job_id, True)
    assert publication.codecs == ("avc1.64001e", "mp4a.40.2")


def test_sound_alone_is_playable_when_it_begins(queue):
    plan = plan_of(60, video=False)
    asset_id = queue.planned(60, video=False)
    held = queue.claimed("audio")

    assert not queue.status(asset_id).playable
    for audio in plan.audio:
        with queue.write() as session:
            record_early(session, held, made_of(plan, audio.name, range(1)))

    assert queue.status(asset_id).playable


def test_progress_moves_with_a_running_task(queue):
    asset_id, held = begin(queue)
    before = queue.status(asset_id).progress
    with queue.write() as session:
        renew(session, held, now=queue.clock, lease_s=60, progress=0.5)

    assert 0 < before < queue.status(asset_id).progress < 1


def test_time_left_comes_from_the_speed_of_this_job(queue):
    """Of its work, not of what is shown: a look at the lesson may find more to do than was expected."""
    asset_id, held = begin(queue)
    queue.finish(held)
    tasks = queue.tasks(asset_id)
    done, whole = sum(task.weight for task in tasks if task.progress == 1), sum(task.weight for task in tasks)
    queue.clock = queue.job(asset_id).planned_at + timedelta(seconds=10)

    status = queue.status(asset_id)

    assert status.seconds_left == pytest.approx(10 * (whole - done) / done)


@pytest.mark.parametrize("expected", [1.0, 1000.0])
def test_progress_goes_on_from_where_it_was_when_the_plan_is_settled(queue, expected):
    """Whether the lesson turns out to be more work than was expected, or less."""
    asset_id = queue.submit()
    held = queue.take(asset_id, "probe")
    with queue.write() as session:
        note_source(session, held, SHA256, now=queue.clock)
        adopt_plan(session, held, started_of(60), now=queue.clock, expected=expected)
    starter, analyse = queue.take(asset_id, "video"), queue.take(asset_id, "analyse")
    queue.finish(starter)
    with queue.write() as session:
        renew(session, analyse, now=queue.clock, lease_s=60, progress=1.0)
    before = queue.status(asset_id).progress

    queue.settle(analyse, 60)

    assert before > 0
    assert queue.status(asset_id).progress == pytest.approx(before)
    while held := queue.claim():
        shown = queue.status(asset_id).progress
        queue.finish(held)
        assert queue.status(asset_id).progress > shown
    assert queue.status(asset_id).progress == pytest.approx(1.0)


def test_a_rendition_shows_what_exists_so_far(queue):
    asset_id, _ = begin(queue)

    starter = queue.status(asset_id).renditions[0]

    assert (starter.type, starter.codec, starter.state, starter.bytes) == ("video", "avc1.64001e", "encoding", 10_700)
    assert (starter.average_bps, starter.peak_bps) == (round(10_700 * 8 / 8), None)


def test_a_failed_asset_is_not_playable(queue):
    asset_id, _ = begin(queue)
    with queue.write() as session:
        jobs.cancel(session, asset_id, queue.clock)

    status = queue.status(asset_id)

    assert (status.state, status.playable, status.seconds_left) == ("failed", False, None)
    with pytest.raises(MediaFailed):
        publication_of(queue, asset_id)


def test_nothing_is_played_of_an_unknown_asset(queue):
    with pytest.raises(MediaNotReady):
        publication_of(queue, uuid4())


def test_many_are_asked_for_at_once(queue):
    first, second, unknown = queue.planned(60), queue.submit(), uuid4()

    with queue.read() as session:
        found = jobs.media_statuses(session, [first, second, unknown], queue.clock)

    assert {asset: status.state for asset, status in found.items()} == {
        first: "encoding",
        second: "waiting",
        unknown: "waiting",
    }
    assert found[first] == queue.status(first)
