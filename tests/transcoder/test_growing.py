"""Playlists from the database while a lesson grows."""

from uuid import uuid4

import pytest
from sqlalchemy import delete

from cdn.errors import ObjectMissing
from tests.transcoder.queue_fixtures import LEASE_S, STRONG, made_of, plan_of, started_of
from tests.transcoder.test_status import begin
from transcoder import jobs
from transcoder.errors import MediaFailed, MediaNotReady
from transcoder.growing import relative, steady
from transcoder.settling import record_early
from transcoder.tables import MediaObject

LONG_S = 100
"""A lesson that opens with three short segments, in a chunk of their own."""


def playlist(queue, asset_id, name, job_id=None):
    with queue.read() as session:
        return jobs.growing_playlist(session, asset_id, job_id or queue.job(asset_id).id, name)


def listed(queue, asset_id):
    """Names of what the multivariant playlist lists."""
    lines = playlist(queue, asset_id, "avc.m3u8").splitlines()
    return [line.removesuffix(".m3u8") for line in lines if not line.startswith("#")]


def avc_of(plan):
    return [rung.name for rung in plan.video if rung.family == "avc"]


def claimed_chunk(queue, number, family="avc"):
    """The claim of a chunk's rungs in one family, whatever goes before it."""
    return next(
        held
        for held in iter(lambda: queue.claim(STRONG), None)
        if (held.kind, held.chunk) == ("video", number) and held.renditions[-1].startswith(family)
    )


def begun_in_all_sounds(queue, plan):
    """The starter rung's first chunk, and the beginning of the sound that goes with each rung."""
    asset_id, held = begin(queue, LONG_S)
    with queue.write() as session:
        record_early(session, held, [item for one in plan.audio for item in made_of(plan, one.name, range(3))])
    return asset_id


def finished_chunk(queue, plan, number, family="avc"):
    held = claimed_chunk(queue, number, family)
    numbers = plan.segments_of(plan.chunks[number])
    queue.finish(held, [item for name in held.renditions for item in made_of(plan, name, numbers)])


def test_the_multivariant_playlist_names_what_can_be_played(queue):
    asset_id, _ = begin(queue, LONG_S)

    assert listed(queue, asset_id) == ["avc-96"]
    assert "-iframes" not in playlist(queue, asset_id, "avc.m3u8")


def test_it_names_the_starter_rung_before_anybody_has_looked_at_the_lesson(queue):
    plan, asset_id = started_of(LONG_S), queue.started(LONG_S)
    queue.finish(queue.claimed("video"), made_of(plan, plan.video[0].name, range(3)))
    held = queue.claimed("audio")
    with queue.write() as session:
        record_early(session, held, made_of(plan, plan.audio[0].name, range(3)))

    assert listed(queue, asset_id) == ["avc-96"]
    with pytest.raises(ObjectMissing):
        playlist(queue, asset_id, "avc-300.m3u8")


def test_other_rungs_are_named_when_their_first_chunk_is_there(queue):
    plan = plan_of(LONG_S)
    asset_id = begun_in_all_sounds(queue, plan)
    held = claimed_chunk(queue, 0)
    assert list(held.renditions) == avc_of(plan)[1:]
    with queue.write() as session:
        record_early(session, held, [item for name in held.renditions for item in made_of(plan, name, range(2))])
    begun = listed(queue, asset_id)

    queue.finish(held, [item for name in held.renditions for item in made_of(plan, name, range(3))])

    assert (begun, listed(queue, asset_id)) == (["avc-96"], avc_of(plan))


def test_rungs_in_av1_wait_for_the_publication(queue):
    plan = plan_of(LONG_S)
    asset_id = begun_in_all_sounds(queue, plan)
    finished_chunk(queue, plan, 0)
    finished_chunk(queue, plan, 0, "av1")

    assert listed(queue, asset_id) == avc_of(plan)
    assert "opus" not in playlist(queue, asset_id, "avc.m3u8")


def test_a_rung_whose_sound_is_not_there_waits_for_it(queue):
    """Rungs for better lines may have a better sound, which comes a moment later."""
    plan = plan_of(LONG_S)
    asset_id, _ = begin(queue, LONG_S)
    finished_chunk(queue, plan, 0)

    assert listed(queue, asset_id) == [rung.name for rung in plan.video if rung.sound == "aac-40"]


def test_a_rung_that_lags_is_not_named():
    """A player that chose it would soon wait for pictures, though the lesson is there in others."""
    plan = plan_of(LONG_S)

    assert steady(plan, {"avc-96": 9, "avc-300": 6, "avc-900": 5}) == {"avc-96", "avc-300"}
    assert steady(plan, {"avc-96": 3, "avc-300": 3, "avc-900": 2}) == {"avc-96", "avc-300"}
    assert steady(plan, {}) == {"avc-96"}
    assert steady(plan_of(20, video=False), {}) == set()


