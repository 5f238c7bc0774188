"""A worker's disk: copies shared, locked, evicted, and swept after a crash."""

import multiprocessing
import os
import signal
from uuid import uuid4

import pytest

from transcoder import workspace
from transcoder.errors import EncodeCancelled, WorkspaceFull
from transcoder.workspace import Workspace


def never():
    return False


def write(body):
    return lambda file: file.write(body)


def refuse(_file):
    raise AssertionError("this host has a copy already")


@pytest.fixture
def space(tmp_path):
    return Workspace(tmp_path / "work", 1)


def test_a_source_is_fetched_once_for_all_tasks(space):
    asset_id = uuid4()
    with space.source(asset_id, size=5, fill=write(b"bytes"), cancelled=never) as path:
        assert path.read_bytes() == b"bytes"

    with space.source(asset_id, size=5, fill=refuse, cancelled=never) as path:
        assert path.read_bytes() == b"bytes"


def test_two_tasks_read_at_once(space):
    asset_id = uuid4()
    with (
        space.source(asset_id, size=5, fill=write(b"bytes"), cancelled=never) as one,
        space.source(asset_id, size=5, fill=refuse, cancelled=never) as two,
    ):
        assert one == two


def test_a_half_copy_is_never_seen(space):
    asset_id = uuid4()

    def cut(file):
        file.write(b"by")
        raise EncodeCancelled("the line was cut")

    with pytest.raises(EncodeCancelled), space.source(asset_id, size=5, fill=cut, cancelled=never):
        pass
    with space.source(asset_id, size=5, fill=write(b"bytes"), cancelled=never) as path:
        assert path.read_bytes() == b"bytes"


def test_a_cancelled_task_does_not_wait(space):
    with pytest.raises(EncodeCancelled), space.source(uuid4(), size=5, fill=refuse, cancelled=lambda: True):
        pass


def test_a_task_folder_is_empty_and_gone_at_the_end(space):
    with space.task(uuid4(), 1) as out:
        assert list(out.iterdir()) == []
        (out / "0.m4s").write_bytes(b"x")

    assert not out.exists()
    assert list((space.root / "tasks").iterdir()) == []


def test_a_running_task_keeps_its_folder_when_others_begin(space):
    with space.task(uuid4(), 1) as out:
        (out / "0.m4s").write_bytes(b"x")
        with space.task(uuid4(), 1):
            assert (out / "0.m4s").exists()


def _hold(space, task_id, asset_id, ready):
    with space.task(task_id, 1), space.source(asset_id, size=1, fill=write(b"x"), cancelled=never):
        ready.set()
        signal.pause()


def test_what_a_killed_worker_leaves_is_swept(space):
    task_id, asset_id = uuid4(), uuid4()
    ready = multiprocessing.get_context("fork").Event()
    worker = multiprocessing.get_context("fork").Process(target=_hold, args=(space, task_id, asset_id, ready))
    worker.start()
    assert ready.wait(30)
    folder = space.root / "tasks" / f"{task_id}-1"

    space.sweep()
    assert folder.exists()
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    space.sweep()

    assert not folder.exists()
    with space.source(asset_id, size=1, fill=refuse, cancelled=never) as path:
        assert path.read_bytes() == b"x"


def test_half_a_copy_of_a_killed_worker_is_swept(space):
    half = space.root / "sources" / str(uuid4()) / workspace.HALF
    half.parent.mkdir(parents=True)
    half.with_name(workspace.LOCK).touch()
    half.write_bytes(b"half")

    space.sweep()

    assert not half.exists()


def test_a_full_disk_is_said_before_anything_is_written(space):
    with pytest.raises(WorkspaceFull) as caught, space.source(uuid4(), size=1 << 60, fill=refuse, cancelled=never):
        pass
    assert caught.value.params["needed_bytes"] == 1 << 60


def test_the_longest_unused_copies_make_room_and_those_in_use_stay(space):
    old, used, recent = uuid4(), uuid4(), uuid4()
    for age, asset_id in enumerate((recent, used, old)):
        with space.source(asset_id, size=1, fill=write(b"x"), cancelled=never):
            pass
        lock = space.root / "sources" / str(asset_id) / workspace.LOCK
        os.utime(lock, (1_000_000 - age, 1_000_000 - age))
    kept = {name: space.root / "sources" / str(name) / workspace.SOURCE for name in (old, used, recent)}

    with space.source(used, size=1, fill=refuse, cancelled=never), pytest.raises(WorkspaceFull):
        space.make_room(1 << 60)

    assert [kept[name].exists() for name in (old, recent, used)] == [False, False, True]


def test_the_copy_of_a_removed_asset_is_forgotten(space):
    asset_id = uuid4()
    with space.source(asset_id, size=1, fill=write(b"x"), cancelled=never) as path:
        space.forget(asset_id)
        assert path.exists()

    space.forget(asset_id)

    assert not path.exists()
