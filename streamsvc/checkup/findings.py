"""What a check says, and the judgements that need nothing but numbers. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from transcoder.policy import Policy

Verdict = Literal["ok", "warning", "problem"]

OLDEST_PYTHON, TOO_NEW_PYTHON = (3, 11), (3, 15)
CLOCK_WARNING_S = 30.0
"""Signed addresses and leases bear this much; more looks like a clock that nobody sets."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer."""

    name: str
    verdict: Verdict
    says: str
    mend: str = ""
    """What to do; empty when all is well."""


def good(findings: Iterable[Finding]) -> bool:
    """A warning is no reason to stop."""
    return all(finding.verdict != "problem" for finding in findings)


def python_finding(version: tuple[int, int, int]) -> Finding:
    text = ".".join(str(part) for part in version)
    if OLDEST_PYTHON <= version[:2] < TOO_NEW_PYTHON:
        return Finding("python", "ok", text)
    return Finding("python", "problem", text, "install Python 3.11 to 3.14 and run `make clean`, then `make demo`")


def disk_finding(path: str, *, free_bytes: int, reserve_bytes: int) -> Finding:
    """Uploads stop at the reserve, so twice as much is already little."""
    says = f"{free_bytes / 1e9:.1f} GB free at {path}; uploads stop at {reserve_bytes / 1e9:.1f} GB"
    mend = "free some room, or move SABAQ_VAR (or SABAQ_UPLOAD_SPOOL and SABAQ_WORKSPACE) to a larger disk"
    if free_bytes <= reserve_bytes:
        return Finding("disk", "problem", says, mend)
    if free_bytes <= 2 * reserve_bytes:
        return Finding("disk", "warning", says, mend)
    return Finding("disk", "ok", says)


def secrets_finding(folder: str, *, modes: dict[str, int]) -> Finding:
    """`modes` are the permission bits of the folder (as `.`) and its files; empty when there is no folder yet."""
    if not modes:
        return Finding("secrets", "ok", f"{folder} will be made at first start")
    open_ones = sorted(name for name, mode in modes.items() if mode & 0o077)
    if open_ones:
        says = f"others may read {', '.join(open_ones)} in {folder}"
        return Finding("secrets", "problem", says, f"chmod -R go= {folder}")
    return Finding("secrets", "ok", f"{len(modes) - 1} files in {folder}, readable by their owner only")


def clock_finding(difference_s: float, *, other: str) -> Finding:
    """`difference_s`: how far our clock is ahead of another one that we can see."""
    says = f"{abs(difference_s):.0f} s {'ahead of' if difference_s > 0 else 'behind'} the {other}"
    if abs(difference_s) <= CLOCK_WARNING_S:
        return Finding("clock", "ok", f"agrees with the {other}")
    return Finding("clock", "warning", says, "let a time service set the clock: timedatectl set-ntp true")


def port_finding(address: str, *, is_ours: bool, is_free: bool) -> Finding:
    if is_ours:
        return Finding("port", "ok", f"Sabaq answers at {address}")
    if is_free:
        return Finding("port", "ok", f"{address} is free")
    return Finding(
        "port", "problem", f"another program listens at {address}", "set SABAQ_PORT, or: make demo PORT=8081"
    )


def ladder_finding(policy: Policy, *, file: str) -> Finding:
    lines = f"lines of {policy.lines_kbps[0]} to {policy.lines_kbps[-1]} kbit/s"
    named = [lines, " and ".join(policy.families), f"CPU class {policy.cpu}"]
    if policy.targets:
        named.append(f"{len(policy.targets)} exceptions")
    return Finding("ladder", "ok", f"{file or 'the one that ships'}: {', '.join(named)}")
