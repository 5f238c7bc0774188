"""Bytes on this node's disk, before and after a crash."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from cdn.layout import PART_BYTES
from streamsvc.uploads.errors import StorageFull
from streamsvc.uploads.spool import NodeSpool, Spooled, open_spool, write_some

UPLOAD = UUID(int=1)


@pytest.fixture
def spool(tmp_path: Path):
    opened = open_spool(tmp_path)
    yield opened
    opened.close()


def write(spooled: Spooled, body: bytes) -> None:
    view = memoryview(body)
    while view:
        view = view[spooled.write(view) :]


def whole(spooled: Spooled) -> bytes:
    return b"".join(spooled.read(file) for file in spooled.files)


def test_bytes_are_found_again(spool: NodeSpool):
    write(spool.open(UPLOAD, 1, stored_bytes=0), b"abc")

    again = spool.open(UPLOAD, 1, stored_bytes=0)

    assert (again.end, whole(again)) == (3, b"abc")
    write(again, b"def")
    assert (again.end, whole(again)) == (6, b"abcdef")
    again.remove()


def test_parts_end_at_their_size(spool: NodeSpool):
    spooled = spool.open(UPLOAD, 1, stored_bytes=0)
    write(spooled, b"x" * (PART_BYTES + 5))

    assert [(file.offset, file.bytes) for file in spooled.files] == [(0, PART_BYTES), (PART_BYTES, 5)]
    assert [file.offset for file in spooled.ended()] == [0]
    spooled.end_part()
    assert [file.offset for file in spooled.ended()] == [0, PART_BYTES]
    spooled.remove()


def test_part_that_is_full_is_never_appended_to(spool: NodeSpool):
    write(spool.open(UPLOAD, 1, stored_bytes=0), b"x" * PART_BYTES)

    again = spool.open(UPLOAD, 1, stored_bytes=0)
    write(again, b"y")

    assert [(file.offset, file.bytes) for file in again.files] == [(0, PART_BYTES), (PART_BYTES, 1)]
    again.remove()


def test_what_the_store_has_is_removed(spool: NodeSpool):
    """
    Killed between the commit of a part and the removal of its file.
    """
    spooled = spool.open(UPLOAD, 1, stored_bytes=0)
    write(spooled, b"abc")
    spooled.end_part()
    write(spooled, b"de")

    again = spool.open(UPLOAD, 1, stored_bytes=3)

    assert (again.end, whole(again)) == (5, b"de")
    assert sorted(path.name for path in again.folder.iterdir()) == [f"{3:015d}"]
    spooled.remove()


def test_gap_ends_what_counts(spool: NodeSpool):
    spooled = spool.open(UPLOAD, 1, stored_bytes=0)
    for body in (b"abc", b"def", b"ghi"):
        write(spooled, body)
        spooled.end_part()
    (spooled.folder / f"{3:015d}").unlink()

    again = spool.open(UPLOAD, 1, stored_bytes=0)

    assert (again.end, whole(again)) == (3, b"abc")
    again.remove()


def test_staged_bytes_are_worth_nothing_after_a_crash(spool: NodeSpool):
    staged = spool.stage(UPLOAD, 1)
    staged.write(b"not proven")

    again = spool.open(UPLOAD, 1, stored_bytes=0)

    assert again.end == 0
    assert not staged.path.exists()
    staged.remove()


def test_staged_bytes_come_back_in_blocks(spool: NodeSpool):
    staged = spool.stage(UPLOAD, 1)
    staged.write(b"x" * 300_000)

    assert [len(staged.next_block()) for _ in range(3)] == [262_144, 37_856, 0]
    staged.remove()
    assert not staged.path.exists()


def test_another_epoch_is_another_upload(spool: NodeSpool):
    first = spool.open(UPLOAD, 1, stored_bytes=0)
    write(first, b"abc")

    assert spool.open(UPLOAD, 2, stored_bytes=0).end == 0
    assert set(spool.present()) == {(UPLOAD, 1)}
    first.remove()
    assert spool.present() == {}


@pytest.mark.parametrize(
    "name",
    [
        ".nfs0001",
        "lost+found",
        "lost.found",
        f"{UPLOAD}",
        f"{UPLOAD}.",
        f"{UPLOAD}.x",
        f"{UPLOAD}.01",
        f"{UPLOAD.hex}.1",
    ],
)
def test_names_that_are_not_ours_are_passed_over(spool: NodeSpool, name: str):
    write(spool.open(UPLOAD, 2, stored_bytes=0), b"abc")
    (spool.root / name).mkdir(exist_ok=True)

    assert set(spool.present()) == {(UPLOAD, 2)}


def test_full_disk_is_told():
    fd = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(StorageFull) as refused:
        write_some(fd, memoryview(b"abc"))
    os.close(fd)

    assert refused.value.params == {"retry_after_s": 60}


def test_other_troubles_of_the_disk_are_no_full_disk():
    fd = os.open("/dev/null", os.O_RDONLY)
    with pytest.raises(OSError, match="Bad file descriptor"):
        write_some(fd, memoryview(b"abc"))
    os.close(fd)


def test_living_nodes_have_spools_of_their_own_and_a_dead_ones_is_taken_over(tmp_path: Path):
    one, two = open_spool(tmp_path), open_spool(tmp_path)
    names = {one.node, two.node}
    two.close()
    three = open_spool(tmp_path)

    assert len(names) == 2
    assert three.node == two.node
    one.close()
    three.close()


def test_spool_is_private(tmp_path: Path):
    opened = open_spool(tmp_path / "spool")
    spooled = opened.open(UPLOAD, 1, stored_bytes=0)
    write(spooled, b"abc")

    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "spool", opened.root, *opened.root.rglob("*"))}

    assert modes == {0}
    spooled.remove()
    opened.close()


def test_orphans_are_dead_nodes_only_and_their_folders_can_be_taken(tmp_path: Path):
    alive, dead, mine = open_spool(tmp_path), open_spool(tmp_path), open_spool(tmp_path)
    write(dead.open(UPLOAD, 1, stored_bytes=0), b"abc")
    dead.close()

    (orphan,) = mine.orphans()
    assert orphan.node == dead.node
    assert mine.orphans() == []
    mine.take(orphan.present()[UPLOAD, 1], replace=False)
    orphan.remove()
    orphan.close()

    assert whole(mine.open(UPLOAD, 1, stored_bytes=0)) == b"abc"
    assert mine.orphans() == []
    alive.close()
    mine.close()


@pytest.mark.parametrize(("replace", "kept"), [(False, b"mine"), (True, b"theirs")])
def test_our_own_folder_counts_unless_it_is_replaced(tmp_path: Path, replace: bool, kept: bytes):
    dead, mine = open_spool(tmp_path), open_spool(tmp_path)
    write(dead.open(UPLOAD, 1, stored_bytes=0), b"theirs")
    write(mine.open(UPLOAD, 1, stored_bytes=0), b"mine")

    mine.take(dead.present()[UPLOAD, 1], replace=replace)

    assert whole(mine.open(UPLOAD, 1, stored_bytes=0)) == kept
    dead.close()
    mine.close()


def test_folder_that_is_removed_under_our_hands_is_not_ours(tmp_path: Path):
    one = open_spool(tmp_path)
    one.remove()

    two = open_spool(tmp_path)

    assert two.root.is_dir()
    assert two.node != one.node
    one.close()
    two.close()
