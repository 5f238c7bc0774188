"""Who did something, and from which network, as the audit log keeps it. Pure."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

_V4_PREFIX, _V6_PREFIX = 24, 48


@dataclass(frozen=True, slots=True)
class Who:
    """Who did it, as it was then; made by `person`, `operator` or `stranger`."""

    id: UUID | None
    login: str
    """Empty for a stranger."""
    address: str = ""
    """A prefix of where it came from; empty for a deed on the machine itself."""


def person(person_id: UUID, login: str, *, address: str = "") -> Who:
    """Somebody with an account; `address` is the whole address, of which the prefix is kept."""
    return Who(person_id, login, address_prefix(address))


def operator(account: str) -> Who:
    """Somebody at the command line, by the name of the system's account; no login of ours has a colon."""
    return Who(None, f"os:{account}"[:100])


def stranger(address: str) -> Who:
    """Somebody who did not show who they are."""
    return Who(None, "", address_prefix(address))


def address_prefix(address: str) -> str:
    """The network that an address is of (/24, /48): enough to see a pattern, too little to see a household."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    length = _V4_PREFIX if found.version == 4 else _V6_PREFIX
    return str(ip_network((found, length), strict=False))
