import pytest

from catalog import passwords
from catalog.errors import BadPerson


def test_a_password_fits_its_own_hash_only():
    """
    argon2id, salted: the same password never gives the same hash.
    """
    made = passwords.make_hash("Құпиясөз 123")

    assert made.startswith("$argon2id$")
    assert passwords.fits(made, "Құпиясөз 123")
    assert not passwords.fits(made, "Құпиясөз 124")
    assert made != passwords.make_hash("Құпиясөз 123")


def test_nothing_fits_an_account_without_password():
    """
    An empty hash is compared with a decoy: the answer is no, and takes as long as any other.
    """
    assert not passwords.fits("", "")
    assert passwords.decoy().startswith("$argon2id$")


def test_a_broken_hash_fits_nothing():
    assert not passwords.fits("md5:1234", "anything at all")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
def test_length_has_limits(password):
    with pytest.raises(BadPerson):
        passwords.make_hash(password)


def test_a_huge_password_costs_nothing():
    assert not passwords.fits(passwords.decoy(), "x" * 1_000_000)
