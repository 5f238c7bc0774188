"""What the gauges show: the queue's age, and the room on the disks."""

import math
import os
import shutil

from sqlalchemy import update

from streamsvc.web.measuring import figures, free_bytes
from tests.transcoder import queue_fixtures
from transcoder import jobs
from transcoder.tables import ChunkTask

queue = queue_fixtures.queue


def age_s(queue):
    with queue.read() as session:
        return round(figures(session, now=queue.clock).queue_age_s)


def test_an_empty_queue_has_no_age(queue):
    assert age_s(queue) == 0


def test_a_lesson_that_nobody_begins_grows_old(queue):
    queue.submit()
    queue.later(700)

    assert age_s(queue) == 700


def test_a_lesson_that_was_begun_and_left_lying_grows_old(queue):
    """Its worker died after the probe: the job is no longer `waiting`, and yet nobody works on it."""
    queue.planned(60)
    queue.later(700)

    assert age_s(queue) == 700


def test_work_that_is_being_done_is_no_queue(queue):
    queue.submit()
    queue.claimed("probe")
    queue.later(700)

    assert age_s(queue) == 0


def test_what_was_put_off_still_waits(queue):
    queue.submit()
    with queue.write() as session:
        session.execute(update(ChunkTask).values(not_before=queue.clock.replace(year=2100)))
    queue.later(700)

    assert age_s(queue) == 700


def test_the_sweep_of_a_cancelled_job_is_no_lesson_that_waits(queue):
    asset_id = queue.submit()
    with queue.write() as session:
        jobs.cancel(session, asset_id, queue.clock)
    queue.later(700)

    assert age_s(queue) == 0


def test_the_room_under_a_folder_that_is_still_to_be_made(tmp_path):
    found = free_bytes({"spool": tmp_path / "not" / "yet"})

    assert 0 < found["spool"] <= shutil.disk_usage(tmp_path).total


def test_a_disk_that_does_not_answer_is_no_number(tmp_path):
    """A file name longer than any disk takes stands for a disk that refuses."""
    place = tmp_path / ("x" * (os.pathconf(tmp_path, "PC_NAME_MAX") + 1))

    assert math.isnan(free_bytes({"spool": place})["spool"])
