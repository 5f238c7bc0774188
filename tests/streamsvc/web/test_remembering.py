"""Playlists of growing lessons: written once per change, never older than the database."""

import asyncio
from collections import Counter

import pytest

from streamsvc.web.remembering import GrowingPlaylists
from tests.transcoder.queue_fixtures import made_of, plan_of, queue  # noqa: F401
from tests.transcoder.test_status import begin
from transcoder import jobs
from transcoder.errors import MediaFailed, MediaNotReady
from transcoder.settling import record_early
from transcoder.tables import TranscodeJob

PLAN = plan_of(60)
PICTURE, SOUND = (f"{each.name}.m3u8" for each in (PLAN.video[0], PLAN.audio[0]))


class Reader:
    """The database as the web reads it, which gives way to others between two questions."""

    def __init__(self, held_queue):
        self.queue = held_queue
        self.asked = Counter()

    async def __call__(self, function, *args):
        self.asked[function.__name__] += 1
        await asyncio.sleep(0)
        with self.queue.read() as session:
            return function(session, *args)


@pytest.fixture
def growing(queue):  # noqa: F811
    """A lesson that has begun: its asset and job, the claim of its sound, and who reads."""
    asset_id, held = begin(queue)
    return asset_id, held.job_id, held, Reader(queue)


def add_sound(reader, held, segments):
    with reader.queue.write() as session:
        record_early(session, held, made_of(PLAN, PLAN.audio[0].name, range(segments)))


async def test_thirty_pupils_who_ask_at_once_cost_one_writing(growing):
    asset_id, job_id, held, reader = growing
    kept = GrowingPlaylists(reader)

    for segments in (5, 6):
        add_sound(reader, held, segments)
        answers = await asyncio.gather(*(kept.get(asset_id, job_id, SOUND) for _ in range(30)))
        assert {answer.body.count(b".m4s") for answer in answers} == {segments}
        assert len({answer.etag for answer in answers}) == 1

    assert reader.asked["_write"] == 2


async def test_a_new_segment_and_the_end_are_told_at_once(growing):
    asset_id, job_id, held, reader = growing
    kept = GrowingPlaylists(reader)
    bodies = [(await kept.get(asset_id, job_id, SOUND)).body]

    add_sound(reader, held, 5)
    bodies.append((await kept.get(asset_id, job_id, SOUND)).body)
    with reader.queue.write() as session:
        session.get(TranscodeJob, job_id).state = "ready"
    bodies.append((await kept.get(asset_id, job_id, SOUND)).body)

    assert [body.count(b".m4s") for body in bodies] == [4, 5, 5]
    assert [b"#EXT-X-ENDLIST" in body for body in bodies] == [False, False, True]


async def test_a_job_that_ends_badly_gives_nothing_out_from_memory(growing):
    asset_id, job_id, _, reader = growing
    kept = GrowingPlaylists(reader)
    await kept.get(asset_id, job_id, SOUND)

    with reader.queue.write() as session:
        jobs.cancel(session, asset_id, reader.queue.clock)

    with pytest.raises(MediaFailed):
        await kept.get(asset_id, job_id, SOUND)


async def test_a_refusal_is_not_kept(queue):  # noqa: F811
    asset_id = queue.planned(60)
    reader, job_id = Reader(queue), queue.job(asset_id).id
    kept = GrowingPlaylists(reader)
    with pytest.raises(MediaNotReady):
        await kept.get(asset_id, job_id, PICTURE)

    queue.finish(queue.claimed("video"), made_of(PLAN, PLAN.video[0].name, range(3)))

    assert (await kept.get(asset_id, job_id, PICTURE)).body.count(b".m4s") == 3


async def test_what_was_asked_for_longest_ago_makes_room(growing):
    asset_id, job_id, _, reader = growing
    sizes = [len((await GrowingPlaylists(reader).get(asset_id, job_id, name)).body) for name in (PICTURE, SOUND)]
    kept = GrowingPlaylists(reader, max_bytes=sum(sizes))
    reader.asked.clear()

    for name in (PICTURE, SOUND, PICTURE, "avc.m3u8", PICTURE, SOUND):
        await kept.get(asset_id, job_id, name)

    assert reader.asked["_write"] == 4, "the sound was written again, the picture was not"


async def test_a_text_larger_than_the_memory_is_told_and_not_kept(growing):
    asset_id, job_id, _, reader = growing
    kept = GrowingPlaylists(reader, max_bytes=10)

    for _ in range(2):
        assert b".m4s" in (await kept.get(asset_id, job_id, SOUND)).body

    assert reader.asked["_write"] == 2
