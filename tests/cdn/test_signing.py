"""Tokens of media addresses."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdn.errors import LinkExpired, LinkRefused
from cdn.signing import LEEWAY, Claims, Signer, Verifier, new_private_key

ASSET = UUID("11111111-1111-4111-8111-111111111111")
PUBLICATION = UUID("22222222-2222-4222-8222-222222222222")
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=4)
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY)


def test_a_token_says_what_was_signed(signer):
    token = signer.token(ASSET, PUBLICATION, LATER)

    assert signer.verifier.verify(token, NOW) == Claims(ASSET, PUBLICATION, LATER)


def test_the_form_never_changes():
    """Tokens live for hours: a new version of the service must accept those of the old one."""
    assert Signer(KEY).token(ASSET, PUBLICATION, LATER) == (
        "AVZHWqcRERERERFBEYERERERERERIiIiIiIiQiKCIiIiIiIiIgAAAABrBXxA"
        "GuxjW9afkNk1o42Qop4T1tciMVesShkMQi9XyRJMD3uOPSuRIri8QOxsulVS6Eurr1sXC_xRE021CXTNHzPhDg"
    )


def test_a_token_needs_no_escaping_in_a_path(signer):
    token = signer.token(ASSET, PUBLICATION, LATER)

    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()


def test_verifying_needs_the_public_key_only(signer):
    verifier = Verifier(signer.public_key)

    assert verifier.verify(signer.token(ASSET, PUBLICATION, LATER), NOW).asset_id == ASSET


def test_an_expired_token_within_the_leeway_of_clocks(signer):
    token = signer.token(ASSET, PUBLICATION, NOW)

    assert signer.verifier.verify(token, NOW + LEEWAY).expires_at == NOW
    with pytest.raises(LinkExpired):
        signer.verifier.verify(token, NOW + LEEWAY + timedelta(seconds=1))


def test_rotation_old_tokens_count_until_the_old_key_is_dropped(signer):
    token = signer.token(ASSET, PUBLICATION, LATER)
    new_key = new_private_key()

    both = Signer(new_key, retired=(signer.public_key,))
    dropped = Signer(new_key)

    assert both.verifier.verify(token, NOW) == both.verifier.verify(both.token(ASSET, PUBLICATION, LATER), NOW)
    with pytest.raises(LinkRefused):
        dropped.verifier.verify(token, NOW)


def test_another_key_is_refused(signer):
    token = Signer(new_private_key()).token(ASSET, PUBLICATION, LATER)

    with pytest.raises(LinkRefused):
        signer.verifier.verify(token, NOW)


def test_no_bit_can_be_changed(signer):
    token = signer.token(ASSET, PUBLICATION, LATER)
    raw = base64.urlsafe_b64decode(token + "==")
    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << (place % 8)
        forged = base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode()
        with pytest.raises(LinkRefused):
            signer.verifier.verify(forged, NOW)


def test_there_is_one_spelling(signer):
    token = signer.token(ASSET, PUBLICATION, LATER)
    last = token[-1]
    others = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if letter != last]
    spellings = [token[:-1] + letter for letter in others]
    spellings += [f"{token}=", f"{token}==", f" {token}", f"{token}\n", token[:-1], f"{token}A", f"{token}\0", ""]

    for spelling in spellings:
        with pytest.raises(LinkRefused):
            signer.verifier.verify(spelling, NOW)


@given(st.text(max_size=300))
def test_no_text_breaks_the_verifier(text):
    with pytest.raises(LinkRefused):
        Signer(KEY).verifier.verify(text, NOW)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_verifier(raw):
    with pytest.raises(LinkRefused):
        Signer(KEY).verifier.verify(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), NOW)


def test_an_old_alphabet_is_refused(signer):
    token = next(
        made
        for second in range(100)
        if "-" in (made := signer.token(ASSET, PUBLICATION, LATER + timedelta(seconds=second))) or "_" in made
    )

    with pytest.raises(LinkRefused):
        signer.verifier.verify(token.replace("-", "+").replace("_", "/"), NOW)
