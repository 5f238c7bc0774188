"""How tasks end: done, failed, put off, handed back; and who is refused."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.transcoder.queue_fixtures import LEASE_S, made_of, plan_of, started_of
from transcoder import jobs, settling
from transcoder.errors import EncodeCancelled, OutputInvalid, SourceNotMedia
from transcoder.measuring import queue_measure
from transcoder.planning import settle_plan
from transcoder.settling import Stored
from transcoder.tables import ChunkTask, MediaObject

PARAMS = {"bytes": 5}


def settle(queue, function, held, *args, **kwargs):
    with queue.write() as session:
        function(session, held, *args, now=queue.clock, **kwargs)


def state_of(queue, held):
    return next(task for task in queue.tasks(held.asset_id) if task.id == held.task_id)


def test_whoever_ends_the_last_task_lets_the_publication_begin(queue):
    asset_id = queue.planned(8)
    while (held := queue.claim()).kind != "publish":
        assert [task.state for task in queue.tasks(asset_id, "publish")] == ["blocked"]
        queue.finish(held)

    assert queue.status(asset_id).state == "encoding"


def test_a_plan_wakes_workers_for_its_tasks(queue):
    asset_id = queue.started(3600)
    assert len(queue.sent) == 1 + 4  # Starter rung, sound, analysis and stills.
    held = queue.take(asset_id, "analyse")
    queue.sent.clear()

    queue.settle(held, 3600)

    assert len(queue.sent) == 1 + settling.MAX_NEW_WAKE_UPS


def test_a_publication_waits_for_the_analysis_and_for_what_it_adds(queue):
    asset_id = queue.started(60)
    held = queue.take(asset_id, "analyse")
    while other := queue.claim():
        queue.finish(other)
    assert [task.state for task in queue.tasks(asset_id, "publish")] == ["blocked"]

    queue.settle(held, 60)

    kinds = []
    while other := queue.claim():
        kinds.append(other.kind)
        queue.finish(other)
    assert kinds == ["video"] * 6 + ["publish"]


def test_an_analysis_that_adds_nothing_lets_the_publication_begin(queue):
    asset_id = queue.started(8)
    held = queue.take(asset_id, "analyse")
    while other := queue.claim():
        queue.finish(other)

    with queue.write() as session:
        settle_plan(session, held, replace(started_of(8), settled=True), now=queue.clock)

    assert queue.claimed("publish").asset_id == asset_id


def test_a_plan_is_settled_once(queue):
    """Two workers on one analysis: the first was silent too long."""
    asset_id = queue.started(60)
    first = queue.take(asset_id, "analyse")
    queue.later(LEASE_S + 1)
    queue.reconcile()
    second = queue.take(asset_id, "analyse")
    queue.settle(second, 60)

    with pytest.raises(EncodeCancelled):
        queue.settle(first, 60)

    assert len(queue.tasks(asset_id, "video")) == 1 + 6


def test_a_settled_plan_must_be_of_its_starter_plan(queue):
    held = queue.take(queue.started(60), "analyse")

    with pytest.raises(OutputInvalid):
        queue.settle(held, 61)


def test_an_analysis_is_never_given_up(queue):
    """After the last attempt it decides without looking."""
    asset_id = queue.started(60)
    for attempt in range(1, 6):
        held = queue.take(asset_id, "analyse")
        assert held.attempts == attempt
        settle(queue, settling.fail, held, "encode_failed", {}, max_attempts=3)
        queue.later(settling.LONGEST_DELAY_S)

    assert queue.status(asset_id).state == "encoding"


def test_an_analysis_of_a_bad_source_ends_the_job(queue):
    asset_id = queue.started(60)

    settle(queue, settling.fail_at_once, queue.take(asset_id, "analyse"), "source_lost", {})

    assert queue.status(asset_id).error.code == "source_lost"


def test_an_ended_task_passes_its_wake_up_on_while_there_is_work(queue):
    queue.planned(8)
    queue.sent.clear()

    queue.finish(queue.claim())

    assert len(queue.sent) == 1


def test_a_commit_under_an_old_number_is_refused(queue):
    """Two workers, one chunk: the first was silent too long, the second ends it, the first comes late."""
    queue.submit()
    first = queue.claim()
    queue.later(LEASE_S + 1)
    queue.reconcile()
    second = queue.claim()

    with pytest.raises(EncodeCancelled):
        queue.finish(first)
    queue.finish(second)
    with pytest.raises(EncodeCancelled):
        queue.finish(second)


def test_a_refused_commit_leaves_no_objects(queue):
    asset_id = queue.planned(8)
    held = queue.claim()
    with queue.write() as session:
        jobs.cancel(session, asset_id, queue.clock)

    with pytest.raises(EncodeCancelled):
        queue.finish(held, made_of(plan_of(8), held.renditions[0], range(2)))

    with queue.read() as session:
        assert session.query(MediaObject).all() == []


def test_a_bad_end_is_tried_again_a_little_later(queue):
    asset_id = queue.submit()
    held = queue.claim()
    settle(queue, settling.fail, held, "encode_failed", {}, max_attempts=3)

    again = queue.claim()
    assert again.attempts == 2
    settle(queue, settling.fail, again, "encode_failed", {}, max_attempts=3)
    assert queue.claim() is None
    queue.later(2)

    assert queue.claim().attempts == 3
    assert queue.status(asset_id).error is None


def test_after_the_last_attempt_the_whole_job_fails_with_a_reason(queue):
    asset_id = queue.planned(60)
    held = queue.claim()

    settle(queue, settling.fail, held, "encode_failed", PARAMS, max_attempts=1)

    status = queue.status(asset_id)
    assert (status.state, status.error.code, status.error.params) == ("failed", "encode_failed", PARAMS)
    open_states = {task.state for task in queue.tasks(asset_id, "video", "audio", "stills", "publish")}
    assert open_states == {"failed", "cancelled"}


def test_a_bad_source_is_not_tried_again(queue):
    asset_id = queue.submit()

    settle(queue, settling.fail_at_once, queue.claim(), SourceNotMedia.code, {})

    assert queue.status(asset_id).error.code == "source_not_media"
    assert [task.state for task in queue.tasks(asset_id, "probe")] == ["failed"]


def test_a_dead_store_costs_no_attempt(queue):
    asset_id = queue.submit()
    for _ in range(5):
        held = queue.claim()
        assert held.attempts == 1
        settle(queue, settling.postpone, held, "store_unavailable", {})
        assert queue.claim() is None
        queue.later(settling.LONGEST_DELAY_S)

    status = queue.status(asset_id)
    assert (status.state, status.error) == ("waiting", None)


def test_what_holds_a_lesson_up_is_shown_while_it_waits(queue):
    asset_id = queue.submit()
    settle(queue, settling.postpone, queue.claim(), "workspace_full", PARAMS)

    delayed = queue.status(asset_id).delayed_by
    queue.later(settling.LONGEST_DELAY_S)

    assert (delayed.code, delayed.params) == ("workspace_full", PARAMS)
    assert queue.status(asset_id).delayed_by is None


def test_a_store_that_stays_dead_is_told_to_a_person(queue):
    asset_id = queue.submit()
    with queue.write() as session:
        session.execute(update(ChunkTask).values(postponed=settling.MAX_POSTPONED))

    settle(queue, settling.postpone, queue.claim(), "store_unavailable", {})

    assert queue.status(asset_id).error.code == "store_unavailable"


def test_a_worker_that_stops_hands_its_task_back_untouched(queue):
    queue.submit()
    held = queue.claim()
    queue.sent.clear()

    settle(queue, settling.release, held)

    again = queue.claim()
    assert (again.task_id, again.attempts) == (held.task_id, 1)
    assert len(queue.sent) == 1


@pytest.mark.parametrize("ending", [settling.release, settling.finish])
def test_every_ending_is_refused_to_a_lost_claim(queue, ending):
    queue.submit()
    held = queue.claim()
    queue.later(LEASE_S + 1)
    queue.reconcile()

    more = [()] if ending is settling.finish else []
    with pytest.raises(EncodeCancelled):
        settle(queue, ending, held, *more)


def test_init_segments_of_all_chunks_are_the_same(queue):
    plan = plan_of(60)
    queue.planned(60)
    starter, _, others = queue.claim(), queue.claim(), queue.claim()
    rendition = plan.video[0].name
    queue.finish(starter, made_of(plan, rendition, range(3)))

    changed = made_of(plan, rendition, range(3, 9))
    init = changed[0].made
    other_init = Stored(type(init)(init.kind, rendition, init.name, 700, "cd" * 32, codec=init.codec), changed[0].key)

    with pytest.raises(OutputInvalid):
        queue.finish(others, [other_init, *changed[1:]])
    queue.finish(others, changed)


def test_sound_is_noted_while_its_task_goes_on(queue):
    plan = plan_of(60)
    asset_id = queue.planned(60)
    queue.finish(queue.claim())
    held = queue.claimed("audio")
    with queue.write() as session:
        settling.record_early(session, held, made_of(plan, plan.audio[0].name, range(4)))

    assert state_of(queue, held).state == "running"
    [sound] = [row for row in queue.status(asset_id).renditions if row.name == plan.audio[0].name]
    assert sound.bytes == 700 + 4 * 10_000


def test_a_second_attempt_replaces_what_the_first_noted(queue):
    plan = plan_of(60)
    queue.planned(60)
    queue.finish(queue.claim())
    name = plan.audio[0].name
    first = queue.claimed("audio")
    with queue.write() as session:
        settling.record_early(session, first, made_of(plan, name, range(4)))
    settle(queue, settling.fail, first, "encode_failed", {}, max_attempts=3)
    second = queue.claimed("audio")
    other = [
        Stored(type(item.made)(*(getattr(item.made, f) for f in ("kind", "rendition", "name")), 5, "ef" * 32), "k2")
        for item in made_of(plan, name, range(1))[1:]
    ]
    with queue.write() as session:
        settling.record_early(session, second, other)

    with queue.read() as session:
        row = session.get(MediaObject, (second.job_id, name, "0.m4s"))
        assert (row.key, row.fence) == ("k2", second.fence)


def test_a_published_lesson_is_measured_when_there_is_nothing_else_to_do(queue):
    asset_id = queue.published(8)
    with queue.write() as session:
        queue_measure(session, session.merge(queue.job(asset_id)))
    other = queue.planned(8)

    claimed = [(held.kind, held.asset_id) for held in iter(queue.claim, None)]

    assert claimed[-1] == ("measure", asset_id)
    assert {asset for _, asset in claimed[:-1]} == {other}


def test_a_measure_that_fails_leaves_the_lesson_ready(queue):
    asset_id = queue.published(8)
    with queue.write() as session:
        queue_measure(session, session.merge(queue.job(asset_id)))

    settle(queue, settling.fail, queue.claimed("measure"), "encode_failed", {}, max_attempts=1)

    assert (queue.status(asset_id).state, queue.status(asset_id).error) == ("ready", None)
    assert queue.claim() is None


def test_lost_objects_are_made_again_before_the_publication(queue):
    asset_id = queue.planned(8)
    done = []
    while (held := queue.claim()).kind != "publish":
        queue.finish(held)
        done.append(held.task_id)

    settle(queue, settling.reopen, held, done[:1])

    assert queue.claim().task_id == done[0]
    assert [task.state for task in queue.tasks(asset_id, "publish")] == ["blocked"]
