"""Objects are put once, never overwritten, and proved to be there."""

import hashlib
from uuid import uuid4

import pytest

from cdn.directory import DirectoryStore
from transcoder.errors import EncodeCancelled
from transcoder.keeping import damaged, keep, keep_together
from transcoder.media import Made
from transcoder.tables import MediaObject

ASSET = uuid4()


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "store")


def make(out, name, body, rendition="v360"):
    path = out / rendition / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return Made("segment", rendition, name, len(body), hashlib.sha256(body).hexdigest())


def row(stored):
    return MediaObject(key=stored.key, sha256=stored.made.sha256)


def test_the_first_attempt_has_the_plain_key(store, tmp_path):
    [stored] = keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"one")])

    assert stored.key == f"media/{ASSET}/digest/v360/0.m4s"
    assert store.read(stored.key) == b"one"


def test_the_same_bytes_again_are_fine(store, tmp_path):
    first = keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"one")])

    assert keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"one")]) == first


def test_other_bytes_never_overwrite(store, tmp_path):
    [first] = keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"one")])
    [second] = keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"two")])
    [third] = keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"three")])

    assert [second.key, third.key] == [f"media/{ASSET}/digest/v360/a{n}/0.m4s" for n in (2, 3)]
    assert [store.read(item.key) for item in (first, second, third)] == [b"one", b"two", b"three"]


def test_files_that_name_each_other_stay_together(store, tmp_path):
    keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "b.jpg", b"old", "stills")])
    made = [make(tmp_path, "a.vtt", b"index", "stills"), make(tmp_path, "b.jpg", b"new", "stills")]

    stored = keep_together(store, ASSET, "digest", tmp_path, made)

    assert [item.key for item in stored] == [f"media/{ASSET}/digest/stills/a2/{name}" for name in ("a.vtt", "b.jpg")]


def test_whole_objects_are_not_damaged(store, tmp_path):
    stored = keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"one")])

    assert damaged(store, [row(item) for item in stored], cancelled=lambda: False) == []


def test_missing_and_changed_objects_are_found(store, tmp_path):
    made = [make(tmp_path, f"{number}.m4s", bytes([number])) for number in range(3)]
    rows = [row(item) for item in keep(store, ASSET, "digest", tmp_path, made)]
    store.delete([rows[0].key])
    store.put(rows[2].key, b"rotten", content_type="video/iso.segment")

    assert damaged(store, rows, cancelled=lambda: False) == [rows[0], rows[2]]


def test_reading_back_ends_when_the_task_is_cancelled(store, tmp_path):
    rows = [row(item) for item in keep(store, ASSET, "digest", tmp_path, [make(tmp_path, "0.m4s", b"one")])]

    with pytest.raises(EncodeCancelled):
        damaged(store, rows, cancelled=lambda: True)