def test_nothing_is_listed_before_there_is_something(queue):
    asset_id = queue.planned(60)

    with pytest.raises(MediaNotReady):
        playlist(queue, asset_id, "avc.m3u8")
    with pytest.raises(MediaNotReady):
        playlist(queue, asset_id, plan_of(60).video[0].name + ".m3u8")


def test_a_growing_playlist_is_an_event_without_an_end(queue):
    plan = plan_of(LONG_S)
    asset_id, _ = begin(queue, LONG_S)
    name = plan.video[0].name

    lines = playlist(queue, asset_id, f"{name}.m3u8").splitlines()

    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in lines
    assert "#EXT-X-ENDLIST" not in lines
    assert [line for line in lines if line.startswith("#EXTINF")] == ["#EXTINF:4.000000,"] * 3
    assert [line for line in lines if not line.startswith("#")] == [
        f"../media/a/{plan.digest}/{name}/{number}.m4s" for number in range(3)
    ]


def test_what_lies_behind_a_gap_is_not_listed(queue):
    """Chunk 2 was quicker than chunk 1."""
    plan = plan_of(LONG_S)
    asset_id, _ = begin(queue, LONG_S)
    finished_chunk(queue, plan, 2)

    assert playlist(queue, asset_id, f"{plan.video[0].name}.m3u8").count(".m4s") == 3


def test_the_playlist_of_a_complete_rendition_ends(queue):
    """Of sound too, while the job goes on: a player must come to the end of a lesson whose AV1 is still being made."""
    plan = plan_of(8)
    asset_id = queue.planned(8)
    picture, sound = plan.video[0].name, plan.audio[0].name
    queue.finish(queue.claimed("video"), made_of(plan, picture, range(1)))
    held = queue.claimed("audio")
    with queue.write() as session:
        record_early(session, held, made_of(plan, sound, range(1)))

    assert playlist(queue, asset_id, f"{picture}.m3u8").endswith("#EXT-X-ENDLIST\n")
    assert playlist(queue, asset_id, f"{sound}.m3u8").endswith("#EXT-X-ENDLIST\n")
    assert queue.job(asset_id).state == "encoding"


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
    plan = plan_of(LONG_S)
    asset_id, sound = begin(queue, LONG_S)
    picture, track = (f"{each.name}.m3u8" for each in (plan.video[0], plan.audio[0]))
    before, of_sound = version(queue, asset_id, picture), version(queue, asset_id, track)
    seen = {before}
    held = claimed_chunk(queue, 2)

    for last in (7, 8, 9):
        with queue.write() as session:
            record_early(session, held, made_of(plan, plan.video[0].name, range(6, last)))
        seen.add(version(queue, asset_id, picture))

    assert len(seen) == 4
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
        record_early(session, held, made_of(plan, name, range(1)))
    first = version(queue, asset_id, f"{name}.m3u8")
    with queue.write() as session:
        session.execute(delete(MediaObject))
    lost = version(queue, asset_id, f"{name}.m3u8")
    queue.later(2 * LEASE_S)
    queue.reconcile()
    queue.later(600)
    again = next(each for each in iter(queue.claim, None) if each.task_id == held.task_id)
    queue.finish(again, made_of(plan, name, range(1)))

    assert len({first, lost, version(queue, asset_id, f"{name}.m3u8")}) == 3


def test_the_version_of_the_multivariant_playlist_changes_with_each_beginning(queue):
    plan = plan_of(LONG_S)
    asset_id, sound = begin(queue, LONG_S, sound_segments=0)
    before = version(queue, asset_id, "avc.m3u8")

    with queue.write() as session:
        record_early(session, sound, made_of(plan, plan.audio[0].name, range(1)))
    begun = version(queue, asset_id, "avc.m3u8")
    with queue.write() as session:
        record_early(session, sound, made_of(plan, plan.audio[0].name, range(2)))

    assert before != begun
    assert version(queue, asset_id, "avc.m3u8") == begun


def test_the_version_of_the_multivariant_playlist_tells_that_rungs_came_up(queue):
    plan = plan_of(LONG_S)
    asset_id, _ = begin(queue, LONG_S)
    before = version(queue, asset_id, "avc.m3u8")

    finished_chunk(queue, plan, 0)

    assert version(queue, asset_id, "avc.m3u8") != before


def test_a_version_changes_when_the_plan_is_settled(queue):
    """A rung's playlist is missing before, and not yet there after it."""
    plan, asset_id = started_of(LONG_S), queue.started(LONG_S)
    queue.finish(queue.claimed("video"), made_of(plan, plan.video[0].name, range(3)))
    names = ("avc.m3u8", "avc-96.m3u8", "avc-300.m3u8")
    before = [version(queue, asset_id, name) for name in names]

    queue.settle(queue.take(asset_id, "analyse"), LONG_S)

    assert all(version(queue, asset_id, name) != old for name, old in zip(names, before, strict=True))


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
