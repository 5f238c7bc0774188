"""Who did it, and no more of where from than a network."""

from uuid import UUID

import pytest

from catalog import audit_who


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("unix:", ""),
        ("x" * 10_000, ""),
        ("192.0.2.77; secret", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address, prefix):
    assert audit_who.address_prefix(address) == prefix


def test_an_operator_cannot_be_taken_for_a_person():
    """
    No login of ours has a colon.
    """
    assert audit_who.operator("aigerim") == audit_who.Who(None, "os:aigerim", "")
    assert audit_who.person(UUID(int=1), "aigerim", address="192.0.2.77").login == "aigerim"


def test_a_stranger_has_no_name():
    assert audit_who.stranger("192.0.2.77") == audit_who.Who(None, "", "192.0.2.0/24")
