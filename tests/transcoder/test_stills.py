import pytest

from tests.transcoder.sources import planned, source, video
from transcoder.media import Plan
from transcoder.plan import plan
from transcoder.stills import interval_s, picture_count, poster_begin_s, sheet_count, storyboard_text, tile_size


def of_length(duration_s: float) -> Plan:
    given = source(video(duration_s=duration_s))
    return plan(given.__class__(1, "mov", duration_s, given.video, None), threads=1, encoder="build")


@pytest.mark.parametrize(
    ("duration_s", "step_s", "count"), [(0.5, 2, 1), (60, 2, 30), (300, 4, 75), (2700, 30, 90), (43_200, 600, 72)]
)
def test_about_a_hundred_pictures_at_most(duration_s: float, step_s: int, count: int) -> None:
    assert (interval_s(duration_s), picture_count(duration_s)) == (step_s, count)


def test_a_sheet_holds_25_pictures() -> None:
    assert sheet_count(of_length(60)) == 2
    assert sheet_count(of_length(2)) == 1


def test_tiles_have_the_shape_of_the_lesson() -> None:
    assert tile_size(planned()) == (160, 90)
    assert tile_size(planned(video(width=1080, height=1920))) == (90, 160)
    assert tile_size(planned(video(width=64, height=48))) == (64, 48)


def test_the_poster_comes_from_behind_the_title() -> None:
    assert poster_begin_s(planned()) == 6.0


def test_the_storyboard_names_a_rectangle_for_every_moment() -> None:
    assert storyboard_text(of_length(13.5)) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.000\nstoryboard-0.jpg#xywh=0,0,160,90\n\n"
        "00:00:02.000 --> 00:00:04.000\nstoryboard-0.jpg#xywh=160,0,160,90\n\n"
        "00:00:04.000 --> 00:00:06.000\nstoryboard-0.jpg#xywh=320,0,160,90\n\n"
        "00:00:06.000 --> 00:00:08.000\nstoryboard-0.jpg#xywh=480,0,160,90\n\n"
        "00:00:08.000 --> 00:00:10.000\nstoryboard-0.jpg#xywh=640,0,160,90\n\n"
        "00:00:10.000 --> 00:00:12.000\nstoryboard-0.jpg#xywh=0,90,160,90\n\n"
        "00:00:12.000 --> 00:00:13.500\nstoryboard-0.jpg#xywh=160,90,160,90\n"
    )


def test_the_26th_picture_stands_on_the_second_sheet() -> None:
    assert "00:00:50.000 --> 00:00:52.000\nstoryboard-1.jpg#xywh=0,0,160,90" in storyboard_text(of_length(60))
