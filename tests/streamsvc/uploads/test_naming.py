"""What an upload's metadata say of the file."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamsvc.uploads.errors import UploadTypeRefused
from streamsvc.uploads.naming import LONGEST_NAME, LONGEST_TITLE, UNNAMED, Named, check_type, named

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        ({"filename": "Дроби. Урок 2.mp4"}, "Дроби. Урок 2"),
        ({"filename": "a.mp4", "title": "Бөлшектер"}, "Бөлшектер"),
        ({"filename": "a.mp4", "title": "\u202e\u0000 \t"}, "a"),
        ({"name": "b.mov"}, "b"),
        ({"filename": "C:\\Users\\Айгүл\\video.avi"}, "video"),
        ({"filename": "../../../etc/passwd"}, "passwd"),
        ({"filename": ".."}, UNNAMED),
        ({"filename": ".mp4"}, ".mp4"),
        ({"title": "two\r\nlines"}, "two lines"),
        ({}, UNNAMED),
    ],
)
def test_title(metadata: dict[str, str], title: str):
    assert named({key: value.encode() for key, value in metadata.items()}).title == title


@PATIENT
@given(st.dictionaries(st.sampled_from(["filename", "title", "filetype"]), st.binary(max_size=600)))
def test_any_bytes_give_a_name_and_a_title_of_one_line(metadata: dict[str, bytes]):
    found = named(metadata)

    assert 0 < len(found.title) <= LONGEST_TITLE
    assert len(found.filename) <= LONGEST_NAME
    assert "/" not in found.filename
    for letter in found.title + found.filename + found.filetype:
        assert unicodedata.category(letter) not in {"Cc", "Cf", "Cs"}


def test_bytes_that_are_no_text_are_replaced():
    assert named({"title": b"Lesson \xff"}).title == "Lesson \ufffd"


@pytest.mark.parametrize("filename", ["virus.exe", "plan.PDF", "plan.docx", "all.zip", "photo.JPG"])
def test_clearly_something_else_is_refused(filename: str):
    with pytest.raises(UploadTypeRefused):
        check_type(Named(filename, "", "title"))


@pytest.mark.parametrize("filetype", ["image/png", "application/pdf", "application/zip"])
def test_type_decides_where_the_name_is_silent(filetype: str):
    with pytest.raises(UploadTypeRefused):
        check_type(Named("", filetype, "title"))


@pytest.mark.parametrize(
    ("filename", "filetype"),
    [
        ("lesson.mp4", "video/mp4"),
        ("lesson.ts", "text/vnd.trolltech.linguist"),
        ("lesson.MKV", ""),
        ("lesson", ""),
        ("lesson.txt", "text/plain"),
        ("lesson.strange", "application/octet-stream"),
        ("", ""),
        ("playlist.m3u8", ""),
    ],
)
def test_what_could_be_a_lesson_is_left_to_the_probe(filename: str, filetype: str):
    check_type(Named(filename, filetype, "title"))
