"""Queued behind a lesson of an hour, a lesson of a minute still starts at once: decided by the order of claims."""

import subprocess

import pytest

from tests.functional import worker_fixtures
from tests.functional.worker_fixtures import make_clip, now
from transcoder.tools import find_tools
from transcoder.worklist import LANE_FAIR, RANK_AUDIO, RANK_PROBE, RANK_STARTER

pytestmark = pytest.mark.functional
SLOTS = 2
works, clips = worker_fixtures.works, worker_fixtures.clips


@pytest.fixture(scope="module")
def hour(tmp_path_factory):
    """The pictures of a minute sixty times over, and one long tone in a codec that costs nothing to write."""
    path = tmp_path_factory.mktemp("hour") / "hour.mkv"
    make_clip(path.with_name("minute.mp4"), 60)
    pictures = ["-stream_loop", "59", "-i", path.with_name("minute.mp4"), "-map", "0:v", "-c:v", "copy"]
    tone = ["-f", "lavfi", "-i", "sine=f=440:r=8000:d=3600"]
    command = [find_tools().ffmpeg, "-v", "error", *pictures[:4], *tone, *pictures[4:], "-map", "1:a", "-c:a", "flac"]
    subprocess.run([*map(str, command), str(path)], check=True)
    return path.read_bytes()


def test_a_minute_behind_an_hour_starts_at_once(works, clips, hour):
    long = works.submit(hour)
    works.start_worker(SLOTS)
    works.wait_for(lambda: any(task.state == "done" for task in works.tasks(long, "video")), "the hour has begun")

    short = works.submit(clips(60))
    submitted_at = now()
    works.wait_for(lambda: works.status(short).playable, "the minute is playable")

    first = {(task.kind, task.chunk, task.rank): task for task in works.tasks(short)}
    probe, starter = first["probe", 0, RANK_PROBE], first["video", 0, RANK_STARTER]
    audio = first["audio", 0, RANK_AUDIO]
    others = [task.started_at for task in works.tasks(long) if task.lane == LANE_FAIR and task.started_at]
    for task, claimable_at in ((probe, submitted_at), (starter, probe.finished_at), (audio, probe.finished_at)):
        # A slot may have been in the middle of its claim when the row came; nothing else goes before it.
        overtaken = [at for at in others if claimable_at < at < task.started_at]
        assert len(overtaken) <= SLOTS
    waiting = [task for task in works.tasks(long, "video") if task.state == "ready"]
    assert len(waiting) > 10
