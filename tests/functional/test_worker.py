"""`sabaq worker` with real ffmpeg: from parts in the store to a publication, and everything that may come between."""

import os
import signal
from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.functional import worker_fixtures
from tests.functional.chaos import make_film, parent_of
from tests.functional.worker_fixtures import now, processes_of, run_works
from transcoder import jobs, pipeline
from transcoder.claims import Worker, claim
from transcoder.errors import EncodeCancelled, EncodeFailed, SourceLost
from transcoder.pipeline import STEPS, work_once
from transcoder.pulse import Pulse
from transcoder.soundtrack import measure_sound
from transcoder.station import Station
from transcoder.tables import ChunkTask
from transcoder.workspace import Workspace

pytestmark = pytest.mark.functional
works, clips = worker_fixtures.works, worker_fixtures.clips


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A lesson whose chunks take a while."""
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4", 24)


def tools(works):
    return [pid for pid, line in processes_of(works.var) if "ffmpeg" in line.split(" ")[0]]


def running(works, asset_id, kind="video"):
    return [task for task in works.tasks(asset_id, kind) if task.state == "running"]


def station_of(works, *, stopping=lambda: False):
    """A worker's slot in this very process, to meet it at a chosen moment."""
    encoding = works.settings.transcoder
    return Station(
        worker=Worker("here", 1),
        sessions=works.sessions,
        store=works.store,
        workspace=Workspace(encoding.workspace, encoding.reserve_bytes),
        settings=encoding,
        now=now,
        send=lambda messages: len(messages),
        stopping=stopping,
    )


def test_a_lesson_goes_from_parts_to_a_publication(works, clips):
    asset_id = works.submit(clips(20))
    works.start_worker()

    status = works.wait_ready(asset_id)

    assert (status.playable, status.progress, status.error) == (True, 1.0, None)
    assert status.duration_s == pytest.approx(20, abs=0.3)
    assert {rendition.state for rendition in status.renditions} == {"ready"}
    assert works.damaged(asset_id) == []
    publication = works.read(jobs.current_publication, asset_id)
    assert not publication.growing
    assert works.store.head(f"media/{asset_id}/{publication.id}/avc.m3u8").size > 0


def test_the_policy_that_ships_leads_to_both_families(tmp_path, clips):
    with run_works(tmp_path / "var", SABAQ_LADDER="") as works, works.reconciling():
        asset_id = works.submit(clips(10))
        works.start_worker()

        status = works.wait_ready(asset_id)

        kinds = {rendition.codec.partition(".")[0] for rendition in status.renditions}
        assert kinds == {"avc1", "mp4a", "av01", "Opus"}
        names = {row.name for row in works.objects(asset_id) if row.kind == "playlist"}
        assert {"avc.m3u8", "av1.m3u8", "all.m3u8"} <= names
        assert works.damaged(asset_id) == []


def test_sound_that_missed_its_loudness_is_made_again_before_the_publication(works, clips, monkeypatch):
    """What the first making is said to be is not true here; both are really made."""
    told = []

    def too_loud_at_first(plan, out, **more):
        reports = measure_sound(plan, out, **more)
        told.append(plan)
        return reports if len(told) > 1 else tuple(replace(each, integrated_lufs=-12.0) for each in reports)

    monkeypatch.setattr(pipeline, "measure_sound", too_loud_at_first)
    asset_id, station = works.submit(clips(8)), station_of(works)
    while work_once(station):
        pass

    status = works.status(asset_id)
    first, second = ([rendition.name for rendition in plan.audio] for plan in told)
    assert second == [f"{name}-b" for name in first]
    # No rung of this ladder is played with the better sound.
    assert [row.name for row in status.renditions if row.type == "audio"] == second[:1]
    assert status.sound.lufs < -16
    kept = {row.rendition for row in works.objects(asset_id)}
    assert {*first, *second} <= kept  # Who began early plays on.
    assert works.damaged(asset_id) == []


def test_a_lesson_that_cannot_be_looked_at_gets_plain_rungs(works, clips, monkeypatch):
    """Its analysis ends badly each time, in a way that nobody foresaw; what is left is a plan without it."""

    def broken(*_, **__):
        raise EncodeFailed("no look today")

    monkeypatch.setattr(pipeline, "look", broken)
    asset_id, station = works.submit(clips(8)), station_of(works)

    def put_off() -> bool:
        with works.sessions.write.begin() as session:
            session.execute(update(ChunkTask).values(not_before=None))
        return work_once(station)

    while put_off():
        pass

    assert works.status(asset_id).state == "ready"
    assert [task.attempts for task in works.tasks(asset_id, "analyse")] == [works.settings.transcoder.max_attempts + 1]
    assert works.read(jobs.current_plan, asset_id).analysis.doubt == "failed"


