import pytest

from streamsvc.web.access_log import path_to_log


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/media/AbC-123/asset/job/avc.m3u8", "/media/-/asset/job/avc.m3u8"),
        ("/media/AbC-123", "/media/-"),
        ("/lessons/x", "/lessons/x"),
        ("/x/media/AbC", "/x/media/AbC"),
    ],
)
def test_a_signed_prefix_never_reaches_the_log(path, logged):
    """
    Who reads logs must not be able to watch.
    """
    assert path_to_log(path) == logged
