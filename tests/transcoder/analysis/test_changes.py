from dataclasses import replace

from transcoder.analysis.changes import with_changes
from transcoder.analysis.values import Trial

MOVING = Trial("av1", 1080, 1, 38, key_bytes=(40_000, 90_000), frame_bytes=(20.0, 30.0), vmaf=(97.0, 97.0))
STILL = Trial("av1", 1080, 30, 38, key_bytes=(39_000, 42_000), frame_bytes=(3_020.0, 20.0), vmaf=(95.0, 97.0))


def test_pages_that_change_within_a_segment_cost_a_rung_of_every_frame_as_much() -> None:
    """
    Its sample was too short to see them; between two pages a frame costs what the cheapest sample says.
    """
    (found,) = with_changes([MOVING], [STILL], 240)

    assert found == replace(MOVING, key_bytes=(60_000.0, 42_000.0), frame_bytes=(20.0, 20.0))


def test_a_size_that_was_not_tried_still_is_raised_as_much_as_the_one_above() -> None:
    small = replace(MOVING, height=480, key_bytes=(10_000, 10_000), frame_bytes=(5.0, 6.0))

    _, found = with_changes([MOVING, small], [STILL], 240)

    assert found == replace(small, key_bytes=(15_000.0, 4_666.7), frame_bytes=(5.0, 5.0))


def test_a_family_that_was_not_tried_still_stays_as_it_is() -> None:
    other = replace(MOVING, family="avc")

    assert with_changes([other], [STILL], 240) == (other,)