def test_a_published_lesson_is_measured(works, clips):
    asset_id, station = works.submit(clips(20)), measuring(station_of(works))

    while work_once(station):
        pass

    status = works.status(asset_id)
    video = [rendition for rendition in status.renditions if rendition.type == "video"]
    assert status.state == "ready"
    assert all(60 < rendition.vmaf <= 100 and rendition.vmaf_low <= rendition.vmaf for rendition in video)
    assert [task.state for task in works.tasks(asset_id, "measure")] == ["done"]


def test_a_lesson_whose_source_is_gone_stays_ready_unmeasured(works, clips):
    asset_id, station = works.submit(clips(8)), measuring(station_of(works))
    while works.status(asset_id).state != "ready":
        work_once(station)
    works.store.delete([info.key for info in works.store.list(f"uploads/{asset_id}/")])
    station.workspace.forget(asset_id)

    while work_once(station):
        pass

    status = works.status(asset_id)
    assert (status.state, {rendition.vmaf for rendition in status.renditions}) == ("ready", {None})
    assert works.job(asset_id).quality == {"skipped": "source_lost"}


def measuring(station):
    return replace(station, settings=replace(station.settings, measured_segments=2))


def test_a_better_publication_takes_the_place_of_the_old_one(works, clips):
    asset_id, station = works.submit(clips(8)), station_of(works)
    while work_once(station):
        pass
    old = works.read(jobs.current_publication, asset_id)
    better = replace(station.settings, policy=replace(station.settings.policy, lines_kbps=(96, 500)))

    works.write(jobs.reencode, asset_id, now())
    while work_once(replace(station, settings=better)):
        assert works.status(asset_id).state == "ready"

    new = works.read(jobs.current_publication, asset_id)
    assert (new.id, new.poster_key) != (old.id, old.poster_key)
    assert works.damaged(asset_id) == []  # What is played to its end is there too.
    assert works.store.head(f"media/{asset_id}/{old.id}/avc.m3u8").size > 0


def test_a_plan_that_is_published_already_is_not_made_again(works, clips):
    asset_id, station = works.submit(clips(8)), station_of(works)
    while work_once(station):
        pass
    old = works.read(jobs.current_publication, asset_id)

    works.write(jobs.reencode, asset_id, now())
    while work_once(station):
        pass

    assert works.read(jobs.current_publication, asset_id) == old
    assert works.status(asset_id).renewal.state == "needless"


@pytest.mark.parametrize("group", [False, True], ids=["the worker", "its whole group"])
def test_a_worker_that_stops_hands_its_task_back(works, film, group):
    """`systemctl stop` signals every process, an init in a container only the first."""
    asset_id = works.submit(film)
    worker = works.start_worker()
    works.wait_for(lambda: running(works, asset_id) and tools(works), "a chunk is being encoded")

    (os.killpg if group else os.kill)(worker.pid, signal.SIGTERM)
    worker.wait(60)

    states = {(task.state, task.attempts) for task in works.tasks(asset_id) if task.state not in ("done", "blocked")}
    assert states == {("ready", 0)}
    assert processes_of(works.var) == []
    if not group:
        works.start_worker()
        works.wait_ready(asset_id)


def test_cancelling_stops_ffmpeg_and_frees_the_bytes(works, film):
    asset_id = works.submit(film)
    works.start_worker()
    works.wait_for(lambda: running(works, asset_id) and tools(works), "a chunk is being encoded")

    works.write(jobs.cancel, asset_id, now())

    works.wait_for(lambda: not tools(works), "ffmpeg has stopped")
    assert works.status(asset_id).error.code == "encode_cancelled"
    sweep_now(works, asset_id)
    assert list(works.store.list(f"media/{asset_id}/")) == []
    assert len(list(works.store.list(f"uploads/{asset_id}/"))) > 0


def sweep_now(works, asset_id):
    with works.sessions.write.begin() as session:
        session.execute(update(ChunkTask).where(ChunkTask.kind == "sweep").values(not_before=None))
    works.reconcile()
    works.wait_for(lambda: [task.state for task in works.tasks(asset_id, "sweep")] == ["done"], "it is swept")


