"""What a process listens on, as the kernel knows it: nothing depends on what the process says of itself."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

_LISTEN = "0A"


@dataclass(frozen=True)
class Listener:
    address: IPv4Address | IPv6Address
    port: int


def tree(pid: int) -> set[int]:
    """The process, and all that descend from it."""
    found = {pid}
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue  # it ended meanwhile
            parents[int(entry.name)] = int(status.rpartition(")")[2].split()[1])
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def sockets(pids: set[int]) -> set[str]:
    """The inodes of every socket that the processes hold."""
    links = [link.readlink().name for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)]", link))}


def tcp_listeners(pid: int) -> set[Listener]:
    """Every TCP port that the process tree listens on, IPv4 and IPv6."""
    ours = sockets(tree(pid))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and fields[9] in ours:
                found.add(Listener(_address(fields[1].partition(":")[0]), int(fields[1].partition(":")[2], 16)))
    return found


def udp_sockets(pid: int) -> int:
    """How many UDP sockets the tree holds."""
    ours = sockets(tree(pid))
    lines = [line for name in ("udp", "udp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
    return sum(line.split()[9] in ours for line in lines)


def unix_listeners(pid: int) -> set[str]:
    """The paths of every listening Unix socket of the tree, relative ones as they were bound."""
    ours = sockets(tree(pid))
    accepting = "00010000"
    rows = [line.split() for line in Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]]
    return {row[7] for row in rows if row[3] == accepting and row[6] in ours and len(row) > 7}


def _address(text: str) -> IPv4Address | IPv6Address:
    """The kernel writes each 32-bit word in the machine's own order."""
    words = [bytes.fromhex(text[start : start + 8])[::-1] for start in range(0, len(text), 8)]
    return ip_address(b"".join(words))
