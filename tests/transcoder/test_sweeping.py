"""What a sweep may delete."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import update

from cdn.directory import DirectoryStore
from cdn.layout import asset_prefix
from tests.transcoder.test_pulse import station
from transcoder import jobs, settling
from transcoder.errors import EncodeCancelled
from transcoder.pipeline import work_once
from transcoder.pulse import Pulse
from transcoder.settling import SWEEP_AFTER_S
from transcoder.sweeping import KEYS_AT_ONCE, Litter, do_sweep, end_sweep, litter_of
from transcoder.tables import ChunkTask, MediaObject, PartRow


def swept(queue, asset_id):
    queue.later(SWEEP_AFTER_S)
    held = queue.claimed("sweep")
    assert held.asset_id == asset_id
    with queue.read() as session:
        return held, litter_of(session, held)


def cancel(queue, asset_id):
    with queue.write() as session:
        jobs.cancel(session, asset_id, queue.clock)


def test_a_cancelled_job_frees_what_it_made_and_keeps_its_source(queue):
    asset_id = queue.planned(60)
    digest = queue.job(asset_id).plan_digest
    cancel(queue, asset_id)

    _, litter = swept(queue, asset_id)

    assert litter == Litter(f"{asset_prefix(asset_id)}{digest}/", (), False)


def test_a_job_without_a_plan_made_nothing(queue):
    asset_id = queue.submit()
    cancel(queue, asset_id)

    assert swept(queue, asset_id)[1] == Litter(None, (), False)


def test_a_removed_asset_goes_with_its_source(queue):
    asset_id = queue.planned(60)
    with queue.write() as session:
        jobs.remove(session, asset_id, queue.clock)

    held, litter = swept(queue, asset_id)
    assert litter == Litter(asset_prefix(asset_id), (f"uploads/{asset_id}/0",), True)
    with queue.write() as session:
        end_sweep(session, held, litter, now=queue.clock)

    with queue.read() as session:
        assert session.query(PartRow).count() == session.query(MediaObject).count() == 0
        assert jobs.withdrawn_assets(session) == {asset_id}


def test_a_sweep_that_ran_on_spares_the_job_that_was_started_again(queue):
    """It was claimed before the retry could call it off; it looks before it deletes."""
    asset_id = queue.planned(60)
    cancel(queue, asset_id)
    queue.later(SWEEP_AFTER_S)
    held = queue.claimed("sweep")
    with queue.write() as session:
        jobs.retry(session, asset_id, queue.clock)

    with queue.read() as session:
        assert litter_of(session, held).prefix is None


@pytest.mark.parametrize(
    "ending", [partial(settling.fail, max_attempts=1), settling.postpone], ids=["a mistake of ours", "a dead store"]
)
def test_a_sweep_is_never_given_up(queue, ending):
    """Its rows keep the collector from what it should have deleted."""
    asset_id = queue.planned(60)
    with queue.write() as session:
        jobs.remove(session, asset_id, queue.clock)
        session.execute(update(ChunkTask).values(postponed=settling.MAX_POSTPONED))
    queue.later(SWEEP_AFTER_S)
    held = queue.claimed("sweep")

    with queue.write() as session:
        ending(session, held, "store_unavailable", {}, now=queue.clock)
    queue.later(settling.LONGEST_DELAY_S)

    assert queue.claimed("sweep").asset_id == asset_id


class Interrupted(DirectoryStore):
    """Something happens in the middle of the first batch."""

    meanwhile = None

    def delete(self, keys):
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        super().delete(keys)


@pytest.fixture
def sweep(queue, tmp_path):
    """A running sweep with three batches to delete: (station, claim)."""
    asset_id = queue.planned(60)
    prefix = f"{asset_prefix(asset_id)}{queue.job(asset_id).plan_digest}/"
    cancel(queue, asset_id)
    queue.later(SWEEP_AFTER_S)
    store = Interrupted(tmp_path / "store")
    for number in range(3 * KEYS_AT_ONCE):
        store.put(f"{prefix}v360/{number}.m4s", b"x", content_type="video/iso.segment")
    return replace(station(queue, tmp_path), store=store), queue.claimed("sweep")


def left(post):
    return sum(1 for _ in post.store.list(""))


def start_again(queue, asset_id):
    with queue.write() as session:
        jobs.retry(session, asset_id, queue.clock)


def test_a_running_sweep_stops_for_the_job_that_was_started_again(queue, sweep):
    """At once, not with the next heartbeat; the new job's probe waits for the batch that is under way."""
    post, held = sweep

    def meanwhile():
        start_again(queue, held.asset_id)
        assert work_once(post)
        [probe] = [task for task in queue.tasks(held.asset_id, "probe") if task.state == "ready"]
        assert (probe.attempts, probe.error_code) == (0, "still_swept")

    post.store.meanwhile = meanwhile
    do_sweep(post, held, Pulse(post, held))

    assert left(post) == 2 * KEYS_AT_ONCE
    assert [task.state for task in queue.tasks(held.asset_id, "sweep")] == ["done"]
    queue.later(settling.LONGEST_DELAY_S)
    assert work_once(post)
    # There are no parts here: it has gone on to read them.
    assert queue.status(held.asset_id).error.code == "source_lost"


def test_a_running_sweep_goes_on_while_nobody_needs_its_keys(sweep):
    post, held = sweep

    do_sweep(post, held, Pulse(post, held))

    assert left(post) == 0


def test_a_sweep_that_was_taken_over_deletes_nothing_more(queue, sweep):
    post, held = sweep

    def meanwhile():
        queue.later(3600)
        queue.reconcile()

    post.store.meanwhile = meanwhile
    with pytest.raises(EncodeCancelled):
        do_sweep(post, held, Pulse(post, held))

    assert left(post) == 2 * KEYS_AT_ONCE
