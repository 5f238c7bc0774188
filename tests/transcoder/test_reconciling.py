"""What the reconciler heals, and that it does no harm."""

from sqlalchemy import update

from tests.transcoder.queue_fixtures import LEASE_S
from transcoder.tables import ChunkTask


def die(queue):
    """A worker claims and is never heard of again."""
    held = queue.claim()
    queue.later(LEASE_S + 1)
    return held


def test_a_silent_worker_loses_its_task(queue):
    queue.submit()
    held = die(queue)

    assert queue.reconcile() == 1
    assert queue.claim().task_id == held.task_id


def test_a_worker_within_its_lease_keeps_its_task(queue):
    queue.submit()
    queue.claim()
    queue.later(LEASE_S - 1)

    assert queue.reconcile() == 0
    assert queue.claim() is None


def test_poison_is_quarantined_with_a_reason(queue):
    """Each attempt kills its worker, as an encoder out of memory does."""
    asset_id = queue.submit()
    for _ in range(3):
        assert die(queue)
        queue.reconcile(max_attempts=3)

    status = queue.status(asset_id)
    assert (status.state, status.error.code, status.error.params) == ("failed", "encoder_died", {"attempts": 3})


def test_poison_does_not_stop_other_lessons(queue):
    poison, good = queue.submit(), queue.submit()
    for _ in range(3):
        die(queue)
        queue.reconcile(max_attempts=3)

    assert queue.status(poison).state == "failed"
    assert queue.claimed("probe").asset_id == good


def test_wake_ups_that_never_left_are_sent_again(queue):
    queue.submit()
    queue.submit()
    queue.sent.clear()  # The broker was down.

    assert queue.reconcile() == 2
    assert [message.task for message in queue.sent] == ["transcoder.work"] * 2


def test_wake_ups_are_limited(queue):
    queue.planned(3600)

    assert queue.reconcile(limit=32) == 32


def test_two_reconcilers_do_no_harm(queue):
    asset_id = queue.submit()
    die(queue)

    queue.reconcile()
    queue.reconcile()

    assert [(task.state, task.attempts) for task in queue.tasks(asset_id)] == [("ready", 1)]


def test_a_forgotten_publication_begins(queue):
    asset_id = queue.planned(8)
    with queue.write() as session:
        others = ChunkTask.kind.in_(("video", "audio", "stills"))
        session.execute(update(ChunkTask).where(others).values(state="done"))

    queue.reconcile()

    assert queue.claimed("publish").asset_id == asset_id


def test_a_publication_does_not_begin_early(queue):
    asset_id = queue.planned(8)

    queue.reconcile()

    assert [task.state for task in queue.tasks(asset_id, "publish")] == ["blocked"]
