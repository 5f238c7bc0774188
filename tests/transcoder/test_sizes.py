from fractions import Fraction

import pytest

from transcoder.sizes import level_for, level_name, scaled_size


@pytest.mark.parametrize(
    ("width", "height", "shorter", "size"),
    [
        (1920, 1080, 720, (1280, 720)),
        (1080, 1920, 720, (720, 1280)),
        (3840, 2160, 1080, (1920, 1080)),
        (2060, 1080, 1080, (2060, 1080)),
        (853, 480, 480, (852, 480)),
        (320, 240, 480, (320, 240)),
        (8, 6, 480, (16, 16)),
    ],
)
def test_a_picture_keeps_its_shape_and_is_never_enlarged_beyond_what_codecs_need(
    width: int, height: int, shorter: int, size: tuple[int, int]
) -> None:
    assert scaled_size(width, height, shorter) == size


def test_a_very_long_picture_stays_within_what_decoders_take() -> None:
    width, height = scaled_size(16_000, 1_000, 1080)

    assert width <= 4096
    assert (width % 2, height % 2) == (0, 0)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (2060, 1080), (1080, 1920), (853, 480), (1366, 768)])
@pytest.mark.parametrize("shorter", [240, 360, 480, 720, 1080])
def test_every_size_has_the_shape_of_the_source(width: int, height: int, shorter: int) -> None:
    """
    Authoring rule 1.33, to within the rounding to even sides.
    """
    wide, high = scaled_size(width, height, shorter)

    assert abs(wide - high * width / height) <= 2 * max(1, width / height)


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
        (1920, 1080, 1, "4"),
        (2060, 1080, 30, "5"),
    ],
)
def test_the_level_of_h264_is_the_lowest_that_fits(width: int, height: int, fps: int, level: str) -> None:
    assert level_for(width, height, fps=Fraction(fps)).name == level


@pytest.mark.parametrize(
    ("width", "height", "fps", "level"),
    [
        (128, 72, 10, "2.0"),
        (640, 360, 30, "2.1"),
        (854, 480, 30, "3.0"),
        (1280, 720, 30, "3.1"),
        (1920, 1080, 30, "4.0"),
        (1920, 1080, 60, "4.1"),
        (4096, 4096, 120, "5.1"),
    ],
)
def test_the_level_of_av1_is_the_lowest_that_fits(width: int, height: int, fps: int, level: str) -> None:
    assert level_name("av1", width, height, fps=Fraction(fps)) == level
