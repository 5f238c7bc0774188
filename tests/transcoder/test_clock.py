"""Times as on a player."""

import pytest

from transcoder.clock import clock


@pytest.mark.parametrize(
    ("moment_s", "text"), [(0, "0:00"), (8.02, "0:08"), (59.6, "1:00"), (724.4, "12:04"), (3599.7, "1:00:00")]
)
def test_a_moment_reads_as_on_a_player(moment_s, text):
    assert clock(moment_s) == text
