"""
Curves of quality over bit rate, and what lies between two of them (Bjøntegaard's delta). Pure.

The logarithm of the rate is a piecewise cubic (PCHIP) of the quality: it passes through every point and never turns
back between two, as the polynomial of the third degree of the first papers does.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

FEWEST_POINTS = 2


@dataclass(frozen=True, slots=True)
class Point:
    """One rung, encoded and measured."""

    kbps: float
    vmaf: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Rungs that are each better than every cheaper one, from low to high; `slopes` of log(kbit/s) over VMAF."""

    vmaf: tuple[float, ...]
    log_kbps: tuple[float, ...]
    slopes: tuple[float, ...]


def curve(points: Iterable[Point]) -> Curve | None:
    """None where fewer than two rungs are of use: one that costs more and shows less is not."""
    useful: list[Point] = []
    for point in sorted(points, key=lambda point: (point.kbps, -point.vmaf)):
        if not useful or point.vmaf > useful[-1].vmaf:
            useful.append(point)
    if len(useful) < FEWEST_POINTS:
        return None
    vmaf = tuple(point.vmaf for point in useful)
    log_kbps = tuple(log(point.kbps) for point in useful)
    return Curve(vmaf, log_kbps, _slopes(vmaf, log_kbps))


def bd_rate(anchor: Iterable[Point], test: Iterable[Point]) -> float | None:
    """
    Per cent of bits that `test` needs more than `anchor` (less: below nought) for the same quality.

    The mean over the qualities that both reach; None where there are none. Of an anchor with a single rung, at that
    rung's quality.
    """
    anchor, test = tuple(anchor), tuple(test)
    if len(anchor) == 1:
        kbps = kbps_at(test, anchor[0].vmaf)
        return None if kbps is None else (kbps / anchor[0].kbps - 1) * 100
    before, after = curve(anchor), curve(test)
    if before is None or after is None:
        return None
    low, high = max(before.vmaf[0], after.vmaf[0]), min(before.vmaf[-1], after.vmaf[-1])
    if high <= low:
        return None
    mean = (_integral(after, low, high) - _integral(before, low, high)) / (high - low)
    return (exp(mean) - 1) * 100


def kbps_at(points: Iterable[Point], vmaf: float) -> float | None:
    """What this quality costs; None outside the rungs' qualities."""
    found = curve(points)
    if found is None or not found.vmaf[0] <= vmaf <= found.vmaf[-1]:
        return None
    return exp(_value(found, vmaf))


def _slopes(x: Sequence[float], y: Sequence[float]) -> tuple[float, ...]:
    """Fritsch and Butland's: weighted harmonic means inside, one-sided and shape-preserving at both ends."""
    steps = [after - before for before, after in pairwise(x)]
    rises = [(y[i + 1] - y[i]) / steps[i] for i in range(len(steps))]
    if len(rises) == 1:
        return rises[0], rises[0]
    inner = [_inner(steps[i - 1], steps[i], rises[i - 1], rises[i]) for i in range(1, len(rises))]
    first = _end(steps[0], steps[1], rises[0], rises[1])
    last = _end(steps[-1], steps[-2], rises[-1], rises[-2])
    return first, *inner, last


def _inner(before: float, after: float, rise_before: float, rise_after: float) -> float:
    if rise_before * rise_after <= 0:
        return 0.0
    weight_before, weight_after = 2 * after + before, after + 2 * before
    return (weight_before + weight_after) / (weight_before / rise_before + weight_after / rise_after)


def _end(near: float, far: float, rise_near: float, rise_far: float) -> float:
    slope = ((2 * near + far) * rise_near - near * rise_far) / (near + far)
    if slope * rise_near <= 0:
        return 0.0
    if rise_near * rise_far <= 0 and abs(slope) > 3 * abs(rise_near):
        return 3 * rise_near
    return slope


def _cubic(found: Curve, piece: int) -> tuple[float, float, float, float]:
    """Coefficients by powers of the distance from the piece's beginning."""
    step = found.vmaf[piece + 1] - found.vmaf[piece]
    rise = (found.log_kbps[piece + 1] - found.log_kbps[piece]) / step
    left, right = found.slopes[piece], found.slopes[piece + 1]
    return found.log_kbps[piece], left, (3 * rise - 2 * left - right) / step, (left + right - 2 * rise) / step**2


def _piece(found: Curve, vmaf: float) -> int:
    return min(max(bisect_right(found.vmaf, vmaf) - 1, 0), len(found.vmaf) - 2)


def _value(found: Curve, vmaf: float) -> float:
    piece = _piece(found, vmaf)
    a, b, c, d = _cubic(found, piece)
    x = vmaf - found.vmaf[piece]
    return a + x * (b + x * (c + x * d))


def _integral(found: Curve, low: float, high: float) -> float:
    """Of the logarithm of the rate over qualities from `low` to `high`, both within the curve."""
    total = 0.0
    for piece in range(len(found.vmaf) - 1):
        left, right = max(low, found.vmaf[piece]), min(high, found.vmaf[piece + 1])
        if right > left:
            coefficients, start = _cubic(found, piece), found.vmaf[piece]
            total += _primitive(coefficients, right - start) - _primitive(coefficients, left - start)
    return total


def _primitive(coefficients: tuple[float, float, float, float], x: float) -> float:
    a, b, c, d = coefficients
    return x * (a + x * (b / 2 + x * (c / 3 + x * d / 4)))
