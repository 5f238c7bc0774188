import pytest

from streamsvc.playback.families import playlist_for
from transcoder.playlists import ALL, AV1, AVC

BOTH = {AVC, AV1, ALL, "avc-96.m3u8"}
OLD = {AVC, "v480.m3u8"}
NEW_PLAYER = ["av01", "avc1", "opus", "mp4a"]


@pytest.mark.parametrize(
    ("decodes", "expected"),
    [
        (None, ALL),
        (NEW_PLAYER, AV1),
        (["opus", "av01"], AV1),
        (["avc1", "mp4a"], AVC),
        (["av01", "avc1", "mp4a"], AVC),
        (["avc1", "opus"], AVC),
        (["hvc1", "av02", "opus"], AVC),
        ([], AVC),
    ],
)
def test_a_player_gets_the_family_that_it_decodes_whole(decodes, expected):
    """
    One codec of a family is not enough; names that nobody knows change nothing.
    """
    assert playlist_for(decodes, BOTH) == expected


@pytest.mark.parametrize("decodes", [None, NEW_PLAYER, ["avc1", "mp4a"]])
@pytest.mark.parametrize("published", [OLD, set()], ids=["old", "growing"])
def test_what_has_one_family_gives_that(decodes, published):
    """
    A lesson that grows, and a publication of the time before AV1.
    """
    assert playlist_for(decodes, published) == AVC
