"""Playlists from the database while a lesson grows."""

from uuid import uuid4

import pytest
from sqlalchemy import delete

from cdn.errors import ObjectMissing
from tests.transcoder.queue_fixtures import LEASE_S, made_of, plan_of
from tests.transcoder.test_status import begin
from transcoder import jobs
from transcoder.errors import MediaFailed, MediaNotReady
from transcoder.growing import relative
from transcoder.settling import record_early
from transcoder.tables import MediaObject


def playlist(queue, asset_id, name, job_id=None):
    with queue.read() as session:
        return jobs.growing_playlist(session, asset_id, job_id or queue.job(asset_id).id, name)


def test_the_multivariant_playlist_names_what_can_be_played(queue):
    asset_id, _ = begin(queue)
    names = [rung.name for rung in plan_of(60).video]

    text = playlist(queue, asset_id, "avc.m3u8")

    assert f"\n{names[0]}.m3u8\n" in text
    assert names[1] + ".m3u8" not in text
    assert "-iframes" not in text


def test_nothing_is_listed_before_there_is_something(queue):
    asset_id = queue.planned(60)

    with pytest.raises(MediaNotReady):
        playlist(queue, asset_id, "avc.m3u8")
    with pytest.raises(MediaNotReady):
        playlist(queue, asset_id, plan_of(60).video[0].name + ".m3u8")


def test_a_growing_playlist_is_an_event_without_an_end(queue):
    plan = plan_of(60)
    asset_id, _ = begin(queue)
    name = plan.video[0].name

    lines = playlist(queue, asset_id, f"{name}.m3u8").splitlines()

    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in lines
    assert "#EXT-X-ENDLIST" not in lines
    assert [line for line in lines if not line.startswith("#")] == [
        f"../media/a/{plan.digest}/{name}/{number}.m4s" for number in range(3)
    ]


def test_what_lies_behind_a_gap_is_not_listed(queue):
    """Chunk 2 was quicker than chunk 1."""
    plan = plan_of(60)
    asset_id, _ = begin(queue)
    name = plan.video[0].name
    held = next(held for held in iter(queue.claim, None) if held.kind == "video" and held.chunk == 2)
    queue.finish(held, made_of(plan, name, range(9, 15)))

    assert playlist(queue, asset_id, f"{name}.m3u8").count(".m4s") == 3


def test_the_playlist_of_a_complete_rendition_ends(queue):
    plan = plan_of(8)
    asset_id = queue.planned(8)
    name = plan.video[0].name
    queue.finish(queue.claimed("video"), made_of(plan, name, range(2)))

    assert playlist(queue, asset_id, f"{name}.m3u8").endswith("#EXT-X-ENDLIST\n")


@pytest.mark.parametrize("name", ["other.m3u8", "avc", "../x.m3u8", "v360", ".m3u8"])
def test_an_unknown_name_is_missing(queue, name):
    asset_id, _ = begin(queue)

    with pytest.raises(ObjectMissing):
        playlist(queue, asset_id, name)


def test_a_job_of_another_asset_is_missing(queue):
    asset_id, _ = begin(queue)

    with pytest.raises(ObjectMissing):
        playlist(queue, uuid4(), "avc.m3u8", queue.job(asset_id).id)


def test_a_cancelled_job_gives_nothing_out(queue):
    asset_id, _ = begin(queue)
    with queue.write() as session:
        jobs.cancel(session, asset_id, queue.clock)

    with pytest.raises(MediaFailed):
        playlist(queue, asset_id, "avc.m3u8")


def version(queue, asset_id, name):
    with queue.read() as session:
        return jobs.growing_version(session, queue.job(asset_id).id, name)


def test_a_version_changes_with_each_segment_and_stays_otherwise(queue):
    plan = plan_of(60)
    asset_id, sound = begin(queue)
    picture, track = (f"{each.name}.m3u8" for each in (plan.video[0], plan.audio[0]))
    before, of_sound = version(queue, asset_id, picture), version(queue, asset_id, track)
    seen = {before}
    held = next(held for held in iter(queue.claim, None) if held.kind == "video" and held.chunk == 2)

    for last in range(10, 16):
        with queue.write() as session:
            record_early(session, held, made_of(plan, plan.video[0].name, range(9, last)))
        seen.add(version(queue, asset_id, picture))

    assert len(seen) == 7
    assert version(queue, asset_id, track) == of_sound
    with queue.write() as session:
        record_early(session, sound, made_of(plan, plan.audio[0].name, range(5)))
    assert version(queue, asset_id, track) != of_sound


def test_a_version_changes_when_objects_are_lost_and_made_again(queue):
    """As many as before, of the same size, by the second claim of the same task."""
    plan, asset_id = plan_of(8), queue.planned(8)
    name = plan.video[0].name
    held = queue.claimed("video")
    with queue.write() as session:
        record_early(session, held, made_of(plan, name, range(2)))
    first = version(queue, asset_id, f"{name}.m3u8")
    with queue.write() as session:
        session.execute(delete(MediaObject))
    lost = version(queue, asset_id, f"{name}.m3u8")
    queue.later(2 * LEASE_S)
    queue.reconcile()
    queue.later(600)
    again = next(each for each in iter(queue.claim, None) if each.task_id == held.task_id)
    queue.finish(again, made_of(plan, name, range(2)))

    assert len({first, lost, version(queue, asset_id, f"{name}.m3u8")}) == 3


def test_the_version_of_the_multivariant_playlist_changes_with_each_beginning(queue):
    plan = plan_of(60)
    asset_id, sound = begin(queue, sound_segments=0)
    before = version(queue, asset_id, "avc.m3u8")

    with queue.write() as session:
        record_early(session, sound, made_of(plan, plan.audio[0].name, range(1)))
    begun = version(queue, asset_id, "avc.m3u8")
    with queue.write() as session:
        record_early(session, sound, made_of(plan, plan.audio[0].name, range(2)))

    assert before != begun
    assert version(queue, asset_id, "avc.m3u8") == begun


def test_a_version_changes_when_the_job_ends(queue):
    asset_id, _ = begin(queue)
    names = ("avc.m3u8", f"{plan_of(60).audio[0].name}.m3u8")
    running = [version(queue, asset_id, name) for name in names]

    with queue.write() as session:
        jobs.cancel(session, asset_id, queue.clock)

    assert all(version(queue, asset_id, name) != old for name, old in zip(names, running, strict=True))


def test_objects_are_named_one_folder_up():
    asset_id = uuid4()

    assert relative(asset_id, f"media/{asset_id}/abc/v360/a2/7.m4s") == "../abc/v360/a2/7.m4s"
