"""Who is to blame when half a file was written: the disk, if it is full."""

import errno

import pytest

from transcoder import full_disk
from transcoder.errors import EncodeFailed, OutputInvalid, SourceEmpty, WorkspaceFull
from transcoder.full_disk import full_disk_told

BROKEN = (OutputInvalid("half a box"), EncodeFailed("no segment"))
MORE_THAN_ANY_DISK_HAS = 10**18


@pytest.mark.parametrize("error", BROKEN)
def test_a_full_disk_is_to_blame_for_half_a_file(error, tmp_path, monkeypatch):
    monkeypatch.setattr(full_disk, "FULL_BYTES", MORE_THAN_ANY_DISK_HAS)

    with pytest.raises(WorkspaceFull), full_disk_told(tmp_path):
        raise error


@pytest.mark.parametrize("error", BROKEN)
def test_with_room_on_the_disk_the_error_stays_what_it_is(error, tmp_path, monkeypatch):
    monkeypatch.setattr(full_disk, "FULL_BYTES", 0)

    with pytest.raises(type(error)), full_disk_told(tmp_path):
        raise error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_what_the_system_says_of_a_full_disk_is_told(number, tmp_path):
    with pytest.raises(WorkspaceFull), full_disk_told(tmp_path):
        raise OSError(number, "no room")


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "no"), SourceEmpty("no bytes")])
def test_other_errors_pass(error, tmp_path, monkeypatch):
    monkeypatch.setattr(full_disk, "FULL_BYTES", MORE_THAN_ANY_DISK_HAS)

    with pytest.raises(type(error)), full_disk_told(tmp_path):
        raise error
