"""What the figures must be, and whether they are. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmarks.ladders.bdrate import Point, bd_rate, kbps_at
from transcoder.policy import CpuClass, Family

BD_LIMITS: dict[tuple[Family, str], float] = {
    ("avc", "PeerTube"): -45,
    ("avc", "MediaCMS"): -35,
    ("av1", "PeerTube"): -70,
    ("av1", "MediaCMS"): -65,
}
"""Per cent of bits, the mean over kinds but high motion, for the class that saves the most bits."""
BD_CPU: CpuClass = "small"
TARGETS = (80, 90)
MOST_OF_SEARCH = 1.10
GOALS_KBPS: dict[Family, dict[str, float]] = {
    "av1": {"slides": 55, "board": 75, "screen": 75, "head": 95},
    "avc": {"slides": 100, "board": 170, "screen": 205, "head": 175},
}
"""Total with sound at VMAF 80."""
GOAL_VMAF = 80
LOWEST_BPS, LOWEST_VMAF, LOWEST_AVC_BPS = 64_000, 60, 96_000
LONG_MINUTES, LONG_BYTES, LONG_VMAF = 45, 10_000_000, 95


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure beside its limit."""

    item: str
    what: str
    value: float | None
    limit: float
    at_most: bool = True
    binding: bool = True
    """False for a goal: it is shown, and breaks nothing."""
    note: str = ""

    @property
    def kept(self) -> bool:
        if self.value is None:
            return False
        return self.value <= self.limit if self.at_most else self.value >= self.limit


@dataclass(frozen=True, slots=True)
class Measured:
    """The rungs of one clip as points: pictures alone, and with sound."""

    clip: str
    kind: str
    moves: bool
    pictures: Mapping[str, Sequence[Point]]
    """By ladder: a peer's name, or the class and family of ours (`small avc`)."""
    totals: Mapping[str, Sequence[Point]]


def ours_name(cpu: str, family: str) -> str:
    return f"{cpu} {family}"


def deltas(measured: Measured, *, ladder: str, peer: str) -> float | None:
    return bd_rate(measured.pictures.get(peer, ()), measured.pictures.get(ladder, ()))


def mean_over_kinds(found: Iterable[Measured], *, ladder: str, peer: str) -> float | None:
    """Every kind counts once, however many clips it has; high motion not at all."""
    by_kind: dict[str, list[float]] = {}
    for measured in found:
        delta = deltas(measured, ladder=ladder, peer=peer)
        if delta is not None and not measured.moves:
            by_kind.setdefault(measured.kind, []).append(delta)
    return fmean(fmean(deltas) for deltas in by_kind.values()) if by_kind else None


def bd_verdicts(found: Sequence[Measured], *, cpus: Sequence[CpuClass], peers: Sequence[str]) -> list[Verdict]:
    verdicts = []
    for cpu in cpus:
        for (family, peer), limit in BD_LIMITS.items():
            if peer in peers:
                ladder = ours_name(cpu, family)
                value = mean_over_kinds(found, ladder=ladder, peer=peer)
                what = f"BD-rate of {ladder} against {peer}, %"
                verdicts.append(Verdict("1", what, value, limit, binding=cpu == BD_CPU))
    return verdicts


def cost_at(points: Sequence[Point], vmaf: float) -> tuple[float | None, float]:
    """Total kbit/s of this quality and the quality itself; of the lowest rung where that is better already."""
    kbps = kbps_at(points, vmaf)
    if kbps is not None or not points:
        return kbps, vmaf
    lowest = min(points, key=lambda point: point.kbps)
    return (lowest.kbps, lowest.vmaf) if lowest.vmaf > vmaf else (None, vmaf)


def goal_verdicts(found: Sequence[Measured], *, cpus: Sequence[CpuClass]) -> list[Verdict]:
    verdicts = []
    for cpu in cpus:
        for family, goals in GOALS_KBPS.items():
            for measured in found:
                if measured.kind in goals:
                    kbps, vmaf = cost_at(measured.totals.get(ours_name(cpu, family), ()), GOAL_VMAF)
                    what = f"{measured.clip}: total kbit/s of {ours_name(cpu, family)} at VMAF {GOAL_VMAF}"
                    note = f"its lowest rung has VMAF {vmaf:.1f}" if vmaf > GOAL_VMAF else ""
                    verdicts.append(Verdict("2", what, kbps, goals[measured.kind], binding=False, note=note))
    return verdicts


def lowest_verdicts(
    clip: str, cpu: str, *, moves: bool, lowest: tuple[int, float] | None, lowest_avc: int | None
) -> list[Verdict]:
    """`lowest` is the BANDWIDTH and the VMAF of the variant with the lowest BANDWIDTH."""
    bps, vmaf = lowest or (None, None)
    what = f"{clip}, {cpu}: lowest "
    return [
        Verdict("4", what + "BANDWIDTH", bps, LOWEST_BPS, binding=not moves),
        Verdict("4", what + "variant's VMAF", vmaf, LOWEST_VMAF, at_most=False, binding=not moves),
        Verdict("4", what + "BANDWIDTH of AVC", lowest_avc, LOWEST_AVC_BPS, binding=not moves),
    ]


def long_verdicts(cpu: str, *, minutes: float, size: int | None, vmaf: float | None) -> list[Verdict]:
    """A shorter lesson has its share of the bytes."""
    lesson, most = f"{minutes:g} minutes of slides, {cpu}: ", round(LONG_BYTES * minutes / LONG_MINUTES)
    return [
        Verdict("3", lesson + "bytes of the smallest good enough", size, most),
        Verdict("3", lesson + "its VMAF", vmaf, LONG_VMAF, at_most=False),
    ]
