"""What every store promises. A test module inherits `StoreContract` and gives a `store` fixture."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cdn.errors import BadKey, ObjectExists, ObjectMissing, RangeUnsatisfiable
from cdn.storage import PIECE_BYTES

BODY = b"".join(f"line {number}\n".encode() for number in range(1000))
TYPE = "video/iso.segment"

BAD_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "media/../../etc/passwd",
    "media/..",
    "media//x",
    "media/",
    "./x",
    ".incoming/x",
    "media/.hidden",
    "media/%2e%2e/x",
    "media/%2fx",
    "media\\x",
    "media/x\0.m4s",
    "media/x\n",
    "media/ x",
    "media/\u2025/x",
    "media/\uff0e\uff0e/x",
    "медиа/x",
    "x" * 600,
]


def refuses(ask, key):
    try:
        ask(key)
    except BadKey:
        return True
    return False


class StoreContract:
    def test_what_was_put_is_read(self, store):
        put = store.put("media/a/1.m4s", BODY, content_type=TYPE)

        assert (put.key, put.size, put.content_type) == ("media/a/1.m4s", len(BODY), TYPE)
        assert store.read("media/a/1.m4s") == BODY

    def test_head_says_what_put_said(self, store):
        put = store.put("media/a/1.m4s", BODY, content_type=TYPE)

        head = store.head("media/a/1.m4s")

        assert (head.key, head.size, head.etag, head.content_type) == (put.key, put.size, put.etag, TYPE)
        assert head.etag.startswith('"')
        assert head.etag.endswith('"')
        assert abs(datetime.now(UTC) - head.modified_at) < timedelta(minutes=5)

    def test_an_empty_object(self, store):
        store.put("media/empty.vtt", b"", content_type="text/vtt; charset=utf-8")

        assert store.head("media/empty.vtt").size == 0
        assert store.read("media/empty.vtt") == b""
        assert store.read("media/empty.vtt", 0, 10) == b""
        with pytest.raises(RangeUnsatisfiable):
            store.read("media/empty.vtt", 1, 10)

    def test_a_large_object_is_streamed_in_small_pieces(self, store):
        body = os.urandom(9 * 1024 * 1024 + 17)
        store.put("uploads/u/000000000000000", body, content_type="application/octet-stream")

        pieces = list(store.stream("uploads/u/000000000000000"))

        assert max(map(len, pieces)) <= PIECE_BYTES
        assert hashlib.sha256(b"".join(pieces)).digest() == hashlib.sha256(body).digest()

    def test_put_file(self, store, tmp_path):
        source = tmp_path / "source.bin"
        body = os.urandom(1_500_000)
        source.write_bytes(body)

        put = store.put_file("media/a/big.m4s", source, content_type=TYPE)

        assert put.size == len(body)
        assert store.read("media/a/big.m4s") == body
        assert source.read_bytes() == body

    def test_put_replaces(self, store):
        first = store.put("media/a/x.vtt", b"one", content_type="text/vtt; charset=utf-8")
        second = store.put("media/a/x.vtt", b"two", content_type="text/vtt; charset=utf-8")

        assert store.read("media/a/x.vtt") == b"two"
        assert first.etag != second.etag

    def test_if_absent_changes_nothing_when_the_key_is_taken(self, store, tmp_path):
        (tmp_path / "other").write_bytes(b"three")
        store.put("media/a/x.m4s", b"one", content_type=TYPE, if_absent=True)

        with pytest.raises(ObjectExists):
            store.put("media/a/x.m4s", b"two", content_type=TYPE, if_absent=True)
        with pytest.raises(ObjectExists):
            store.put_file("media/a/x.m4s", tmp_path / "other", content_type=TYPE, if_absent=True)

        assert store.read("media/a/x.m4s") == b"one"

    def test_of_many_at_once_if_absent_lets_one_win(self, store):
        bodies = [f"attempt {number}".encode() * 1000 for number in range(8)]

        def attempt(body):
            try:
                store.put("media/a/race.m4s", body, content_type=TYPE, if_absent=True)
            except ObjectExists:
                return None
            return body

        with ThreadPoolExecutor(len(bodies)) as pool:
            won = [body for body in pool.map(attempt, bodies) if body is not None]

        assert [store.read("media/a/race.m4s")] == won

    @pytest.mark.parametrize(
        ("start", "end"), [(0, 1), (0, None), (5, 9), (len(BODY) - 1, None), (100, 10**9), (0, len(BODY))]
    )
    def test_ranges(self, store, start, end):
        store.put("media/a/1.m4s", BODY, content_type=TYPE)

        assert store.read("media/a/1.m4s", start, end) == BODY[start:end]

    @pytest.mark.parametrize("start", [len(BODY), len(BODY) + 1])
    def test_a_range_behind_the_end(self, store, start):
        store.put("media/a/1.m4s", BODY, content_type=TYPE)

        with pytest.raises(RangeUnsatisfiable):
            store.read("media/a/1.m4s", start)

    @pytest.mark.parametrize(("start", "end"), [(-1, None), (5, 5), (6, 5), (0, 0)])
    def test_a_backward_range_is_a_mistake(self, store, start, end):
        store.put("media/a/1.m4s", BODY, content_type=TYPE)

        with pytest.raises(ValueError, match="is no range"):
            store.read("media/a/1.m4s", start, end)

    def test_what_is_missing(self, store):
        store.put("media/a/b/1.m4s", BODY, content_type=TYPE)

        for key in ("media/a/b/2.m4s", "media/a/b", "media", "media/a/b/1.m4s/x"):
            with pytest.raises(ObjectMissing):
                store.head(key)
            with pytest.raises(ObjectMissing):
                store.read(key)
            with pytest.raises(ObjectMissing):
                store.stream(key, 2, 3)

    def test_delete(self, store):
        store.put("media/a/1.m4s", BODY, content_type=TYPE)
        store.put("media/a/2.m4s", BODY, content_type=TYPE)

        store.delete(["media/a/1.m4s", "media/a/never.m4s", "media/a", "never/was.m4s"])

        assert [found.key for found in store.list("")] == ["media/a/2.m4s"]

    def test_delete_nothing(self, store):
        store.delete([])

        assert list(store.list("")) == []

    def test_a_deleted_key_can_be_taken_again(self, store):
        store.put("media/a/1.m4s", b"one", content_type=TYPE, if_absent=True)
        store.delete(["media/a/1.m4s"])

        store.put("media/a/1.m4s", b"two", content_type=TYPE, if_absent=True)

        assert store.read("media/a/1.m4s") == b"two"

    def test_list_everything(self, store):
        keys = [
            "media/a-b/x",
            "media/a.b/x",
            "media/a/1.m4s",
            "media/a/10.m4s",
            "media/a/2.m4s",
            "media/ab",
            "uploads/0",
        ]
        for key in reversed(keys):
            store.put(key, key.encode(), content_type=TYPE)

        found = list(store.list(""))

        assert sorted(item.key for item in found) == keys
        assert [item.key for item in found if item.key.startswith("media/a/")] == keys[2:5]
        assert {item.key: item.size for item in found} == {key: len(key) for key in keys}
        assert {item.key: item.etag for item in found} == {key: store.head(key).etag for key in keys}

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("media/a/", ["media/a/1.m4s", "media/a/b/2.m4s"]),
            ("media/a", ["media/a/1.m4s", "media/a/b/2.m4s", "media/ab/3.m4s"]),
            ("media/a/b/2", ["media/a/b/2.m4s"]),
            ("med", ["media/a/1.m4s", "media/a/b/2.m4s", "media/ab/3.m4s"]),
            ("uploads/", []),
            ("media/a/1.m4s/", []),
        ],
    )
    def test_list_a_prefix(self, store, prefix, expected):
        for key in ("media/a/1.m4s", "media/a/b/2.m4s", "media/ab/3.m4s"):
            store.put(key, b"x", content_type=TYPE)

        assert [item.key for item in store.list(prefix)] == expected

    def test_what_is_no_key_is_refused_before_anything_is_asked(self, store, tmp_path):
        asking = {
            "put": lambda key: store.put(key, b"x", content_type=TYPE),
            "put_file": lambda key: store.put_file(key, tmp_path, content_type=TYPE),
            "head": store.head,
            "read": store.read,
            "stream": store.stream,
            "delete": lambda key: store.delete([key]),
        }
        refused = [(name, key) for name, ask in asking.items() for key in BAD_KEYS if refuses(ask, key)]

        assert refused == [(name, key) for name in asking for key in BAD_KEYS]

    def test_what_is_no_prefix_is_refused(self, store):
        prefixes = ["../", "/", "media/../", "media//", "%2e%2e/", ".incoming/", "\0"]

        assert [prefix for prefix in prefixes if refuses(lambda bad: list(store.list(bad)), prefix)] == prefixes

    def test_check(self, store):
        store.check()

    def test_a_stream_that_is_given_up_lets_go(self, store):
        store.put("media/a/1.m4s", os.urandom(3 * PIECE_BYTES), content_type=TYPE)
        for _ in range(70):  # more than any pool of connections holds
            pieces = store.stream("media/a/1.m4s")
            next(pieces)
            pieces.close()
        store.stream("media/a/1.m4s").close()

        assert store.head("media/a/1.m4s").size == 3 * PIECE_BYTES