def test_a_cancelled_lesson_can_be_started_again(works, clips):
    asset_id = works.submit(clips(8))
    works.write(jobs.cancel, asset_id, now())
    works.write(jobs.retry, asset_id, now())
    works.start_worker()

    works.wait_ready(asset_id)

    assert works.damaged(asset_id) == []


def test_a_removed_lesson_leaves_nothing_in_the_store(works, clips):
    asset_id = works.submit(clips(8))
    works.start_worker()
    works.wait_ready(asset_id)

    works.write(jobs.remove, asset_id, now())
    sweep_now(works, asset_id)

    assert list(works.store.list("")) == []


def test_a_text_file_fails_at_once_and_stops_nobody(works, clips):
    bad, good = works.submit(b"This is no film.\n" * 100), works.submit(clips(8))
    works.start_worker()

    works.wait_ready(good)

    status = works.status(bad)
    assert (status.state, status.error.code) == ("failed", "source_not_media")
    assert [(task.state, task.attempts) for task in works.tasks(bad, "probe")] == [("failed", 1)]


def test_poison_is_quarantined(tmp_path, film):
    """Whatever takes up the source dies, as of an encoder that needs all memory."""
    with run_works(tmp_path / "var", SABAQ_MAX_ATTEMPTS="2") as works, works.reconciling():
        asset_id = works.submit(film)
        worker = works.start_worker(slots=1)

        def killed() -> bool:
            for pid in processes_of(works.var) if running(works, asset_id) else ():
                if parent_of(pid[0]) == worker.pid:
                    os.kill(pid[0], signal.SIGKILL)
            return works.status(asset_id).state == "failed"

        works.wait_for(killed, "the lesson is given up")
        assert works.status(asset_id).error.code == "encoder_died"


def test_a_full_disk_holds_a_lesson_up_and_loses_nothing(tmp_path, clips):
    with run_works(tmp_path / "var", SABAQ_WORK_RESERVE_BYTES=str(10**16)) as works:
        asset_id = works.submit(clips(8))
        full = works.start_worker()
        works.wait_for(lambda: works.tasks(asset_id, "probe")[0].postponed > 0, "the probe was put off")
        assert (works.status(asset_id).state, works.status(asset_id).error) == ("waiting", None)
        full.terminate()
        full.wait(60)

        works.environ["SABAQ_WORK_RESERVE_BYTES"] = "1000000"
        works.start_worker()
        with works.reconciling():
            works.wait_ready(asset_id)


def test_two_workers_on_one_chunk_do_no_harm(works, clips):
    """The first was silent too long; both make the chunk, one commit counts, every object stays whole."""
    asset_id = works.submit(clips(8))
    station = station_of(works)
    work_once(station)
    first = works.write(claim, station.worker, now=now(), lease_s=0.0)
    works.reconcile()
    second = works.write(claim, station.worker, now=now(), lease_s=60.0)
    assert (first.task_id, first.fence + 1) == (second.task_id, second.fence)

    STEPS[second.kind](station, second, Pulse(station, second))
    with pytest.raises(EncodeCancelled):
        STEPS[first.kind](station, first, Pulse(station, first))

    while work_once(station):
        pass
    assert works.status(asset_id).state == "ready"
    assert works.damaged(asset_id) == []


def test_objects_that_vanish_before_the_publication_are_made_again(works, clips):
    asset_id = works.submit(clips(8))
    station = station_of(works)
    while works.tasks(asset_id, "publish") == [] or works.tasks(asset_id, "publish")[0].state == "blocked":
        work_once(station)
    gone, changed = [row for row in works.objects(asset_id) if row.kind == "segment"][:2]
    works.store.delete([gone.key])
    works.store.put(changed.key, b"rotten", content_type="video/iso.segment")

    while work_once(station):
        pass

    assert works.status(asset_id).state == "ready"
    assert works.damaged(asset_id) == []


def test_a_source_that_lost_a_part_fails_with_a_reason(works, clips):
    asset_id = works.submit(clips(20))
    works.store.delete([next(info.key for info in works.store.list(f"uploads/{asset_id}/"))])

    work_once(station_of(works))

    assert works.status(asset_id).error.code == SourceLost.code


def test_a_slot_that_stops_hands_back_what_it_claimed(works, clips):
    asset_id = works.submit(clips(8))

    work_once(station_of(works, stopping=lambda: True))

    assert [(task.state, task.attempts) for task in works.tasks(asset_id)] == [("ready", 0)]
