"""The directory as a store."""

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cdn.directory import ABANDONED_S, INCOMING, DirectoryStore
from cdn.errors import ObjectMissing, StoreFull, StoreUnavailable
from tests.cdn.store_contract import StoreContract


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "store")


class TestDirectoryStore(StoreContract):
    pass


def test_a_put_leaves_one_file_and_nothing_half_written(store):
    store.put("media/a/1.m4s", b"x", content_type="video/iso.segment")

    assert [path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()] == [
        "media/a/1.m4s"
    ]


def test_deleting_the_last_object_removes_its_folders(store):
    store.put("media/a/b/1.m4s", b"x", content_type="video/iso.segment")

    store.delete(["media/a/b/1.m4s"])

    assert sorted(path.name for path in store.root.iterdir()) == [INCOMING]


def test_putting_and_deleting_in_one_folder_at_once(store):
    def turn(number):
        for _ in range(20):
            store.put(f"media/a/{number}", b"x", content_type="video/iso.segment")
            store.delete([f"media/a/{number}"])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(turn, range(6)))

    assert list(store.list("")) == []


def test_an_object_deleted_while_listing_is_left_out(store):
    for number in range(3):
        store.put(f"media/{number}", b"x", content_type="video/iso.segment")
    found = store.list("")
    next(found)

    store.delete(["media/1"])

    assert [item.key for item in found] == ["media/2"]


def test_a_link_out_of_the_store_cannot_be_made_by_a_key(store, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    store.put("media/a", b"x", content_type="video/iso.segment")

    with pytest.raises(ObjectMissing):
        store.read("media/a/secret")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_says_so_and_leaves_nothing(store, monkeypatch, number):
    store.check()

    def full(_descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(StoreFull):
        store.put("media-1", b"x", content_type="video/iso.segment")
    assert list((store.root / INCOMING).iterdir()) == []
    assert list(store.list("")) == []


def test_a_store_below_a_file_is_unavailable(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    store = DirectoryStore(tmp_path / "file" / "store")

    with pytest.raises(StoreUnavailable):
        store.check()
    with pytest.raises(StoreUnavailable):
        store.put("media/a", b"x", content_type="video/iso.segment")


def test_check_sweeps_what_killed_writers_left(store):
    store.check()
    old, new = store.root / INCOMING / "old", store.root / INCOMING / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = time.time() - ABANDONED_S - 10
    os.utime(old, (long_ago, long_ago))

    store.check()

    assert not old.exists()
    assert new.exists()
