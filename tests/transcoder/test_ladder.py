from fractions import Fraction

import pytest

from transcoder.ladder import LADDER, SOUND, SOUND_ALONE, level_for, scaled_size, video_renditions

FPS = Fraction(30)


def sizes(width: int, height: int) -> list[tuple[str, int, int]]:
    return [(rung.name, rung.width, rung.height) for rung in video_renditions(width, height, FPS)]


def test_a_full_hd_lesson_gets_the_whole_ladder() -> None:
    assert sizes(1920, 1080) == [
        ("v480", 854, 480),
        ("v720", 1280, 720),
        ("v1080l", 1920, 1080),
        ("v1080", 1920, 1080),
    ]


def test_a_portrait_lesson_gets_the_same_ladder_on_its_side() -> None:
    assert sizes(1080, 1920) == [
        ("v480", 480, 854),
        ("v720", 720, 1280),
        ("v1080l", 1080, 1920),
        ("v1080", 1080, 1920),
    ]


def test_nothing_is_ever_enlarged() -> None:
    for height in (90, 144, 240, 333, 480, 481, 600, 719, 720, 1000, 1080, 2160):
        width = height * 16 // 9
        assert all(rung.width <= width and rung.height <= height for rung in video_renditions(width, height, FPS))


@pytest.mark.parametrize(("width", "height"), [(320, 240), (128, 72), (64, 48), (853, 480)])
def test_a_small_lesson_gets_two_rates_at_its_own_size(width: int, height: int) -> None:
    low, high = video_renditions(width, height, FPS)

    assert (low.width, low.height) == (high.width, high.height) == (width // 2 * 2, height // 2 * 2)
    assert low.crf > high.crf
    assert low.name == f"{high.name}l"


def test_a_lesson_between_two_rungs_keeps_its_own_size_on_top() -> None:
    assert sizes(1066, 600) == [("v480", 852, 480), ("v600", 1066, 600)]


def test_a_larger_picture_is_brought_to_1080_lines() -> None:
    assert sizes(3840, 2160)[-1] == ("v1080", 1920, 1080)


def test_a_slightly_wider_screen_is_not_scaled() -> None:
    assert sizes(2060, 1080)[-1] == ("v1080", 2060, 1080)


def test_a_very_long_picture_stays_within_what_decoders_take() -> None:
    width, height = scaled_size(16_000, 1_000, 1080)

    assert width <= 4096
    assert (width % 2, height % 2) == (0, 0)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (2060, 1080), (1080, 1920), (853, 480), (1366, 768)])
def test_every_rung_has_the_shape_of_the_source(width: int, height: int) -> None:
    """
    Authoring rule 1.33, to within the rounding to even sides.
    """
    for rung in video_renditions(width, height, FPS):
        assert abs(rung.width - rung.height * width / height) <= 2 * max(1, width / height)


def test_names_are_unique_and_plain() -> None:
    for width, height in ((1920, 1080), (854, 480), (128, 72), (1066, 600)):
        names = [rung.name for rung in video_renditions(width, height, FPS)]
        assert len(set(names)) == len(names)
        assert all(name.isalnum() and name.islower() for name in names)


def test_the_lowest_rung_and_its_sound_fit_a_poor_line_by_arithmetic() -> None:
    """
    Authoring rule 9.21: a peak of at most 192 kbit/s, over segments of 4 s and of 2 s, with 10 kbit/s for boxes.
    """
    lowest = LADDER[0]

    for segment_s in (4, 2):
        assert lowest.max_kbps + lowest.buffer_kbit / segment_s + SOUND.kbps * 1.1 + 10 < 192


def test_sound_alone_has_two_rates_within_the_standard_s_range() -> None:
    assert [32 <= rendition.kbps <= 160 for rendition in SOUND_ALONE] == [True, True]


@pytest.mark.parametrize(
    ("width", "height", "fps", "level"),
    [
        (128, 72, 10, "1"),
        (320, 240, 30, "1.3"),
        (854, 480, 30, "3.1"),
        (854, 480, 24, "3"),
        (1280, 720, 30, "3.1"),
        (1920, 1080, 30, "4"),
        (1920, 1080, 25, "4"),
        (2060, 1080, 30, "5"),
    ],
)
def test_the_level_is_the_lowest_that_fits(width: int, height: int, fps: int, level: str) -> None:
    assert level_for(width, height, fps=Fraction(fps)).name == level


def test_a_tiny_picture_s_rate_fits_its_level() -> None:
    assert all(rung.max_kbps <= 80 for rung in video_renditions(128, 72, Fraction(10)))
