"""Sound that missed its loudness is made a second time, under other names, before the publication."""

import pytest

from tests.transcoder.queue_fixtures import LEASE_S
from transcoder.errors import EncodeCancelled
from transcoder.loudness import SoundReport
from transcoder.plan_json import plan_from_json
from transcoder.resounding import AGAIN, end_sound, published_plan, sound_plan

GOOD, LOUD = -16.3, -12.0


def reports(plan, lufs):
    return (SoundReport(plan.audio[0].name, lufs, -2.0, ((10.0, 40.0),)),)


@pytest.fixture
def sounding(queue):
    """A lesson whose sound is being made, and its plan."""
    asset_id = queue.planned(60)
    held = queue.take(asset_id, "audio")
    return asset_id, held, plan_from_json(queue.job(asset_id).plan)


def end(queue, held, found):
    with queue.write() as session:
        end_sound(session, held, found, now=queue.clock)


def drain(queue, *, but=()):
    """Finish all that can be claimed, and say what it was."""
    done = []
    while (held := queue.claim()) and held.kind not in but:
        done.append((held.kind, held.chunk))
        queue.finish(held)
    return done, held


def test_sound_at_its_loudness_is_made_once(queue, sounding):
    asset_id, held, plan = sounding

    end(queue, held, reports(plan, GOOD))

    assert len(queue.tasks(asset_id, "audio")) == 1
    with queue.read() as session:
        assert published_plan(session, held.job_id) == plan


def test_sound_that_missed_it_is_made_again_and_published_so(queue, sounding):
    _, held, plan = sounding
    end(queue, held, reports(plan, LOUD))

    done, publish = drain(queue, but=("publish",))

    assert ("audio", AGAIN) in done
    assert publish.kind == "publish"
    with queue.read() as session:
        better = published_plan(session, held.job_id)
    assert [each.name for each in better.audio] == [f"{each.name}-b" for each in plan.audio]
    assert better.video[0].sound == f"{plan.video[0].sound}-b"
    assert better.audio[0].correction_db == pytest.approx(-4.0, abs=0.1)
    assert better.digest == plan.digest


def test_the_second_making_works_after_the_corrected_plan(queue, sounding):
    asset_id, held, plan = sounding
    end(queue, held, reports(plan, LOUD))
    second = queue.take(asset_id, "audio")

    with queue.read() as session:
        better = sound_plan(session, second)

    assert tuple(each.name for each in better.audio) == second.renditions
    end(queue, second, reports(better, GOOD))
    assert queue.status(asset_id).sound.lufs == GOOD
    with queue.read() as session:
        assert published_plan(session, held.job_id) == better


def test_a_first_making_that_is_done_twice_leads_to_one_second(queue, sounding):
    """As after objects got lost."""
    asset_id, held, plan = sounding
    end(queue, held, reports(plan, LOUD))
    with queue.write() as session:
        row = session.merge(next(task for task in queue.tasks(asset_id, "audio") if task.chunk != AGAIN))
        row.state, row.rank = "ready", -1

    end(queue, queue.take(asset_id, "audio"), reports(plan, LOUD))

    assert len(queue.tasks(asset_id, "audio")) == 2


def test_a_making_whose_claim_was_lost_notes_nothing(queue, sounding):
    asset_id, held, plan = sounding
    queue.later(LEASE_S + 1)
    queue.reconcile()

    with pytest.raises(EncodeCancelled):
        end(queue, held, reports(plan, LOUD))

    assert queue.status(asset_id).sound is None
    assert len(queue.tasks(asset_id, "audio")) == 1


def test_progress_does_not_fall_when_the_sound_must_be_made_again(queue, sounding):
    asset_id, held, plan = sounding
    before = queue.status(asset_id).progress

    end(queue, held, reports(plan, LOUD))

    assert queue.status(asset_id).progress > before


def test_what_was_measured_is_told(queue, sounding):
    asset_id, held, plan = sounding
    end(queue, held, reports(plan, GOOD))

    sound = queue.status(asset_id).sound

    assert (sound.lufs, sound.peak_db) == (GOOD, -2.0)
    assert sound.findings == ()
