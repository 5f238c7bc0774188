"""What a sweep may delete."""

from functools import partial

import pytest
from sqlalchemy import update

from cdn.layout import asset_prefix
from transcoder import jobs, settling
from transcoder.settling import SWEEP_AFTER_S
from transcoder.sweeping import Litter, end_sweep, litter_of
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
