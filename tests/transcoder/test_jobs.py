"""Submit, cancel, start again, remove."""

from uuid import uuid4

import pytest

from tests.transcoder.queue_fixtures import SHA256
from transcoder import jobs
from transcoder.claims import renew
from transcoder.errors import EncodeCancelled, NothingToRetry
from transcoder.settling import SWEEP_AFTER_S


def cancel(queue, asset_id):
    with queue.write() as session:
        return jobs.cancel(session, asset_id, queue.clock)


def retry(queue, asset_id):
    with queue.write() as session:
        return jobs.retry(session, asset_id, queue.clock)


def remove(queue, asset_id):
    with queue.write() as session:
        jobs.remove(session, asset_id, queue.clock)


def test_submitting_twice_changes_nothing(queue):
    asset_id = uuid4()
    parts = [jobs.SourcePart("uploads/a/0", 0, 9, SHA256)]
    with queue.write() as session:
        first = jobs.submit(session, asset_id, parts, now=queue.clock)
    with queue.write() as session:
        second = jobs.submit(session, asset_id, parts, now=queue.clock)

    assert first == second
    assert len(queue.tasks(asset_id)) == 1


def test_a_submitted_asset_wakes_one_worker(queue):
    queue.submit()

    assert [(message.task, message.args) for message in queue.sent] == [("transcoder.work", ())]


def test_a_cancelled_job_is_not_claimed(queue):
    asset_id = queue.planned(60)

    assert cancel(queue, asset_id)

    assert queue.claim() is None
    status = queue.status(asset_id)
    assert (status.state, status.error.code, status.playable) == ("failed", "encode_cancelled", False)


def test_a_worker_learns_of_the_cancellation_with_its_heartbeat(queue):
    asset_id = queue.planned(60)
    held = queue.claim()

    cancel(queue, asset_id)

    with queue.write() as session:
        assert not renew(session, held, now=queue.clock, lease_s=60, progress=0.5)


def test_a_late_commit_of_a_cancelled_job_is_refused(queue):
    asset_id = queue.planned(60)
    held = queue.claim()
    cancel(queue, asset_id)

    with pytest.raises(EncodeCancelled):
        queue.finish(held)


def test_cancelling_nothing_says_so(queue):
    asset_id = queue.planned(60)
    cancel(queue, asset_id)

    assert not cancel(queue, asset_id)
    assert not cancel(queue, uuid4())


def test_bytes_of_a_cancelled_job_are_freed_a_little_later(queue):
    asset_id = queue.planned(60)
    cancel(queue, asset_id)
    queue.later(SWEEP_AFTER_S)

    assert queue.claimed("sweep").asset_id == asset_id


def test_a_cancelled_job_starts_again_on_the_same_source(queue):
    asset_id = queue.planned(60)
    cancel(queue, asset_id)

    retry(queue, asset_id)

    assert queue.status(asset_id).state == "waiting"
    assert queue.claimed("probe").asset_id == asset_id


def test_starting_again_calls_the_sweep_off(queue):
    """The new job makes the same objects under the same keys."""
    asset_id = queue.planned(60)
    cancel(queue, asset_id)
    retry(queue, asset_id)
    queue.later(SWEEP_AFTER_S)

    queue.claimed("probe")
    assert queue.claim() is None


def test_what_runs_is_not_started_again(queue):
    asset_id = queue.planned(60)

    with pytest.raises(NothingToRetry):
        retry(queue, asset_id)


@pytest.mark.parametrize("known", [True, False])
def test_what_is_gone_is_not_started_again(queue, known):
    asset_id = queue.planned(60) if known else uuid4()
    remove(queue, asset_id)

    with pytest.raises(NothingToRetry):
        retry(queue, asset_id)


def test_a_removed_asset_is_withdrawn_and_swept(queue):
    asset_id, other = queue.planned(60), queue.planned(60)

    remove(queue, asset_id)
    remove(queue, asset_id)

    with queue.read() as session:
        assert jobs.withdrawn_assets(session) == {asset_id}
    queue.later(SWEEP_AFTER_S)
    kinds = [(held.kind, held.asset_id) for held in iter(queue.claim, None)]
    assert kinds.count(("sweep", asset_id)) == 1
    assert {asset for kind, asset in kinds if kind != "sweep"} == {other}


def test_a_removed_asset_is_not_submitted_again(queue):
    asset_id = queue.submit()
    remove(queue, asset_id)

    with queue.write() as session, pytest.raises(EncodeCancelled):
        jobs.submit(session, asset_id, [], now=queue.clock)


def test_removing_what_was_never_submitted_is_harmless(queue):
    remove(queue, uuid4())


def test_the_collector_leaves_named_objects_alone(queue):
    asset_id = queue.submit()
    mine, strange = f"uploads/{asset_id}/0", "uploads/nobody/0"

    with queue.read() as session:
        assert jobs.referenced(session, [mine, strange]) == {mine}
