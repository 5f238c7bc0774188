from math import inf

import pytest

from tests.transcoder.sources import audio
from transcoder.listening import lone_channel, parse_levels, windows

SAID = """[Parsed_astats_0 @ 0x1] Channel: 1
[Parsed_astats_0 @ 0x1] RMS level dB: -20.5
[Parsed_astats_0 @ 0x1] Channel: 2
[Parsed_astats_0 @ 0x1] RMS level dB: -inf
"""


def test_two_levels_are_read() -> None:
    assert parse_levels(SAID) == (-20.5, -inf)
    assert parse_levels("nothing was decoded") is None


@pytest.mark.parametrize(
    ("levels", "channel"),
    [
        ([(-20.0, -inf)], 0),
        ([(-inf, -20.0)], 1),
        ([(-20.0, -55.0), (-18.0, -60.0)], 0),
        ([(-20.0, -21.0)], None),
        ([(-20.0, -45.0)], None),
        ([(-20.0, -inf), (-inf, -20.0)], None),
        ([(-20.0, -inf), (-20.0, -22.0)], None),
        ([(-90.0, -inf), (-20.0, -inf)], 0),
        ([(-90.0, -inf)], None),
        ([None, (-20.0, -inf)], 0),
        ([], None),
    ],
)
def test_a_channel_is_alone_if_it_is_so_in_every_window_with_sound(levels: list, channel: int | None) -> None:
    assert lone_channel(levels) == channel


def test_a_short_track_is_heard_as_a_whole_and_a_long_one_in_places() -> None:
    assert windows(audio(start_s=1.0, duration_s=10.0)) == [1.0]
    assert windows(audio(start_s=0.0, duration_s=1800.0)) == [100.0, 400.0, 700.0, 1000.0, 1300.0, 1600.0]
