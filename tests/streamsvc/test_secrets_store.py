"""Key files: made once, whole, for their owner only."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from streamsvc.errors import BadSetting
from streamsvc.secrets_store import open_secrets


def test_keys_are_made_at_first_start_and_kept(tmp_path):
    folder = tmp_path / "secrets"

    made = open_secrets(folder)

    assert open_secrets(folder) == made
    assert len(made.media_key) == len(made.pseudonym_key) == 32
    assert made.media_key != made.pseudonym_key


def test_only_the_owner_may_read_them(tmp_path):
    folder = tmp_path / "secrets"
    open_secrets(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_processes_that_start_together_agree(tmp_path):
    """
    Service and worker start at the same moment; two keys would refuse each other's links.
    """
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: open_secrets(tmp_path / "secrets"), range(32)))

    assert len({secrets.media_key for secrets in found}) == 1
    assert len(list((tmp_path / "secrets").iterdir())) == 2


def test_keys_of_a_cluster_are_taken_as_they_are(tmp_path):
    (tmp_path / "media_signing.key").write_text("ab" * 32)

    assert open_secrets(tmp_path).media_key == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "ab", "ab" * 33, "xyz", "қ" * 64])
def test_a_broken_key_is_named_and_not_replaced(tmp_path, text):
    """
    A new key in its place would make every pseudonym somebody else's, for ever.
    """
    path = tmp_path / "media_signing.key"
    path.write_text(text)

    with pytest.raises(BadSetting) as refused:
        open_secrets(tmp_path)

    assert refused.value.params["name"] == str(path)
    assert path.read_text() == text


def test_secrets_do_not_show_themselves(tmp_path):
    secrets = open_secrets(tmp_path)

    assert secrets.media_key.hex() not in repr(secrets)
    assert repr(secrets.media_key) not in repr(secrets)
