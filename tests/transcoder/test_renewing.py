"""A better publication beside the old one: the switch, what is left of the old, failures that change nothing."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from cdn.directory import DirectoryStore
from tests.transcoder.queue_fixtures import SHA256, plan_of, started_of
from tests.transcoder.test_pulse import station
from transcoder import jobs, settling
from transcoder.analysis.values import Analysis
from transcoder.errors import MediaFailed, NothingToRenew
from transcoder.plan_json import plan_to_json
from transcoder.planning import adopt_plan, note_source, settle_plan
from transcoder.pulse import Pulse
from transcoder.renewing import kept_s
from transcoder.sweeping import do_sweep
from transcoder.tables import MediaAsset, MediaObject, TranscodeJob

OTHER = "f" * 32
"""Digest of a better plan."""


def better(plan):
    return replace(plan, digest=OTHER)


@pytest.fixture
def asset_id(queue):
    return queue.published(60)


def reencode(queue, asset_id, **more):
    with queue.write() as session:
        job_id = jobs.reencode(session, asset_id, queue.clock, **more)
    queue.later(0.001)
    return job_id


def adopted(queue, asset_id, plan):
    held = queue.claimed("probe")
    assert held.asset_id == asset_id
    with queue.write() as session:
        note_source(session, held, SHA256, now=queue.clock)
    with queue.write() as session:
        adopt_plan(session, held, plan, now=queue.clock)
    return held


def renew(queue, asset_id):
    """To its end."""
    adopted(queue, asset_id, better(started_of(60)))
    held = queue.take(asset_id, "analyse")
    with queue.write() as session:
        settle_plan(session, held, better(plan_of(60)), now=queue.clock)
    queue.publish(asset_id, better(plan_of(60)))


def publication(queue, asset_id):
    with queue.read() as session:
        return jobs.current_publication(session, asset_id)


def keys_of(queue, job_id):
    with queue.read() as session:
        return set(session.scalars(select(MediaObject.key).where(MediaObject.job_id == job_id)))


def test_a_lesson_stays_as_it_is_until_the_better_one_is_whole(queue, asset_id):
    before, old = publication(queue, asset_id), queue.status(asset_id)
    reencode(queue, asset_id)
    adopted(queue, asset_id, better(started_of(60)))

    assert publication(queue, asset_id) == before
    assert queue.status(asset_id) == replace(old, renewal=queue.status(asset_id).renewal)
    assert queue.status(asset_id).renewal.state == "encoding"


def test_the_better_publication_takes_the_place_of_the_old_one(queue, asset_id):
    before, job_id = publication(queue, asset_id), reencode(queue, asset_id)

    renew(queue, asset_id)

    after = publication(queue, asset_id)
    assert after.id != before.id
    assert (queue.status(asset_id).state, queue.status(asset_id).renewal) == ("ready", None)
    with queue.read() as session:
        asset = session.get_one(MediaAsset, asset_id)
        assert (asset.job_id, asset.published_job_id, asset.renewal_job_id) == (job_id, job_id, None)


def test_nobody_waits_for_a_renewal(queue, asset_id):
    reencode(queue, asset_id)
    other = queue.planned(60)

    claimed = [held.asset_id for held in iter(queue.claim, None)]

    assert claimed[-1] == asset_id
    assert set(claimed[:-1]) == {other}


def test_objects_of_the_old_publication_go_when_no_address_of_them_is_valid_any_more(queue, asset_id, tmp_path):
    with queue.read() as session:
        old = session.get_one(MediaAsset, asset_id).published_job_id
    store = DirectoryStore(tmp_path / "store")
    job_id = reencode(queue, asset_id)
    renew(queue, asset_id)
    old_keys, new_keys = keys_of(queue, old), keys_of(queue, job_id)
    shared = min(new_keys)
    with queue.write() as session:
        # As where the very same bytes are part of both.
        session.execute(
            update(MediaObject).where(MediaObject.job_id == old, MediaObject.key == min(old_keys)).values(key=shared)
        )
    for key in old_keys | new_keys:
        store.put(key, b"x", content_type="video/iso.segment")
    queue.later(kept_s(60) - 60)
    assert queue.claim() is None
    queue.later(120)
    post = replace(station(queue, tmp_path), store=store)
    held = queue.claimed("sweep")

    do_sweep(post, held, Pulse(post, held))

    assert {info.key for info in store.list("")} == new_keys | {min(old_keys)}
    assert keys_of(queue, old) == set()
    with queue.read() as session:
        assert session.get_one(TranscodeJob, old).state == "replaced"
    assert queue.status(asset_id).state == "ready"


def test_a_renewal_that_fails_leaves_the_lesson_as_it_was(queue, asset_id):
    before, old = publication(queue, asset_id), queue.status(asset_id)
    reencode(queue, asset_id)
    held = queue.claimed("probe")
    with queue.write() as session:
        settling.fail_at_once(session, held, "source_lost", {"offset": 0}, now=queue.clock)

    status = queue.status(asset_id)
    assert publication(queue, asset_id) == before
    assert replace(status, renewal=None) == old
    assert (status.renewal.state, status.renewal.error.code) == ("failed", "source_lost")
    assert reencode(queue, asset_id) != held.job_id


def test_a_renewal_can_be_cancelled(queue, asset_id):
    reencode(queue, asset_id)
    with queue.write() as session:
        assert jobs.cancel(session, asset_id, queue.clock)
    with queue.write() as session:
        assert not jobs.cancel(session, asset_id, queue.clock)

    assert (queue.status(asset_id).state, queue.status(asset_id).renewal.state) == ("ready", "failed")
    assert queue.claim() is None


def test_a_plan_that_is_published_already_is_not_made_again(queue, asset_id):
    before = publication(queue, asset_id)
    reencode(queue, asset_id)

    adopted(queue, asset_id, started_of(60))

    assert publication(queue, asset_id) == before
    status = queue.status(asset_id)
    assert (status.state, status.renewal.state, status.renewal.error.code) == ("ready", "needless", "nothing_to_renew")
    queue.later(settling.SWEEP_AFTER_S)
    held = queue.claimed("sweep")
    assert queue.claim() is None
    queue.finish(held)


def test_one_who_knows_the_plan_is_told_at_once(queue, asset_id):
    with pytest.raises(NothingToRenew):
        reencode(queue, asset_id, digest_of=lambda source: plan_of(source.duration_s).digest)

    assert reencode(queue, asset_id, digest_of=lambda _: OTHER)


def test_a_lesson_that_nobody_could_look_at_is_worth_another_try(queue, asset_id):
    unseen = replace(plan_of(60), analysis=Analysis(doubt="failed"))
    with queue.write() as session:
        session.execute(update(TranscodeJob).values(plan=plan_to_json(unseen)))

    assert reencode(queue, asset_id, digest_of=lambda _: unseen.digest)


def test_a_lesson_of_a_plan_that_is_not_read_any_more_is_worth_another_try(queue, asset_id):
    with queue.write() as session:
        session.execute(update(TranscodeJob).values(plan={"form": "old"}))
    with queue.read() as session:
        assert jobs.older_assets(session, lambda _: plan_of(60).digest) == [asset_id]

    assert reencode(queue, asset_id, digest_of=lambda _: plan_of(60).digest)


def test_lessons_of_todays_plan_are_not_among_the_older(queue, asset_id):
    other = queue.published(90)

    with queue.read() as session:
        assert jobs.older_assets(session, lambda _: plan_of(60).digest) == [other]


def test_asking_twice_starts_one_renewal(queue, asset_id):
    assert reencode(queue, asset_id) == reencode(queue, asset_id)


@pytest.mark.parametrize("state", ["encoding", "removed"])
def test_what_is_not_published_is_not_renewed(queue, state):
    asset_id = queue.planned(60) if state == "encoding" else queue.published(60)
    if state == "removed":
        with queue.write() as session:
            jobs.remove(session, asset_id, queue.clock)

    with pytest.raises(NothingToRenew):
        reencode(queue, asset_id)


def test_a_removed_lesson_takes_its_renewal_along(queue, asset_id):
    reencode(queue, asset_id)
    with queue.write() as session:
        jobs.remove(session, asset_id, queue.clock)

    assert queue.claim() is None
    with pytest.raises(MediaFailed):
        publication(queue, asset_id)
