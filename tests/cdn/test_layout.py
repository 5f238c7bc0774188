"""Keys and addresses."""

from uuid import UUID

import pytest

from cdn import layout
from cdn.errors import BadKey

ASSET = UUID("aa111111-1111-4111-8111-1111111111aa")
PUBLICATION = UUID("22222222-2222-4222-8222-222222222222")
DIGEST = "0123456789abcdef0123456789abcdef"


def test_keys():
    assert layout.upload_part(ASSET, 8388608) == f"uploads/{ASSET}/000000008388608"
    assert layout.made(ASSET, DIGEST, "v360", "0.m4s") == f"media/{ASSET}/{DIGEST}/v360/0.m4s"
    assert layout.made(ASSET, DIGEST, "v360", "0.m4s", attempt=2) == f"media/{ASSET}/{DIGEST}/v360/a2/0.m4s"
    assert layout.published(ASSET, PUBLICATION, "avc.m3u8") == f"media/{ASSET}/{PUBLICATION}/avc.m3u8"


def test_parts_in_key_order_are_in_byte_order():
    offsets = [0, 8, 8388608, 80, 8 * 1024**4, 9]

    assert sorted(layout.upload_part(ASSET, offset) for offset in offsets) == [
        layout.upload_part(ASSET, offset) for offset in sorted(offsets)
    ]


def test_an_address_keeps_the_token_in_front():
    assert layout.address("TOKEN", layout.made(ASSET, DIGEST, "v360", "0.m4s")) == (
        f"/media/TOKEN/{ASSET}/{DIGEST}/v360/0.m4s"
    )


def test_every_key_of_ours_is_a_key():
    for key in (
        layout.upload_part(ASSET, 10**14),
        layout.made(ASSET, DIGEST, "stills", "poster.jpg"),
        layout.published(ASSET, PUBLICATION, "v360-iframes.m3u8"),
    ):
        assert layout.checked(key) == key


@pytest.mark.parametrize("prefix", ["", "media/", "media/a", f"media/{ASSET}/", "media/a.b/c-d_e"])
def test_prefixes(prefix):
    assert layout.checked_prefix(prefix) == prefix


@pytest.mark.parametrize("prefix", ["/", "media//", "..", "media/../", ".", "a/.b", "a\n"])
def test_what_is_no_prefix(prefix):
    with pytest.raises(BadKey):
        layout.checked_prefix(prefix)


def test_a_long_key_is_refused_quickly_and_not_repeated_whole():
    with pytest.raises(BadKey) as refused:
        layout.checked("a/" * 100_000)

    assert len(str(refused.value)) < 300
