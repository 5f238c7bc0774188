"""Who gets which row: order, fairness, leases and fencing numbers."""

from collections import Counter

from tests.transcoder.queue_fixtures import LEASE_S
from transcoder.claims import Worker, claimable, renew


def kinds_of(queue, count):
    """Claim and finish so many tasks; what was claimed, in order."""
    done = []
    for _ in range(count):
        held = queue.claim()
        if held is None:
            break
        done.append(held)
        queue.finish(held)
    return done


def _families(held):
    return {name.partition("-")[0] for name in held.renditions}


def test_an_empty_queue_gives_nothing(queue):
    assert queue.claim() is None


def test_a_lesson_is_probed_first_then_becomes_playable(queue):
    queue.started(60)

    first = kinds_of(queue, 2)
    analyse = queue.claimed("analyse")
    queue.settle(analyse, 60)
    then = kinds_of(queue, 9)

    assert [(held.kind, held.chunk, _families(held)) for held in (*first, *then)] == [
        ("video", 0, {"avc"}),
        ("audio", 0, {"aac", "opus"}),
        ("video", 0, {"avc"}),
        ("stills", 0, set()),
        ("video", 1, {"avc"}),
        ("video", 2, {"avc"}),
        ("video", 1, {"av1"}),
        ("video", 2, {"av1"}),
        ("video", 0, {"av1"}),
        ("publish", 0, set()),
    ]


def test_a_short_lesson_behind_a_long_one_starts_at_once(queue):
    """The hour's chunks are claimable all the while; the minute's first three tasks go before any of them."""
    queue.planned(3600)
    starter = queue.claimed("video")
    minute = queue.planned(60)

    first = [queue.claim(), queue.claim()]

    assert [(held.asset_id, held.kind, held.chunk) for held in first] == [(minute, "video", 0), (minute, "audio", 0)]
    assert starter.asset_id != minute


def test_jobs_are_served_in_turn(queue):
    assets = [queue.planned(600), queue.planned(600), queue.planned(600)]
    kinds_of(queue, 6)  # Starters and sound of all three.

    served = Counter()
    for _ in range(30):
        served[kinds_of(queue, 1)[0].asset_id] += 1
        assert max(served.values()) - min(served[asset] for asset in assets) <= 1


def test_a_new_job_does_not_wait_for_a_round(queue):
    queue.planned(3600)
    kinds_of(queue, 20)
    minute = queue.planned(60)
    kinds_of(queue, 2)  # Its starter rung and its sound.

    assert kinds_of(queue, 1)[0].asset_id == minute


def test_sound_of_long_lessons_leaves_a_slot_free(queue):
    queue.planned(3600)
    queue.planned(3600)
    for _ in range(2):
        queue.claimed("video")

    assert queue.claimed("audio").asset_id
    assert queue.claim().kind != "audio"


def test_sound_of_a_long_lesson_takes_the_only_slot(queue):
    queue.planned(3600)
    alone = Worker("small", 1)
    queue.finish(queue.claimed("video", alone))

    assert queue.claimed("audio", alone)


def test_two_workers_never_hold_the_same_row(queue):
    queue.planned(60)

    held = [queue.claim(Worker(f"host-{number}", 2)) for number in range(10)]

    ids = [one.task_id for one in held if one]
    assert len(ids) == len(set(ids)) == 9


def test_the_attempt_is_counted_before_the_work(queue):
    asset_id = queue.submit()

    held = queue.claim()

    assert (held.attempts, held.fence) == (1, 1)
    assert queue.tasks(asset_id)[0].attempts == 1


def test_a_lease_is_renewed_by_its_holder(queue):
    held = queue.planned(60) and queue.claim()
    queue.later(LEASE_S - 1)
    with queue.write() as session:
        assert renew(session, held, now=queue.clock, lease_s=LEASE_S, progress=0.5)
    queue.later(LEASE_S - 1)

    queue.reconcile()

    with queue.write() as session:
        assert renew(session, held, now=queue.clock, lease_s=LEASE_S, progress=0.6)


def test_a_lease_that_was_taken_back_is_not_renewed(queue):
    queue.submit()
    held = queue.claim()
    queue.later(LEASE_S + 1)
    queue.reconcile()

    with queue.write() as session:
        assert not renew(session, held, now=queue.clock, lease_s=LEASE_S, progress=0.5)


def test_the_old_holder_is_refused_after_a_second_claim(queue):
    queue.submit()
    first = queue.claim()
    queue.later(LEASE_S + 1)
    queue.reconcile()
    second = queue.claim()

    assert (second.task_id, second.fence) == (first.task_id, first.fence + 1)
    with queue.write() as session:
        assert not renew(session, first, now=queue.clock, lease_s=LEASE_S, progress=0.5)
        assert renew(session, second, now=queue.clock, lease_s=LEASE_S, progress=0.5)


def test_claimable_counts_up_to_its_limit(queue):
    queue.planned(600)

    with queue.read() as session:
        assert claimable(session, now=queue.clock, limit=5) == 5


def test_a_task_that_was_put_off_is_not_claimable_before_its_time(queue):
    asset_id = queue.submit()
    with queue.write() as session:
        row = session.merge(queue.tasks(asset_id)[0])
        row.not_before = queue.clock.replace(hour=9)

    assert queue.claim() is None
    queue.clock = queue.clock.replace(hour=9)
    assert queue.claim() is not None
